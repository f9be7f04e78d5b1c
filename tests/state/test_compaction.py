"""The choice of journal documents to read and to merge."""

import pytest
from hypothesis import given, strategies as st

from reconciler.state.compaction import DOCUMENTS, Span, mergeable, smallest_cover, spans_in

spans = st.builds(lambda first, more: Span(first, first + more), st.integers(1, 12), st.integers(0, 6))


def test_spans_in_parses_document_names():
    names = ["00000003.json", "00000001-00000002.json", "123456789.json"]
    found = spans_in([*names, "state.json", "3.json", "00000003.json.bak", "journal/00000004.json"])
    assert found == [Span(1, 2), Span(3, 3), Span(123456789, 123456789)]
    assert {span.name for span in found} == set(names)


@pytest.mark.parametrize(
    ("position", "names"),
    [
        (0, ["00000001-00000004.json", "00000005.json"]),
        (2, ["00000001-00000004.json", "00000005.json"]),
        (4, ["00000005.json"]),
        (5, []),
    ],
)
def test_smallest_cover_prefers_merged_documents(position, names):
    there = [*map(Span.of, range(1, 6)), Span(1, 2), Span(1, 4)]
    assert [span.name for span in smallest_cover(there, position)] == names


def test_smallest_cover_names_a_missing_segment():
    assert smallest_cover([Span.of(1), Span(3, 5)], 0) == [Span.of(1), Span.of(2), Span(3, 5)]


@given(st.lists(spans), st.integers(0, 20))
def test_smallest_cover_contains_every_later_segment(there: list[Span], position: int):
    chosen = smallest_cover(there, position)
    has = {number for span in chosen for number in range(span.first, span.last + 1)}
    assert has >= set(range(position + 1, max((span.last for span in there), default=0) + 1))
    assert [span.last for span in chosen] == sorted({span.last for span in chosen})


def test_mergeable_of_few_documents_is_empty():
    assert mergeable([Span.of(number) for number in range(DOCUMENTS)]) == []


def test_mergeable_leaves_longer_old_documents():
    old, rest = Span(1, 40), [Span.of(number) for number in range(41, 81)]
    assert mergeable([old, *rest[:-1]]) == rest[:-1]
    assert mergeable([old, *rest]) == [old, *rest]


def test_compaction_bounds_reads_and_rewrites():
    cover: list[Span] = []
    written = dict.fromkeys(range(1, 10_001), 0)
    for number in written:
        cover.append(Span.of(number))
        if merging := mergeable(cover):
            merged = Span(merging[0].first, number)
            cover[-len(merging) :] = [merged]
            for inside in range(merged.first, number + 1):
                written[inside] += 1
        assert len(cover) <= DOCUMENTS
    assert max(written.values()) <= 9
    assert sum(written.values()) < 7 * len(written)
