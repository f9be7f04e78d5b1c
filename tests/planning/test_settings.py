"""The change of the guard settings of a project, and the checks by the settings before and after."""

from typing import Any

import pytest

from reconciler.planning.model import Change, Plan
from reconciler.planning.settings import unrecorded
from reconciler.resources.address import Address
from reconciler.resources.guard_settings import GuardSettings
from reconciler.resources.problems import Place
from tests.support.guard_estates import Estate
from tests.support.plan_inputs import Worlds, done, fields_of

PEER = {"globex": None}


def lamps(number: int = 12) -> Worlds:
    """Lamps, of which two lose their manifests."""
    worlds = Worlds()
    for index in range(number):
        worlds.synced(f"widget/lamp-{index}") if index > 1 else worlds.stays(f"widget/lamp-{index}")
    return worlds


def settings(recorded: GuardSettings | None, now: GuardSettings, worlds: Worlds | None = None) -> Plan:
    return (worlds or Worlds().synced("widget/lamp")).plan(settings=now, recorded=recorded)


def change_of(plan: Plan) -> Change:
    (change,) = (one for one in plan.changes if one.address == "project/acme")
    return change


@pytest.mark.parametrize(
    ("recorded", "now", "path"),
    [
        ({"max_deletes": 0}, {}, "safety.max_deletes"),
        ({"max_deletes": 1}, {"max_deletes": 2}, "safety.max_deletes"),
        ({}, {"max_deletes": 4}, "safety.max_deletes"),
        ({"max_archives": 1}, {"max_archives": 2}, "safety.max_archives"),
        ({"max_daily_cost": 1.0}, {}, "safety.max_daily_cost"),
        ({"max_daily_cost": 1.0}, {"max_daily_cost": 2.0}, "safety.max_daily_cost"),
        ({"vector_storage": 0.1}, {"vector_storage": 0.0}, "prices.vector_storage"),
        ({}, {"vector_storage": 0.01}, "prices.vector_storage"),
        ({}, {"free_gb": 5000.0}, "prices.free_gb"),
        ({"strict": True}, {}, "safety.archive"),
        ({"openai_project": "proj_a"}, {}, "openai_project"),
        ({"openai_project": "proj_a"}, {"openai_project": "proj_b"}, "openai_project"),
        ({"peers": PEER}, {}, "peers.globex"),
        ({"peers": PEER}, {"peers": {"globex": "git:elsewhere"}}, "peers.globex"),
    ],
)
def test_a_weaker_setting_is_a_high_risk_and_a_stricter_one_is_none(
    recorded: dict[str, Any], now: dict[str, Any], path: str
):
    weaker = settings(GuardSettings(**recorded), GuardSettings(**now))
    (risk,) = weaker.risks
    assert (risk.rule, risk.level, risk.address, risk.args) == (
        "guard-weakened",
        "high",
        "project/acme",
        {"settings": [path]},
    )
    assert [(change.action, change.address) for change in weaker.work] == [("update", "project/acme")]
    assert [reason.code for reason in change_of(weaker).reasons] == ["settings-weaker"]
    if now == {} or path.startswith(("safety", "prices")):
        stricter = settings(GuardSettings(**now), GuardSettings(**recorded))
        assert (stricter.risks, change_of(stricter).reasons) == ((), ())
        assert [item.path for item in change_of(stricter).fields] == [path]


def test_the_change_has_both_values_and_the_place_in_the_project_file():
    plan = Worlds().recorded(max_deletes=1).plan(max_deletes=5, project_place=Place("project.yaml", 4))
    assert fields_of(plan) == [("safety.max_deletes", 1, 5, "manifest")]
    source = change_of(plan).source
    assert source is not None
    assert (source.file, source.line) == ("project.yaml", 4)
    assert plan.requests == {}


def test_equal_settings_and_unrecorded_ones_are_no_change():
    same = GuardSettings(max_deletes=1, peers=PEER)
    assert not settings(same, GuardSettings(max_deletes=1, peers=PEER)).work
    assert not settings(None, same).work


def test_the_change_is_the_last_one_and_not_in_a_plan_with_targets():
    worlds = lamps().want("widget/new").recorded(max_archives=1)
    assert done(*worlds.plan().changes) == [
        ("create", "widget/new"),
        ("delete", "widget/lamp-0"),
        ("delete", "widget/lamp-1"),
        ("update", "project/acme"),
    ]
    scope = frozenset({Address("widget", "new")})
    assert done(*worlds.plan(scope=scope).changes) == [("create", "widget/new")]


def test_the_digest_covers_the_recorded_and_the_new_value():
    digests = {
        change_of(settings(GuardSettings(max_deletes=before), GuardSettings(max_deletes=after))).digest
        for before, after in ((1, 2), (1, 3), (0, 2))
    }
    assert len(digests) == 3


class TestStricterOfBoth:
    @pytest.mark.parametrize(("recorded", "now"), [(1, 9), (9, 1), (1, None), (1, 1)])
    def test_the_lower_limit_counts(self, recorded, now):
        plan = lamps().recorded(max_deletes=recorded).plan(max_deletes=now)
        (refusal,) = plan.refusals
        assert (refusal.rule, refusal.cause.args["allowed"]) == ("threshold", 1)

    def test_the_remedy_is_the_limit_or_the_apply_of_the_new_one(self):
        remedies = [
            one.remedies[0].code
            for recorded, now in ((1, 9), (9, 1), (1, 1))
            for one in lamps().recorded(max_deletes=recorded).plan(max_deletes=now).refusals
        ]
        assert remedies == ["apply-settings", "raise-deletes", "raise-deletes"]

    def test_nothing_recorded_leaves_the_manifest_alone(self):
        assert not lamps().plan(max_deletes=9).refusals

    @pytest.mark.parametrize(("recorded", "now"), [(True, False), (False, True)])
    def test_strict_in_either_keeps_releases(self, recorded, now):
        estate = Estate().assistant("triage").bot("support", assistant="triage")
        estate.release("support", 1, assistant="triage").want("chatbot/support").gone("assistant/triage")
        plan = estate.recorded(strict=recorded).plan(strict=now)
        assert [refusal.rule for refusal in plan.refusals] == ["referenced"]
        assert not estate.recorded().plan().refusals

    def test_a_recorded_pin_refuses_the_key_of_another_project(self):
        worlds = Worlds().synced("widget/lamp")
        key = {"openai_project": "proj_b", "applied_project": "proj_b"}
        assert not worlds.recorded(openai_project="proj_b").plan(**key).refusals
        (refusal,) = worlds.recorded(openai_project="proj_a").plan(**key).refusals
        assert (refusal.rule, refusal.cause.args) == ("wrong-project", {"answered": "proj_b", "applied": "proj_a"})


class TestUnrecorded:
    def warned(self, worlds: Worlds, **options: Any) -> list[Any]:
        inputs = worlds.world(**options)
        return [notice.args for notice in unrecorded(inputs, worlds.plan(**options))]

    def test_an_applied_project_is_warned_once_by_a_plan_with_work(self):
        assert self.warned(lamps(), max_deletes=9) == [{"settings": ["safety.max_deletes"]}]
        assert self.warned(lamps().recorded()) == []

    def test_a_plan_without_work_a_first_plan_and_one_with_targets_are_silent(self):
        assert self.warned(Worlds().synced("widget/lamp")) == []
        assert self.warned(Worlds().want("widget/lamp")) == []
        assert self.warned(lamps(), scope=frozenset({Address("widget", "lamp-0")})) == []
