"""From a refusal to the consent that lifts it, as people do it: paste, fill in, plan, apply, clean up."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from reconciler.planning.model import Refusal
from reconciler.resources.problems import ReconcilerError
from tests.support.world import World, manifest, told, world

AGENT = {"target": "agents", "model": "gpt-6-luna"}
WEEK = f"{datetime.now(UTC).date() + timedelta(days=7)}"


@pytest.fixture
def estate(tmp_path) -> Iterator[World]:
    """An agent whose manifest is gone, and an automation of somebody else that starts it."""
    with world(tmp_path) as made:
        made.wants(*(manifest("Assistant", name, AGENT) for name in ("digest", "other")))
        made.apply()
        automate(made)
        made.drops("Assistant/digest")
        yield made


def automate(estate: World) -> None:
    say: Any = [{"role": "user", "content": [{"type": "input_text", "text": "Write the digest."}]}]
    agent = estate.id_of("assistant/digest")
    target: Any = {"type": "new_session", "environment": {"type": "none"}, "input": say, "agent_id": agent}
    schedule: Any = {"type": "periodic", "name": "nightly", "expression": "0 3 * * *", "timezone": "UTC"}
    estate.by_hand(estate.sdk.beta.agents.automations.create(**schedule, target=target))


def refused(estate: World) -> Refusal:
    (refusal,) = estate.plan().refusals
    return refusal


def consent_to(estate: World, refusal: Refusal) -> None:
    """Paste what the refusal prints, and fill it in."""
    text = refusal.consent or ""
    filled = text.replace('reason: ""', "reason: nobody reads the digest").replace('expires: ""', f'expires: "{WEEK}"')
    estate.file("consents.yaml", filled)


def test_pasted_as_it_is_it_says_what_to_fill_in_and_where(estate):
    estate.file("consents.yaml", refused(estate).consent or "")
    with pytest.raises(ReconcilerError) as error:
        estate.plan()
    problems = {f"{problem.place}": problem for problem in error.value.problems}
    assert [place.rpartition(":")[0] for place in problems] == ["consents.yaml:9", "consents.yaml:10"]
    assert all(problem.code == "consent-too-broad" and problem.hint for problem in problems.values())


def test_filled_in_it_lets_that_happen_and_is_to_be_removed_afterwards(estate):
    consent_to(estate, refused(estate))
    plan = estate.plan()
    assert told(plan.changes) == ["delete assistant/digest"]
    withdrawn, risk = plan.changes[0].risks
    assert withdrawn.rule == "publication-withdrawn"
    assert (risk.rule, risk.args["until"], risk.args["why"]) == ("consent-used", str(WEEK), "nobody reads the digest")
    estate.apply()
    (warning,) = estate.plan().warnings
    assert (warning.code, warning.args["place"]) == ("consent-unneeded", "consents.yaml:1")
    assert warning.args["consent"].startswith("referenced-")


def test_a_referrer_that_nobody_has_consented_to_makes_it_void(estate):
    consent_to(estate, refused(estate))
    automate(estate)
    assert len(refused(estate).sections["Other references"]) == 2
