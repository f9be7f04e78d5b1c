"""The guard says of every estate what the rule says, worked out a second time by brute force."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import pytest

from reconciler.planning.guard import RULES
from tests.property.guard.agreement import disagreement, is_whole, readable, smallest
from tests.property.guard.drawing import estate
from tests.property.guard.estates import Estate
from tests.property.guard.oracle import SECTIONS, Judgement, judge

JUDGED = [rule for rule in RULES if rule != "cost"]
"""All but the one about bytes and dollars, which these estates have none of: references decide about the others."""
SHORT, LONG = range(400), range(400, 6400)


@pytest.fixture(scope="module")
def sample() -> Sequence[tuple[Estate, Judgement]]:
    return [(made, judge(made)) for made in map(estate, SHORT)]


def check(seeds: Iterable[int]) -> None:
    for seed in seeds:
        made = estate(seed)
        if disagreement(made):
            least = smallest(made, disagreement)
            pytest.fail(f"seed {seed}\n{disagreement(least)}\n\nof this estate\n{readable(least)}")


def test_the_plan_says_what_the_oracle_says():
    check(SHORT)


@pytest.mark.long
def test_the_plan_says_what_the_oracle_says_at_length():
    check(LONG)


@pytest.mark.parametrize("rule", JUDGED)
def test_a_rule_that_is_left_out_is_missed(rule, sample):
    without = {name: checks for name, checks in RULES.items() if name != rule}
    assert any(disagreement(made, without) for made, _ in sample)


class TestGenerator:
    def test_everything_that_is_named_is_there(self, sample):
        assert all(is_whole(made) for made, _ in sample)

    def test_there_is_enough_of_everything(self, sample):
        found = Counter(trait for one in sample for trait in traits(*one))
        rare = {trait: found[trait] / len(sample) for trait in TRAITS if found[trait] < TRAITS[trait] * len(sample)}
        assert rare == {}


TRAITS = {
    "refused": 0.3,
    **dict.fromkeys((*JUDGED, *SECTIONS, "peers"), 0.05),
    "released-only archiving": 0.05,
    "several deletes": 0.05,
    "allowed archiving": 0.05,
}
"""The share of estates that have it, at least."""


def traits(made: Estate, judgement: Judgement) -> Iterator[str]:
    if judgement.refusals:
        yield "refused"
    yield from {rule for rule, _ in judgement.refusals}
    yield from {section for sections in judgement.refusals.values() for section in sections}
    names = {document.name for document in made.peers}
    if any(names.intersection(sections.get("Other references", ())) for sections in judgement.refusals.values()):
        yield "peers"
    if len(judgement.deleted) > 1:
        yield "several deletes"
    if judgement.archived and not judgement.refusals:
        yield "allowed archiving"
    if any(one.startswith("release/") and one.removeprefix("release/") in asked(made) for one in judgement.archived):
        yield "released-only archiving"


def asked(made: Estate) -> set[str]:
    """Releases that go although their manifests ask for them, and no chatbot keeps only so many."""
    kept = {name for name, bot in made.after.bots.items() if bot.keep is None}
    releases = made.after.releases.items()
    return {name for name, one in releases if not one.archived and name.partition("@")[0] in kept}
