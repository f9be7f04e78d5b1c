"""Guard settings from a first apply on: a plan that weakens one is checked by the one that was recorded, too."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.applying.model import ApplyResult
from reconciler.emulator.fault_spec import parse
from reconciler.operations.apply import apply_plan
from reconciler.operations.plan import make_plan
from reconciler.operations.state_rebuild import rebuild_state
from reconciler.planning.drift import drift_report
from reconciler.planning.model import Plan
from reconciler.project.workspace import open_workspace
from reconciler.resources.guard_settings import GuardSettings
from reconciler.review.approval import approval
from tests.support.world import PROJECT, Document, Quiet, World, is_silent, manifest, told, world

NAMES = tuple(f"a{index}" for index in range(6))


def project(**spec: Any) -> Document:
    return {**PROJECT, "spec": {**PROJECT["spec"], **spec}}


def agent(name: str, **spec: Any) -> Document:
    return manifest("Assistant", name, {"target": "agents", "model": "gpt-6-luna", **spec})


@pytest.fixture
def made(tmp_path: Path) -> Iterator[World]:
    """An applied project that allows one delete."""
    with world(tmp_path) as found:
        found.wants(project(safety={"max_deletes": 1}), *map(agent, NAMES))
        found.apply()
        assert is_silent(found.plan())
        yield found


def recorded(made: World) -> GuardSettings | None:
    return open_workspace(made.root, made.environ).backend.read().state.settings


def weakened(made: World, most: int = 9) -> World:
    made.wants(project(safety={"max_deletes": most}))
    return made


def emptied(made: World) -> World:
    """The project without most of its assistants."""
    made.drops(*(f"Assistant/{name}" for name in NAMES[2:]))
    return made


def refused(plan: Plan) -> list[tuple[str, str]]:
    return [(one.rule, one.address) for one in plan.refusals]


def tried(made: World) -> ApplyResult:
    """Plan and apply, whether or not every change can be made."""
    workspace = open_workspace(made.root, made.environ)
    observed = made.run(make_plan(workspace, made.connection))
    return made.run(apply_plan(workspace, made.connection, observed, Quiet(), resume="reconciler apply"))


def without_settings(made: World) -> World:
    """The state as a version wrote it that did not record settings."""
    rewritten(made, "settings", None)
    assert recorded(made) is None
    return made


def rewritten(made: World, member: str, value: Any) -> None:
    """Replace a member of the documents of the state that have it."""
    for document in (made.root / ".reconciler/state").rglob("*.json"):
        found = json.loads(document.read_text())
        for segment in (found, *found.get("segments", ())):
            segment.update({member: value} if member in segment else {})
        document.write_text(json.dumps(found))


class TestTwoSteps:
    def test_a_plan_cannot_profit_from_the_limit_that_it_raises(self, made: World):
        plan = emptied(weakened(made)).plan()
        assert refused(plan) == [("threshold", "project/acme")]
        assert "update project/acme: safety.max_deletes" in told(plan.changes)

    def test_the_limit_is_raised_by_a_plan_of_its_own(self, made: World):
        plan = weakened(made).plan()
        assert told(plan.work) == ["update project/acme: safety.max_deletes"]
        assert [(risk.rule, risk.level) for risk in plan.risks] == [("guard-weakened", "high")]
        made.requests()
        (outcome,) = made.apply().outcomes
        assert (outcome.address, outcome.action, outcome.status) == ("project/acme", "update", "done")
        assert not any(request.startswith(("POST", "DELETE")) for request in made.requests())
        assert recorded(made) == GuardSettings(max_deletes=9)
        assert is_silent(made.plan())
        assert len(emptied(made).apply().outcomes) == 4

    def test_a_stricter_limit_counts_at_once_and_is_recorded(self, made: World):
        weakened(made).apply()
        weakened(made, 2)
        assert told(made.plan().work) == ["update project/acme: safety.max_deletes"]
        assert made.plan().risks == ()
        assert refused(emptied(made).plan()) == [("threshold", "project/acme")]


class TestRecording:
    def test_a_partial_apply_records_nothing(self, made: World):
        weakened(made).wants(agent("new"))
        made.app.state.faults.set(*parse("error-before:POST:*"))
        result = tried(made)
        assert {outcome.address: outcome.status for outcome in result.outcomes} == {
            "assistant/new": "failed",
            "project/acme": "skipped",
        }
        made.app.state.faults.set(*parse(""))
        assert recorded(made) == GuardSettings(max_deletes=1)
        made.apply()
        assert recorded(made) == GuardSettings(max_deletes=9)

    def test_an_apply_with_targets_records_nothing(self, made: World):
        weakened(made).wants(agent("new"))
        (outcome,) = made.apply(targets=("assistant/new",)).outcomes
        assert outcome.address == "assistant/new"
        assert recorded(made) == GuardSettings(max_deletes=1)

    def test_the_settings_are_a_target_of_their_own(self, made: World):
        emptied(weakened(made)).apply(targets=("project/acme",))
        assert recorded(made) == GuardSettings(max_deletes=9)
        assert made.plan().refusals == ()

    def test_reviewed_changes_are_applied_without_the_settings_that_were_not(self, made: World):
        weakened(made).wants(agent("new"))
        planned = made.observed("keep").planned
        digests = {change.address: change.digest for change in planned.plan.work}
        found = approval(planned, {digests["assistant/new"]})
        assert ([one.address for one in found.plan.work], [one.change.address for one in found.held]) == (
            ["assistant/new"],
            ["project/acme"],
        )
        found = approval(planned, {digests["project/acme"]})
        assert [one.address for one in found.plan.work] == ["project/acme"]


class TestNothingRecorded:
    """A state of an earlier version, or one that was rebuilt."""

    def test_a_plan_that_changes_nothing_stays_silent_and_writes_nothing(self, made: World):
        before = without_settings(made).memory()
        assert is_silent(made.plan())
        made.apply()
        assert made.memory() == before

    def test_the_settings_of_the_manifest_count_and_are_recorded_with_one_warning(self, made: World):
        plan = emptied(weakened(without_settings(made))).plan()
        assert (plan.refusals, [notice.code for notice in plan.warnings]) == ((), ["settings-unrecorded"])
        assert all(change.address != "project/acme" for change in plan.changes)
        made.apply()
        assert recorded(made) == GuardSettings(max_deletes=9)
        made.wants(agent("new"))
        assert made.plan().warnings == ()

    def test_a_first_plan_has_no_warning(self, tmp_path: Path):
        with world(tmp_path) as fresh:
            fresh.wants(agent("one"))
            assert fresh.plan().warnings == ()
            fresh.apply()
            assert recorded(fresh) == GuardSettings()

    def test_a_drift_report_which_records_nothing_does_not_say_that_it_records_them(self, made: World):
        observed = emptied(weakened(without_settings(made))).observed("revert")
        assert [notice.code for notice in observed.planned.plan.warnings] == ["settings-unrecorded"]
        assert drift_report(observed.planned).plan.warnings == ()

    def test_an_apply_with_targets_does_not_record_them(self, made: World):
        without_settings(made).wants(agent("new"))
        made.apply(targets=("assistant/new",))
        assert recorded(made) is None


class TestRemovedEnvironment:
    @pytest.fixture
    def both(self, tmp_path: Path) -> Iterator[World]:
        """Two environments with agents, which publish nothing that applications load."""
        with world(tmp_path) as found:
            found.wants(project(environments={"staging": {}, "production": {}}), *map(agent, NAMES))
            for env in ("staging", "production"):
                found.environ = {**found.environ, "RECONCILER_ENV": env}
                found.apply()
            for path in (found.root / ".reconciler/bundles/acme/staging").rglob("*.json"):
                path.unlink()
            found.wants(project(environments={"production": {}}))
            yield found

    def test_it_is_decided_from_the_state_of_the_environment(self, both: World):
        plan = both.plan()
        assert told(plan.work) == ["forget environment/staging"]
        assert [(risk.rule, risk.level, risk.args) for risk in plan.risks] == [
            ("guard-weakened", "high", {"settings": ["environments.staging"]})
        ]
        both.apply()
        assert both.plan().work == ()

    def test_an_apply_with_targets_leaves_it_to_the_next_one(self, both: World):
        both.wants(agent("new"))
        both.apply(targets=("assistant/new",))
        assert told(both.plan().work) == ["forget environment/staging"]


class TestRemovedOutlet:
    @pytest.fixture
    def published(self, tmp_path: Path) -> Iterator[World]:
        with world(tmp_path) as found:
            found.wants(project(outlets=[{"directory": "build/b"}]), *map(agent, NAMES[:2]))
            found.apply()
            found.wants(project())
            yield found

    def test_an_agent_that_its_documents_name_is_not_deleted_by_the_same_plan(self, published: World):
        published.drops("Assistant/a0")
        plan = published.plan()
        (refusal,) = plan.refusals
        assert (refusal.rule, refusal.address) == ("referenced", "assistant/a0")
        assert [str(one.node) for one in refusal.sections["Other references"]] == ["bundle assistant/a0 (build/b)"]
        assert [remedy.code for remedy in refusal.remedies] == ["apply-outlets", "restore-manifest"]
        published.wants(agent("a0"))
        published.apply()
        published.drops("Assistant/a0")
        published.apply()
        assert is_silent(published.plan())

    def test_one_that_is_still_named_is_no_referrer(self, published: World):
        published.wants(project(outlets=[{"directory": "build/b"}]))
        published.drops("Assistant/a0")
        assert published.plan().refusals == ()

    def test_one_that_cannot_be_read_refuses_deletes_only(self, published: World):
        outlet = "s3://bots/?endpoint_url=http%3A%2F%2F127.0.0.1%3A9"
        rewritten(published, "outlets", {outlet: {}})
        assert published.plan().refusals == ()
        published.drops("Assistant/a0")
        (refusal,) = published.plan().refusals
        assert (refusal.rule, refusal.address) == ("unlisted", "assistant/a0")
        assert refusal.cause.args["requests"] == [f"the removed outlet {outlet}"]


class TestOpenAIProject:
    @pytest.fixture
    def pinned(self, made: World) -> World:
        """The project, pinned to the OpenAI project of its key."""
        made.wants(project(openai_project="proj_embedded"))
        made.apply()
        return made

    def test_a_removed_pin_is_a_high_risk_and_counts_until_it_is_applied(self, pinned: World):
        pinned.wants(project())
        assert [(risk.rule, risk.args) for risk in pinned.plan().risks] == [
            ("guard-weakened", {"settings": ["openai_project"]})
        ]
        rewritten(pinned, "settings", {"openai_project": "proj_other"})
        assert refused(pinned.plan()) == [("wrong-project", "project/acme")]

    def test_a_rebuild_with_a_key_of_another_project_takes_its_pin(self, pinned: World):
        rewritten(pinned, "settings", {"openai_project": "proj_lost", "max_deletes": 1})
        assert refused(pinned.plan()) == [("wrong-project", "project/acme")]
        workspace = open_workspace(pinned.root, pinned.environ)
        pinned.run(rebuild_state(workspace, pinned.connection, lambda _: True))
        assert recorded(pinned) == GuardSettings("proj_embedded", max_deletes=1)
        assert pinned.plan().refusals == ()
