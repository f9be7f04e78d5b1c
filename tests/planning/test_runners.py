"""Objects that run what a chatbot publishes: the agent that they refer to, and what happens without one."""

from dataclasses import replace
from typing import Any

import pytest

from reconciler.planning import build
from reconciler.planning.inputs import PlanInputs, Release, Runner
from reconciler.planning.resolution import resolve
from reconciler.planning.runners import chatbots_run, with_published
from reconciler.resources.address import Address
from reconciler.resources.base import Applied, Desired, Lifecycle, Live
from reconciler.resources.registry import resource_types
from reconciler.resources.values import ABSENT, Fields, reference
from tests.support.plan_inputs import IDENTITY
from tests.support.world import told

RUN = Address("automation", "nightly")
BOT = Address("chatbot", "support")
AGENT = "agent_id"


def copy(number: int) -> Address:
    return Address("assistant", f"triage@support.{number}")


def release(number: int) -> Address:
    return Address("release", f"support@{number}")


def automation(agent: object = BOT, **fields: Any) -> Fields:
    target = {"type": "new_session", "metadata": {}, "environment": {"type": "none"}, "input": [], "vault_ids": []}
    name = agent if isinstance(agent, str) else reference(agent)
    return {"type": "periodic", "target": {**target, AGENT: name}, **fields}


def inputs(published: int | None, applied: Fields | None = None, **more: Any) -> PlanInputs:
    """Return inputs with two releases. `applied` are the fields of the automation in the state and live."""
    fields: dict[Address, tuple[str, Fields]] = {
        BOT: ("chatbot", {"assistant": reference("assistant/triage"), "published": None}),
        Address("assistant", "triage"): ("agent", {"model": "m"}),
        RUN: ("automation", automation()),
        **{copy(number): ("agent", {"model": "m"}) for number in (1, 2)},
        **{release(number): ("release", {"assistant": reference(copy(number))}) for number in (1, 2)},
    }
    desired = {address: Desired(address, type_, own) for address, (type_, own) in fields.items()}
    if published:
        pointer = {**desired[BOT].fields, "published": reference(release(published))}
        desired[BOT] = replace(desired[BOT], fields=pointer)
    state, live = {}, []
    for number in (1, 2):
        state[copy(number)] = Applied(f"agent_{number}", "agent", {"model": "m"})
        live.append(Live("agent", f"agent_{number}", {"model": "m"}))
    if applied is not None:
        state[RUN] = Applied("auto_1", "automation", applied)
        number = applied["target"][AGENT]["$address"][-1]
        shown = {**applied, "target": {**applied["target"], AGENT: f"agent_{number}"}}
        live.append(Live("automation", "auto_1", shown, refers_to=(f"agent_{number}",)))
    return PlanInputs(
        identity=IDENTITY,
        resource_types=resource_types(),
        desired=desired,
        applied=state,
        live=live,
        releases={release(number): Release(BOT, frozenset({copy(number)})) for number in (1, 2)},
        **more,
    )


def of_run(given: PlanInputs) -> list[str]:
    return [one for one in told(build.plan(given).plan.changes) if str(RUN) in one]


def test_the_chatbot_is_found_where_the_object_refers_to_it():
    given = inputs(1)
    assert list(chatbots_run(given.desired, given.resource_types)) == [(RUN, BOT, ("target", AGENT))]


@pytest.mark.parametrize("number", [1, 2])
def test_the_agent_of_the_published_release_is_desired(number):
    found = with_published(inputs(number))
    assert found.desired[RUN].fields["target"][AGENT] == reference(copy(number))
    assert found.runners == {RUN: Runner(BOT, release(number), ("target", AGENT))}


def test_an_object_that_names_an_agent_is_left_as_it_is():
    given = inputs(1)
    given = replace(given, desired={**given.desired, RUN: replace(given.desired[RUN], fields=automation(copy(2)))})
    assert with_published(given) is given


