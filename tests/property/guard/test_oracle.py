"""The plan of every estate agrees with the judgement of the oracle, which applies the rule by brute force."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

import pytest

from reconciler.planning import verified
from reconciler.planning.guard import RULES
from reconciler.planning.inputs import PlanInputs
from tests.property.guard.agreement import disagreement, planned
from tests.property.guard.coverage import DIMENSIONS, LEAST, LEAST_DECIDED, RARER, TRAITS, WITHOUT, Coverage
from tests.property.guard.drawing import estate
from tests.property.guard.estates import Estate
from tests.property.guard.oracle import judge
from tests.property.guard.shrinking import is_whole, readable, smallest
from tests.support.budget import announce, count
from tests.support.skipping import described

JUDGED: Final = [rule for rule in RULES if rule not in ("cost", "unlisted")]
"""All rules but those about bytes and dollars, and about lists that fail, which these estates do not have."""
VERDICTS: Final = [rule for rule in JUDGED if rule != "threshold"] + ["threshold of deletes", "threshold of archives"]
"""The same as the oracle has them: each threshold is judged alone."""
SHORT: Final = range(400)
LONG: Final = range(400, 400 + count(1600, full=5000))


@pytest.fixture(scope="module")
def sample() -> Sequence[Estate]:
    return [estate(seed) for seed in SHORT]


@pytest.fixture(scope="module")
def coverage(sample: Sequence[Estate]) -> Coverage:
    return _coverage(sample)


def _coverage(estates: Sequence[Estate]) -> Coverage:
    found = Coverage()
    for made in estates:
        found.add(made, judge(made))
    return found


def _check(request: pytest.FixtureRequest, seeds: range) -> None:
    announce(request, f"seeds {seeds[0]} to {seeds[-1]}, {len(seeds)} estates")
    for seed in seeds:
        made = estate(seed)
        if disagreement(made):
            least = smallest(made, disagreement)
            pytest.fail(f"seed {seed}\n{disagreement(least)}\n\nof this estate\n{readable(least)}")


def test_plan_of_generated_estates_agrees_with_the_oracle(request):
    _check(request, SHORT)


@pytest.mark.long
def test_plan_of_many_generated_estates_agrees_with_the_oracle(request):
    _check(request, LONG)


def _check_skipping(estates: Iterable[Estate]) -> int:
    """Return the number of objects that were not compared."""
    skipped = 0
    for made in estates:
        assert not disagreement(made, skips=True)
        without, found = (planned(made, skips=skips) for skips in (False, True))
        assert described(without) == described(found)
        skipped += len(found.inputs.unchanged)
    return skipped


@pytest.fixture
def _ids_are_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """Index all texts that can be ids in these estates, such as `vs_handbook`."""
    monkeypatch.setattr(verified, "_ID", re.compile(r"[a-z]+[-_][\w-]+"))


@pytest.mark.usefixtures("_ids_are_words")
def test_plan_that_skips_unchanged_objects_agrees_with_the_oracle(sample):
    assert _check_skipping(sample) > len(sample)


@pytest.mark.long
@pytest.mark.usefixtures("_ids_are_words")
def test_plan_of_many_estates_that_skips_unchanged_objects_agrees_with_the_oracle():
    assert _check_skipping(map(estate, LONG)) > len(LONG)


@pytest.mark.parametrize("rule", JUDGED)
def test_plan_without_a_rule_disagrees_with_the_oracle(rule, sample):
    without = {name: checks for name, checks in RULES.items() if name != rule}
    assert any(disagreement(made, without) for made in sample)


@pytest.mark.parametrize("check", range(len(RULES["threshold"])))
def test_plan_without_one_of_the_thresholds_disagrees_with_the_oracle(check, sample):
    without = {**RULES, "threshold": RULES["threshold"][:check] + RULES["threshold"][check + 1 :]}
    assert any(disagreement(made, without) for made in sample)


def test_plan_without_the_credentials_of_vaults_disagrees_with_the_oracle(sample, monkeypatch):
    monkeypatch.setattr(PlanInputs, "children", lambda _inputs, _ids: iter(()))
    assert any(map(disagreement, sample))


class TestGenerator:
    def test_generated_estate_has_everything_that_it_names(self, sample):
        assert all(is_whole(made) for made in sample)

    def test_every_rule_refuses_some_estates(self, coverage):
        assert coverage.rare(coverage.rules, dict.fromkeys(VERDICTS, 0.05)) == {}

    def test_every_trait_is_frequent_enough(self, coverage):
        assert coverage.rare(coverage.traits, TRAITS) == {}

    def test_every_dimension_shapes_and_decides_enough_estates(self, coverage, request):
        announce(request, str(coverage))
        _check_dimensions(coverage)

    @pytest.mark.long
    def test_every_dimension_shapes_and_decides_enough_of_many_estates(self, request):
        found = _coverage([estate(seed) for seed in LONG])
        announce(request, str(found))
        _check_dimensions(found)


def _check_dimensions(found: Coverage) -> None:
    assert found.rare(found.shaped, {**dict.fromkeys(DIMENSIONS, LEAST), **RARER}) == {}
    assert found.rare(found.decided, dict.fromkeys(WITHOUT, LEAST_DECIDED)) == {}
