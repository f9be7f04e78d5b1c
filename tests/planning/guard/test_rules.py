"""The table of rules as a whole."""

from dataclasses import replace
from typing import get_args

from ruamel.yaml import YAML

from reconciler.planning import build
from reconciler.planning.consents import consent_document
from reconciler.planning.guard import RULES
from reconciler.resources.kinds.consent import ConsentSpec
from tests.support.asking import refusal, rules
from tests.support.guard_estates import Estate
from tests.support.plan_inputs import Worlds


def used(*referrers: str) -> Estate:
    """An assistant that goes although pipelines use it."""
    estate = Estate().assistant("triage")
    for name in referrers:
        estate.flow(name, "triage")
    return estate.gone("assistant/triage")


def test_consents_name_exactly_the_rules_that_may_be_lifted():
    liftable = {name for name, checks in RULES.items() if any(check.may_be_lifted for check in checks)}
    assert liftable == {*get_args(ConsentSpec.model_fields["rule"].annotation)}


def test_a_rule_that_is_left_out_refuses_nothing():
    world = used("flow").world()
    without = {name: checks for name, checks in RULES.items() if name != "referenced"}
    assert not build.plan(world, rules=without).plan.refusals


class TestSubject:
    def subject(self, worlds: Worlds) -> str:
        return refusal(worlds).subject

    def test_it_is_the_same_whatever_else_happens(self):
        unrelated = used("flow").assistant("other").want("widget/new").stranger("agent_9")
        assert self.subject(used("flow")) == self.subject(unrelated)

    def test_another_referrer_is_another_subject(self):
        assert self.subject(used("flow")) != self.subject(used("flow", "checkin"))

    def test_another_object_under_the_same_address_is(self):
        other = used("flow")
        other.objects = [replace(live, id="agent_new") if live.id == "agent_triage" else live for live in other.objects]
        other.state = {
            address: replace(applied, id="agent_new") if applied.id == "agent_triage" else applied
            for address, applied in other.state.items()
        }
        assert self.subject(used("flow")) != self.subject(other)

    def test_another_copy_that_would_go_with_it_is(self):
        more = used("flow").release("support", 1, assistant="triage").bot("support", pipeline="flow")
        assert rules(more) == [("referenced", "assistant/triage")]
        assert self.subject(used("flow")) != self.subject(more)

    def test_another_delete_over_the_threshold_is(self):
        def deleting(*names: str) -> Worlds:
            worlds = Worlds()
            for name in names:
                worlds.stays(f"widget/{name}")
            return worlds

        assert self.subject(deleting(*"abcd")) != self.subject(deleting(*"abcx"))


def test_the_consent_is_bound_to_what_is_refused():
    found = refusal(Estate().stays("assistant/old").stranger("auto_1", refers_to=("agent_old",)))
    assert found.consent is not None
    assert f"subject: {found.subject}" in found.consent


def test_a_file_may_be_called_anything():
    document = YAML(typ="safe").load(consent_document("acme", "file/kb/a: b # 1.md", "referenced", "sha256:0"))
    assert document["spec"]["address"] == "file/kb/a: b # 1.md"


def test_what_may_not_be_lifted_comes_without_one():
    estate = Estate().bot("support", assistant="other", published=1).release("support", 1, assistant="other")
    assert refusal(estate.gone("release/support@1")).consent is None
