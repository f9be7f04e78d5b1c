"""Ownership labels on live objects."""

import pytest

from reconciler.resources.base import Labels
from reconciler.resources.labels import PROTECTED, SPEC, from_metadata, new_lineage, to_metadata
from reconciler.resources.metadata import VALUE_LENGTH

LINEAGE = "0123456789abcdef"


@pytest.mark.parametrize("protected", [True, False])
@pytest.mark.parametrize("lineage", [None, LINEAGE])
def test_labels_are_read_as_they_were_written(protected, lineage):
    labels = Labels("acme", "assistant/triage", {"model": "01234567"}, protected, lineage)
    assert from_metadata(to_metadata(labels)) == labels


def test_the_lineage_takes_no_room_of_the_hashes_and_no_fifth_pair():
    names = [f"field_{number:02}" for number in range(100)]
    size = next(n for n in range(100) if len(to_metadata(of(names[:n]))[SPEC]) > VALUE_LENGTH) - 1
    without, with_lineage = (to_metadata(of(names[:size], lineage)) for lineage in (None, LINEAGE))
    assert with_lineage[SPEC] == without[SPEC]
    assert with_lineage.keys() == without.keys()
    assert all(len(value) <= VALUE_LENGTH for value in with_lineage.values())


def of(names: list[str], lineage: str | None = None) -> Labels:
    return Labels("acme", "assistant/triage", dict.fromkeys(names, "01234567"), lineage=lineage)


@pytest.mark.parametrize(
    ("value", "protected", "lineage"),
    [
        ("true", True, None),
        ("false", False, None),
        ("", False, None),
        (f"true {LINEAGE}", True, LINEAGE),
        (f"false {LINEAGE}", False, LINEAGE),
        ("true something else", True, "something else"),
    ],
)
def test_a_value_of_the_protection_with_and_without_a_lineage(value, protected, lineage):
    labels = from_metadata({**to_metadata(of([])), PROTECTED: value})
    assert labels is not None
    assert (labels.protected, labels.lineage) == (protected, lineage)


@pytest.mark.parametrize(
    ("labels", "is_ours"),
    [
        (Labels("acme", "a/b", lineage=LINEAGE), True),
        (Labels("acme", "a/b"), True),
        (Labels("acme", "a/b", lineage="other"), False),
        (Labels("globex", "a/b", lineage=LINEAGE), False),
        (Labels("globex", "a/b"), False),
    ],
)
def test_labels_of_a_state_have_its_identity_and_its_lineage_or_none(labels, is_ours):
    assert labels.is_of("acme", LINEAGE) is is_ours


def test_lineages_are_random():
    assert new_lineage() != new_lineage()
