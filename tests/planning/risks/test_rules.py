"""Risks of a plan that need no knowledge of kinds: each where it is told, and where it is not."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import chain
from typing import Any

import pytest

from reconciler.planning import build
from reconciler.planning.codec import from_json, to_json
from reconciler.planning.model import Plan, Risk
from reconciler.resources.address import Address, Identity
from reconciler.resources.kinds.assistant import REQUEST
from reconciler.resources.kinds.vector_store import VECTOR_STORE
from reconciler.resources.risks import RISKS
from tests.support import field_risks
from tests.support.guard_estates import Estate
from tests.support.plan_inputs import Worlds, live_id, ref

WEEK, TWO_DAYS = {"days": 7}, {"days": 2}
SOONER = ("expiry-shortened", {"before": 7, "after": 2})
TODAY = date(2026, 11, 21)
ENDS = {"o3": date(2026, 12, 11), "gpt-4o": date(2027, 6, 1), "gpt-4": date(2026, 10, 23)}


def plan(estate: Worlds, **options: Any) -> Plan:
    return estate.plan(today=TODAY, shutdowns=ENDS, **options)


def rules(made: Plan) -> list[str]:
    return [risk.rule for risk in made.risks]


def model(before: str, after: str) -> Estate:
    return Estate().assistant("triage", model=before).want("assistant/triage", model=after)


def noted(model: str) -> Estate:
    """Another field of an assistant changes."""
    return Estate().assistant("triage", model=model).want("assistant/triage", model=model, note="x")


def fresh(model: str) -> Estate:
    return Estate().want("assistant/triage", model=model)


def release(model: str, **fields: Any) -> Estate:
    estate = Estate().assistant("triage", model=model, **fields).bot("support", assistant="triage")
    return estate.release("support", 1, assistant="triage", model=model, new=True, **fields)


def warm(before: str | None, after: str) -> Estate:
    """An assistant with a temperature gets another model, or is new."""
    estate = Estate().assistant("triage", model=before, temperature=0.2) if before else Estate()
    return estate.want("assistant/triage", model=after, temperature=0.2)


def publish(before: int | None, after: int | None) -> Estate:
    estate = Estate().assistant("triage").bot("support", assistant="triage", published=before)
    for number in (1, 2):
        estate.release("support", number, assistant="triage", model=f"m{number}")
    published: dict[str, Any] = {} if after is None else {"published": ref(f"release/support@{after}")}
    return estate.want("chatbot/support", assistant=ref("assistant/triage"), **published)


def rolled_back(*, again: int) -> Estate:
    """A chatbot that was rolled back from release 2, and publishes release 1."""
    estate = publish(1, again)
    bot = Address("chatbot", "support")
    estate.state[bot] = replace(estate.state[bot], rolled_back=("release/support@2",))
    return estate


def archived(*gone: str, published: int | None = None, keep: int | None = None) -> Estate:
    """A chatbot with releases 1 and 2, from whose project manifests were removed, or that keeps fewer releases."""
    estate = publish(published, published).gone(*gone)
    bot = Address("chatbot", "support")
    estate.wanted[bot] = replace(estate.wanted[bot], fields=estate.state[bot].fields, options={"keep": keep})
    return estate


def protect(before: bool, after: bool) -> Worlds:
    return Worlds().stays("widget/lamp", protect=before, note="x").want("widget/lamp", protect=after, note="x")


def keep(before: bool, after: bool) -> Worlds:
    return Worlds().stays("widget/lamp", keep=before, note="x").want("widget/lamp", keep=after, note="x")


def moved(*, is_loaded: bool) -> Worlds:
    worlds = Worlds().stays("assistant/old").want("assistant/new", moved_from=("old",))
    worlds.bundle("assistant/new", "v2", "assistant/new")
    return worlds.pointer("assistant/old", "v1") if is_loaded else worlds


def loaded() -> Estate:
    """An assistant that applications load."""
    estate = Estate().assistant("triage").bundle("assistant/triage", "v1")
    return estate.pointer("assistant/triage", "v1")


def bot_renamed(*, published: bool) -> Estate:
    """A chatbot under a new name; its release, if any, is published there."""
    estate = publish(1 if published else None, 1 if published else None)
    desired = estate.wanted.pop(Address("chatbot", "support"))
    estate.want("chatbot/help", moved_from=("support",), **desired.fields)
    return estate.pointer("chatbot/support", "draft")


def resized() -> Worlds:
    return Worlds().stays("widget/lamp", size=1).want("widget/lamp", size=2)


def rewritten() -> Worlds:
    return Worlds().stays_file("a.md", "old").want_file("a.md", "new")


def settings(before: int, after: int) -> Worlds:
    worlds = Worlds().synced("widget/lamp").recorded(max_deletes=before)
    worlds.options["max_deletes"] = after
    return worlds


def abandoned(environment: str, *published: str) -> Worlds:
    """An environment that project.yaml no longer has, with the names that it publishes."""
    worlds = Worlds().synced("widget/lamp")
    worlds.options["removed_identities"] = {Identity("acme", environment): frozenset(map(Address.parse, published))}
    return worlds


def key(*, gone: str) -> Worlds:
    """A widget and its key, of which one is deleted with what is inside."""
    worlds = Worlds().applied("widget/desk").live("widget/desk").applied("key/main")
    worlds.live("key/main", widget=live_id("widget/desk", "widget"))
    return worlds if gone == "widget" else worlds.want("widget/desk")


def clock(before: int | None, after: int, **fields: Any) -> Worlds:
    """A clock with a number of minutes between its runs; `before` is None for a new one."""
    worlds = Worlds().want("clock/noon", runs=runs(after), **fields)
    return worlds if before is None else worlds.stays("clock/noon", runs=runs(before), note="")


def runs(minutes: int) -> list[str]:
    start = datetime(2026, 11, 21, 12, tzinfo=UTC)
    return [(start + timedelta(minutes=minutes * number)).isoformat() for number in range(3)]


TOLD: list[tuple[str, Callable[[], Worlds]]] = [
    ("model-changed", lambda: model("m1", "m2")),
    ("model-retiring", lambda: fresh("o3")),
    ("model-retiring", lambda: noted("o3")),
    ("model-retiring", lambda: release("o3")),
    ("model-unpinned", lambda: fresh("gpt-6-latest")),
    ("parameter-refused", lambda: warm(None, "gpt-6-astra")),
    ("parameter-refused", lambda: warm("gpt-6-luna", "gpt-6-astra")),
    ("parameter-refused", lambda: release("gpt-6-astra", temperature=0.2)),
    ("published-version-changed", lambda: publish(1, 2)),
    ("rolled-back-release", lambda: rolled_back(again=2)),
    ("publication-withdrawn", lambda: publish(1, None)),
    ("publication-withdrawn", lambda: publish(1, 1).gone("chatbot/support")),
    ("publication-withdrawn", lambda: loaded().gone("assistant/triage")),
    ("publication-withdrawn", lambda: bot_renamed(published=True)),
    ("protection-removed", lambda: protect(True, False)),
    ("kept-no-longer", lambda: keep(True, False)),
    ("name-lost", lambda: moved(is_loaded=True)),
    ("id-changed", resized),
    ("guard-weakened", lambda: settings(1, 2)),
    ("guard-weakened", lambda: abandoned("staging")),
    ("secret-deleted", lambda: key(gone="key")),
    ("rollback-lost", lambda: archived("release/support@1")),
    ("runs-often", lambda: clock(None, 1)),
    ("runs-often", lambda: clock(60, 14)),
]

NOT_TOLD: list[tuple[str, Callable[[], Worlds]]] = [
    ("model-changed", lambda: fresh("m1")),
    ("model-changed", lambda: noted("m1")),
    ("model-retiring", lambda: fresh("gpt-4o")),
    ("model-retiring", lambda: fresh("gpt-4")),
    ("model-retiring", lambda: model("o3", "m2")),
    ("model-retiring", lambda: Estate().assistant("triage", model="o3")),
    ("model-unpinned", lambda: noted("gpt-6-latest")),
    ("parameter-refused", lambda: warm("gpt-6-astra", "gpt-6-luna")),
    ("parameter-refused", lambda: Estate().assistant("triage", model="gpt-6-astra", temperature=0.2)),
    ("published-version-changed", lambda: publish(None, 1)),
    ("published-version-changed", lambda: publish(2, 2)),
    ("rolled-back-release", lambda: rolled_back(again=1)),
    ("rolled-back-release", lambda: publish(1, 2)),
    ("publication-withdrawn", lambda: publish(1, 2)),
    ("publication-withdrawn", lambda: publish(None, None).gone("chatbot/support")),
    ("publication-withdrawn", loaded),
    ("publication-withdrawn", lambda: bot_renamed(published=False)),
    ("publication-withdrawn", lambda: moved(is_loaded=True)),
    ("name-lost", lambda: bot_renamed(published=True)),
    ("protection-removed", lambda: protect(False, True)),
    ("kept-no-longer", lambda: keep(False, True)),
    ("name-lost", lambda: moved(is_loaded=False)),
    ("id-changed", rewritten),
    ("consent-used", resized),
    ("secret-deleted", lambda: Worlds().applied("widget/desk").live("widget/desk")),
    ("secret-deleted", lambda: Worlds().want("key/main", size=2).stays("key/main", size=1)),
    ("rollback-lost", lambda: archived(keep=1)),
    ("rollback-lost", lambda: publish(1, 2)),
    ("runs-often", lambda: clock(None, 15)),
    ("runs-often", lambda: clock(1, 60)),
    ("runs-often", lambda: clock(1, 1, note="x")),
    ("guard-weakened", lambda: settings(2, 1)),
    ("guard-weakened", lambda: settings(2, 2)),
    ("guard-weakened", lambda: abandoned("staging", "chatbot/support")),
]


@pytest.mark.parametrize(("rule", "made"), TOLD)
def test_it_is_told_once(rule, made):
    assert rules(plan(made())).count(rule) == 1


@pytest.mark.parametrize(("rule", "made"), NOT_TOLD)
def test_it_is_not_told(rule, made):
    assert rule not in rules(plan(made()))


class TestArchivedReleases:
    """Every release to which no rollback is possible after the plan is named with its chatbot."""

    def told(self, estate: Estate, **options: Any) -> list[tuple[str, Any]]:
        found = [risk for risk in plan(estate, **options).risks if risk.rule == "rollback-lost"]
        assert {risk.level for risk in found} <= {"medium"}
        return [(risk.address, risk.args) for risk in found]

    @pytest.mark.parametrize("gone", [("assistant/triage",), ("release/support@1", "release/support@2")])
    def test_a_removed_manifest_names_every_release(self, gone: tuple[str, ...]):
        assert sorted(self.told(archived(*gone))) == [
            ("release/support@1", {"publisher": "chatbot/support", "number": 1}),
            ("release/support@2", {"publisher": "chatbot/support", "number": 2}),
        ]

    def test_a_release_that_stays_published_is_not_named(self):
        (told,) = self.told(archived("release/support@2", published=1))
        assert told == ("release/support@2", {"publisher": "chatbot/support", "number": 2})

    def test_a_renamed_chatbot_is_named_by_its_present_name(self):
        estate = archived("release/support@2")
        desired = estate.wanted.pop(Address("chatbot", "support"))
        estate.want("chatbot/help", moved_from=("support",), **desired.fields)
        assert [args["publisher"] for _, args in self.told(estate)] == ["chatbot/help"]

    def test_a_release_beyond_the_number_that_is_kept_is_not_named(self):
        estate = archived(keep=1)
        assert [change.address for change in plan(estate).changes if change.action == "archive"][-1:] != []
        assert self.told(estate) == []


class TestRefusedParameters:
    def told(self, estate: Estate, **options: Any) -> list[tuple[str, str | None, Any]]:
        found = [risk for risk in plan(estate, **options).risks if risk.rule == "parameter-refused"]
        return [(risk.address, risk.part, risk.args["parameter"]) for risk in found]

    def test_a_release_names_the_copy(self):
        (told,) = self.told(release("gpt-6-astra", temperature=0.2))
        assert told == ("release/support@1", "assistant/triage@support.1", "temperature")

    def test_the_project_decides_about_a_model(self):
        assert self.told(warm(None, "gpt-6-astra"), refused_parameters={"gpt-6-astra": ()}) == []
        assert self.told(warm(None, "ours"), refused_parameters={"ours": ("temperature!=1",)}) == [
            ("assistant/triage", None, "temperature")
        ]


class TestWithdrawnNames:
    """All published names are compared before and after, so that no way to withdraw one is left out."""

    def told(self, estate: Worlds, **options: Any) -> list[tuple[str, Any]]:
        found = [risk for risk in plan(estate, **options).risks if risk.rule == "publication-withdrawn"]
        assert {risk.level for risk in found} <= {"high"}
        return [(risk.address, risk.args) for risk in found]

    def test_a_removed_chatbot_is_named_with_its_release(self):
        args = {"name": "chatbot/support", "release": "release/support@1"}
        assert self.told(publish(1, 1).gone("chatbot/support")) == [("chatbot/support", args)]

    def test_a_renamed_chatbot_is_named_with_its_new_name(self):
        args = {"name": "chatbot/support", "release": "release/support@1", "now": "chatbot/help"}
        assert self.told(bot_renamed(published=True)) == [("chatbot/help", args)]

    def test_a_removed_tree_withdraws_each_name_once(self):
        estate = publish(1, 1).bundle("assistant/triage", "v1").pointer("assistant/triage", "v1")
        everything = [str(address) for address in estate.wanted if not address.is_frozen]
        estate.gone("release/support@1", "release/support@2", *everything)
        assert [address for address, _ in self.told(estate)] == ["chatbot/support", "assistant/triage"]

    def test_a_name_out_of_scope_is_not_withdrawn(self):
        assert self.told(publish(1, 1).gone("chatbot/support"), scope=frozenset()) == []

    def test_a_name_that_stays_published_without_a_manifest_is_not_withdrawn(self):
        estate = publish(1, 1).gone("chatbot/support")
        address = Address("chatbot", "support")
        estate.state[address] = replace(estate.state[address], keep=True)
        assert self.told(estate) == []

    def test_a_document_that_no_outlet_has_is_withdrawn_with_its_manifest(self):
        estate = publish(1, 1).gone("chatbot/support")
        estate.objects = [live for live in estate.objects if live.id != "chatbot/support"]
        assert [address for address, _ in self.told(estate)] == ["chatbot/support"]

    @pytest.mark.parametrize(
        ("identity", "address"),
        [
            (Identity("acme", "staging"), "environment/staging"),
            (Identity("acme"), "project/acme"),
            (Identity("globex", "production"), "project/globex/production"),
        ],
    )
    def test_an_identity_that_the_project_had_is_named_with_its_names(self, identity, address):
        removed = {identity: frozenset({Address("chatbot", "support")})}
        args = {"identity": str(identity), "names": ["chatbot/support"]}
        assert self.told(Estate(), removed_identities=removed) == [(address, args)]


class TestPublishing:
    @pytest.mark.parametrize(
        ("before", "after"),
        [(1, 2), (2, 1)],
    )
    def test_it_says_which_version(self, before, after):
        told = {risk.rule: risk.args for risk in plan(publish(before, after)).risks}
        assert told["published-version-changed"] == {"before": before, "after": after}

    def test_copies_are_compared_with_those_of_the_version_before(self):
        (told,) = [risk for risk in plan(publish(1, 2)).risks if risk.rule == "model-changed"]
        assert (told.part, told.args) == ("assistant/triage", {"before": ["m1"], "after": ["m2"]})


class TestWhoseChange:
    def by_hand(self) -> Worlds:
        return Estate().assistant("triage", model="m1").by_hand("assistant/triage", model="m2")

    def test_what_is_reverted_counts(self):
        (change,) = (made := plan(self.by_hand())).drift
        (risk,) = made.risks
        assert change.risks == (risk,)
        assert (risk.level, risk.rule, risk.args) == ("medium", "model-changed", {"before": ["m2"], "after": ["m1"]})

    def test_what_is_kept_does_not(self):
        made = plan(self.by_hand(), on_drift="keep")
        assert made.drift
        assert not made.risks


class TestInstructionsThatDoNotChange:
    """A risk may come from a changed field together with one that stays as it is."""

    def moved(self, before: str, after: str, **fields: Any) -> list[str]:
        estate = Estate().stays("assistant/triage", model=before, **fields)
        world = estate.want("assistant/triage", model=after, **fields).world()
        forms = {**world.resource_types, "agent": replace(REQUEST, type="agent", identity="labels")}
        return rules(build.plan(replace(world, resource_types=forms)).plan)

    def test_they_move_with_the_model(self):
        assert "instructions-moved" in self.moved("gpt-6-luna", "gpt-6.2-sol", instructions="Help.")

    def test_they_stay_between_models_that_read_them_last(self):
        assert "instructions-moved" not in self.moved("gpt-6.2-astra", "gpt-6.2-sol", instructions="Help.")

    def test_an_assistant_without_instructions_has_none_to_move(self):
        assert "instructions-moved" not in self.moved("gpt-6-luna", "gpt-6.2-sol")


class TestStoresThatArePublished:
    def shortened(self, estate: Estate) -> list[Risk]:
        """The risks when a store expires sooner."""
        world = (
            estate.stays("vectorstore/kb", expires_after=WEEK).want("vectorstore/kb", expires_after=TWO_DAYS).world()
        )
        forms = {**world.resource_types, "store": replace(VECTOR_STORE, type="store")}
        return [*build.plan(replace(world, resource_types=forms)).plan.risks]

    def test_one_that_only_working_assistants_use(self):
        (risk,) = self.shortened(Estate().assistant("triage", uses=ref("vectorstore/kb")))
        assert ((risk.rule, risk.args), risk.used_by) == (SOONER, None)

    def test_one_that_users_depend_on(self):
        estate = Estate().assistant("triage").bot("support", assistant="triage", published=1)
        estate.release("support", 1, assistant="triage", uses=ref("vectorstore/kb"))
        (risk,) = self.shortened(estate)
        assert ((risk.rule, risk.args), risk.used_by) == (SOONER, "release/support@1")


def test_secrets_are_deleted_with_the_object_that_contains_them():
    found = [(risk.rule, risk.address) for risk in plan(key(gone="widget")).risks]
    assert found == [("secret-deleted", "key/main"), ("secret-deleted", "widget/desk")]


def several() -> Worlds:
    estate = model("m1", "gpt-6-latest").stays("widget/lamp", protect=True, note="x")
    return estate.want("widget/lamp", note="x")


def test_the_worst_come_first():
    assert [risk.level for risk in plan(several()).risks] == ["high", "medium", "low"]


def test_each_stands_on_its_change_too():
    made = plan(several())
    found = {change.address: change.risks for change in made.changes}
    assert [(risk.level, risk.rule, risk.args) for risk in found["assistant/triage"]] == [
        ("medium", "model-changed", {"before": ["m1"], "after": ["gpt-6-latest"]}),
        ("low", "model-unpinned", {"models": ["gpt-6-latest"]}),
    ]
    assert sorted(map(repr, chain.from_iterable(found.values()))) == sorted(map(repr, made.risks))


def test_they_survive_json_and_are_in_no_digest():
    made = plan(several())
    assert from_json(to_json(made)).risks == made.risks
    assert from_json(to_json(replace(made, risks=(), costs=None))).digest == made.digest


def test_each_is_tried():
    """That of a consent fires where consents are tested."""
    told = {rule for rule, *_ in field_risks.FIRES} | {rule for rule, _ in TOLD}
    assert told | {"consent-used"} == RISKS.keys()
    not_told = {rule for rule, *_ in field_risks.SILENT} | {rule for rule, _ in NOT_TOLD}
    assert not_told == RISKS.keys()
