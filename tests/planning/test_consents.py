"""Consents: each lifts exactly its own refusal, for as long as it says, and there is no other way."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from itertools import permutations
from typing import Any

import pytest

from reconciler.planning.guard import RULES
from reconciler.planning.inputs import Consent
from reconciler.planning.model import Plan, Refusal
from reconciler.resources.prices import GB, Prices
from reconciler.resources.problems import Place
from tests.support.asking import warned
from tests.support.guard_estates import Estate
from tests.support.plan_inputs import IDENTITY, entry

TODAY = date(2026, 11, 21)
PERMISSION = {"consent": "spring", "until": "2026-11-28", "why": "the clean-up of the year"}
SHUTDOWNS = {"gpt-4": date(2026, 10, 23)}


def referenced(estate: Estate) -> None:
    estate.assistant("old").gone("assistant/old")
    estate.stranger("auto_1", type_="automation", refers_to=("agent_old",))


def protected(estate: Estate) -> None:
    estate.stays("widget/lamp", protect=True)


def threshold(estate: Estate) -> None:
    for number in range(9):
        estate.stays(f"widget/w{number}")


def release_drift(estate: Estate) -> None:
    estate.assistant("triage", note="x").bot("support", assistant="triage").by_hand("assistant/triage", note="hand")
    estate.release("support", 1, assistant="triage", new=True)


def retired_model(estate: Estate) -> None:
    estate.want("assistant/fresh", model="gpt-4")


def cost(estate: Estate) -> None:
    estate.want_file("book.md", "long").want("vectorstore/kb", files={"book.md": entry("book.md", "long")})


REFUSED: Mapping[str, Any] = {
    "referenced": referenced,
    "protected": protected,
    "threshold": threshold,
    "release-drift": release_drift,
    "retired-model": retired_model,
    "cost": cost,
}
"""By rule, how a world comes to be refused by it."""


def estate(*names: str) -> Estate:
    made = Estate()
    for name in sorted(names):
        REFUSED[name](made)
    return made


def plan(made: Estate, *consents: Consent, **options: Any) -> Plan:
    a_dollar_a_byte = Prices(free_gb=0, vector_storage=GB)
    more = {"prices": a_dollar_a_byte, "max_daily_cost": 3.0, **options}
    return made.plan(consents=consents, today=TODAY, shutdowns=SHUTDOWNS, **more)


def consent(refusal: Refusal, **other: Any) -> Consent:
    """The one that belongs to a refusal."""
    found = Consent(
        name="spring",
        identity=str(IDENTITY),
        address=refusal.address,
        rule=refusal.rule,
        subject=refusal.subject,
        reason="the clean-up of the year",
        expires=TODAY + timedelta(days=7),
        place=Place("manifests/consents.yaml", 4),
    )
    return replace(found, **other)


def rules(made: Plan) -> list[str]:
    return sorted(refusal.rule for refusal in made.refusals)


class TestEachLiftsItsOwn:
    def test_every_rule_is_tried_that_may_be_lifted(self):
        liftable = {name for name, checks in RULES.items() if any(check.may_be_lifted for check in checks)}
        assert liftable == {*REFUSED, "wrong-project"}

    @pytest.mark.parametrize(("one", "other"), [*permutations(REFUSED, 2)])
    def test_and_no_other(self, one, other):
        made = estate(one, other)
        refused = plan(made).refusals
        assert sorted(refusal.rule for refusal in refused) == sorted([one, other])
        own = next(refusal for refusal in refused if refusal.rule == one)
        assert rules(plan(made, consent(own))) == [other]

    @pytest.mark.parametrize(("one", "other"), [*permutations(REFUSED, 2)])
    def test_with_both_nothing_is_refused(self, one, other):
        made = estate(one, other)
        assert not plan(made, *map(consent, plan(made).refusals)).refusals

    def test_a_project_that_the_key_does_not_name_may_be_vouched_for(self):
        """Of what state knows nothing is live: only what is new can be refused besides."""
        made = Estate().applied("widget/known").want("widget/known").want("assistant/fresh", model="gpt-4")
        refused = {refusal.rule: refusal for refusal in plan(made, openai_project=None).refusals}
        assert refused.keys() == {"wrong-project", "retired-model"}
        assert rules(plan(made, consent(refused["wrong-project"]), openai_project=None)) == ["retired-model"]
        assert rules(plan(made, consent(refused["retired-model"]), openai_project=None)) == ["wrong-project"]

    def test_no_consent_makes_a_manifest_right_that_names_what_is_gone(self):
        made = Estate().assistant("old").flow("flow", "old").gone("assistant/old")
        (refusal,) = plan(made).refusals
        assert refusal.consent is None
        assert rules(plan(made, consent(refusal))) == ["referenced"]

    def test_a_published_release_has_its_copy_whatever_becomes_of_the_assistant(self):
        made = Estate().assistant("old").bot("desk", assistant="other", published=1)
        (refusal,) = plan(made.release("desk", 1, assistant="old").gone("assistant/old")).refusals
        allowed = plan(made, consent(refusal))
        assert not allowed.refusals
        assert [change.address for change in allowed.changes] == ["assistant/old"]

    def test_what_may_not_be_lifted_is_not(self):
        made = Estate().bot("desk", assistant="other", published=1).release("desk", 1, assistant="other")
        (refusal,) = plan(made.gone("release/desk@1")).refusals
        assert refusal.rule == "published"
        assert rules(plan(made, consent(refusal))) == ["published"]


class TestBinding:
    @pytest.mark.parametrize(
        "other",
        [
            {"address": "assistant/new"},
            {"rule": "protected"},
            {"subject": "sha256:" + "0" * 64},
            {"identity": "acme/staging"},
            {"identity": "acme"},
            {"expires": TODAY - timedelta(days=1)},
        ],
    )
    def test_everything_has_to_fit(self, other):
        made = estate("referenced")
        (refusal,) = plan(made).refusals
        assert rules(plan(made, consent(refusal, **other))) == ["referenced"]

    def test_its_last_day_counts(self):
        made = estate("referenced")
        (refusal,) = plan(made).refusals
        assert not plan(made, consent(refusal, expires=TODAY)).refusals

    def test_a_further_referrer_makes_it_void(self):
        made = estate("referenced")
        (refusal,) = plan(made).refusals
        made.stranger("auto_2", type_="automation", refers_to=("agent_old",))
        assert rules(plan(made, consent(refusal))) == ["referenced"]


class TestWhatIsSaid:
    def test_the_change_says_who_permitted_it(self):
        made = estate("referenced")
        (refusal,) = plan(made).refusals
        (change,) = plan(made, consent(refusal)).changes
        assert change.address == "assistant/old"
        (risk,) = change.risks
        assert (risk.level, risk.rule, risk.args) == ("high", "consent-used", PERMISSION)

    def test_a_warning_does_where_the_plan_as_a_whole_was_refused(self):
        made = estate("threshold")
        (refusal,) = plan(made).refusals
        cause = {"code": "too-many-deletes", "args": refusal.cause.args}
        assert refusal.cause.args["number"] == 9
        args = {"rule": "threshold", "cause": cause, **PERMISSION}
        assert warned(plan(made, consent(refusal))) == [("consent-permits", None, args)]

    def test_one_that_has_expired_is_a_warning(self):
        made = estate("referenced")
        (refusal,) = plan(made).refusals
        about = {"place": "manifests/consents.yaml:4", "consent": "spring", "until": "2026-11-20"}
        expired = plan(made, consent(refusal, expires=date(2026, 11, 20)))
        assert warned(expired) == [("consent-expired", None, about)]

    def test_one_that_lifts_nothing_any_more_is(self):
        (refusal,) = plan(estate("referenced")).refusals
        about = {"place": "manifests/consents.yaml:4", "consent": "spring"}
        assert warned(plan(Estate(), consent(refusal))) == [("consent-unneeded", None, about)]

    @pytest.mark.parametrize("days", [-1, 7])
    def test_those_of_other_environments_are_silent(self, days):
        (refusal,) = plan(estate("referenced")).refusals
        elsewhere = consent(refusal, identity="acme/staging", expires=TODAY + timedelta(days=days))
        assert plan(Estate(), elsewhere).warnings == ()

    def test_out_of_scope_nobody_asks_whether_it_is_needed(self):
        (refusal,) = plan(estate("referenced")).refusals
        assert plan(Estate(), consent(refusal), scope=frozenset()).warnings == ()