@pytest.mark.parametrize("answer", [{"pipeline": reference("pipeline/flow")}, {"assistant": "agent_9"}, {}])
def test_a_release_that_is_not_one_agent_is_not_run(answer):
    given = inputs(1)
    released = replace(given.desired[release(1)], fields=answer)
    given = replace(given, desired={**given.desired, release(1): released})
    assert with_published(given).runners[RUN].release is None


def test_a_published_release_in_a_field_that_is_ignored_is_the_live_one():
    given = inputs(2)
    ignoring = replace(given.desired[BOT], lifecycle=Lifecycle(ignore=("published",)))
    document = Live("chatbot", str(BOT), {**given.desired[BOT].fields, "published": reference(release(1))})
    given = replace(given, desired={**given.desired, BOT: ignoring}, live=[*given.live, document])
    assert resolve(given).inputs.runners[RUN].release == release(1)


@pytest.mark.parametrize("applied", [None, automation(copy(1)), automation(copy(2), paused=True)])
@pytest.mark.parametrize("published", [None, 1, 2])
def test_resolving_a_resolved_input_changes_nothing(published, applied):
    found = resolve(inputs(published, applied)).inputs
    assert resolve(found).inputs == found


@pytest.mark.parametrize(
    ("published", "applied", "changes"),
    [
        (1, None, ["create automation/nightly: target, type"]),
        (1, automation(copy(1), paused=False), []),
        (2, automation(copy(1), paused=False), ["update automation/nightly: target.agent_id"]),
        (2, automation(copy(1), paused=True), ["update automation/nightly: target.agent_id, paused"]),
        (None, None, []),
        (None, automation(copy(1), paused=False), ["update automation/nightly: paused"]),
        (None, automation(copy(1), paused=True), []),
    ],
)
def test_the_change_follows_the_published_release(published, applied, changes):
    assert of_run(inputs(published, applied)) == changes


def test_without_a_release_an_object_that_is_not_live_is_not_desired():
    given = resolve(inputs(None)).inputs
    assert RUN not in given.desired
    (notice,) = (one for one in build.plan(inputs(None)).plan.warnings if one.code == "waits-for-release")
    assert (notice.address, notice.args) == (str(RUN), {"publisher": str(BOT), "number": 2, "environment": "production"})


def test_an_object_that_had_another_configuration_keeps_it_while_suspended():
    given = inputs(None, automation(copy(1), paused=False))
    inline = {**automation(copy(1))["target"], "agent": {"model": "m"}}
    del inline[AGENT]
    state = replace(given.applied[RUN], fields={**given.applied[RUN].fields, "target": inline})
    found = resolve(replace(given, applied={**given.applied, RUN: state})).inputs
    assert found.desired[RUN].fields["target"] == inline
    assert found.desired[RUN].fields.get("paused", ABSENT) is True


def keeping_one(run: Desired) -> set[Address]:
    """Return the releases that a chatbot which keeps one archives while it publishes none, given an automation that was
    applied with the agent of the first one.
    """
    given = inputs(None, automation(copy(1)))
    others = {address: wanted for address, wanted in given.desired.items() if address != RUN}
    chatbot = replace(given.desired[BOT], options={"keep": 1})
    return {*resolve(replace(given, desired={**others, BOT: chatbot, run.address: run})).retired.reasons}


def test_release_of_a_suspended_object_is_kept():
    assert keeping_one(Desired(RUN, "automation", automation())) == set()


def test_release_of_a_suspended_object_that_is_renamed_is_kept():
    renamed = Desired(Address("automation", "weekly"), "automation", automation())
    assert keeping_one(replace(renamed, lifecycle=Lifecycle(moved_from=("nightly",)))) == set()


def test_release_of_an_object_that_gets_another_agent_is_archived():
    other = automation(Address("assistant", "triage"))
    assert keeping_one(Desired(RUN, "automation", other)) == {release(1)}
