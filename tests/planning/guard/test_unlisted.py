"""Tests of the rule `unlisted`."""

from reconciler.planning.model import Plan
from reconciler.resources.base import Unlisted
from tests.support.plan_inputs import Worlds

AUTOMATIONS = Unlisted("automation", frozenset({"agent"}), "GET /v1/agents/automations", "api.agents.read")


def plan(*unlisted: Unlisted) -> Plan:
    """A plan that deletes an agent and a store, replaces an agent and edits another."""
    worlds = Worlds().stays("assistant/old", note="x").stays("vectorstore/kb", files={})
    worlds.want("assistant/grown", size=2).stays("assistant/grown", size=1)
    worlds.want("assistant/triage", note="y").stays("assistant/triage", note="x")
    return worlds.plan(unlisted=unlisted, max_deletes=99)


def refused(made: Plan) -> list[tuple[str, str]]:
    return [(one.address, one.action) for one in made.refusals if one.rule == "unlisted"]


def test_changes_that_end_an_id_of_a_type_that_may_be_referenced_are_refused():
    assert refused(plan(AUTOMATIONS)) == [("assistant/grown", "replace"), ("assistant/old", "delete")]


def test_no_consent_lifts_it():
    assert {one.consent for one in plan(AUTOMATIONS).refusals} == {None}


def test_an_api_that_the_server_does_not_have_refuses_nothing():
    absent = Unlisted("automation", frozenset({"agent"}), "GET /v1/agents/automations", is_absent=True)
    assert refused(plan(absent)) == []


def test_a_peer_that_cannot_be_read_has_no_scope():
    peer = Unlisted("peer", frozenset({"agent", "store"}), "the state of lab")
    made = plan(peer, AUTOMATIONS)
    assert sorted(address for address, _ in refused(made)) == ["assistant/grown", "assistant/old", "vectorstore/kb"]
    codes = {one.address: [way.code for way in one.remedies] for one in made.refusals}
    assert codes["vectorstore/kb"][0] == "make-readable"
    assert codes["assistant/old"][0] == "grant-scopes"
