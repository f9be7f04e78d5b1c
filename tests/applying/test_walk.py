import asyncio
from collections.abc import Collection, Mapping
from graphlib import CycleError

import pytest
from hypothesis import given, strategies as st

from reconciler.applying.walk import CONCURRENCY, Walk, walk


def walked(
    needs: Mapping[int, set[int]], failing: frozenset[int] = frozenset(), last: Collection[int] = ()
) -> tuple[Walk[int], list[int]]:
    """The result, and the nodes in the order in which they were run."""
    order: list[int] = []

    async def run(node: int) -> bool:
        order.append(node)
        await asyncio.sleep(0)
        return node not in failing

    return asyncio.run(walk(needs, run, asyncio.Event(), last)), order


def test_nothing_to_do():
    assert walked({})[1] == []


def test_nodes_that_are_false_are_nodes():
    result, order = walked({0: set(), 1: {0}})
    assert order == [0, 1]
    assert result.done == {0, 1}


def test_a_failure_gives_up_everything_behind_it_once():
    result, order = walked({0: set(), 1: {0}, 2: {0}, 3: {1, 2}, 4: set()}, failing=frozenset({0}))
    assert (result.done, result.failed) == ({4}, {0})
    assert result.skipped == {1: 0, 2: 0, 3: 0}
    assert order == [0, 4]


def test_what_waits_for_two_failures_names_the_first():
    result, _ = walked({0: set(), 1: set(), 2: {0, 1}}, failing=frozenset({0, 1}))
    assert result.failed == {0, 1}
    assert set(result.skipped) == {2}


def test_last_nodes_start_after_all_others_of_which_some_fail():
    result, order = walked({0: set(), 1: set(), 2: {1}, 3: {1}, 4: {3}}, failing=frozenset({2}), last=[0])
    assert order[-1] == 0
    assert (result.done, result.failed) == ({0, 1, 3, 4}, {2})


def test_a_node_that_needs_a_last_node_runs_after_it():
    result, order = walked({0: {1}, 1: set(), 2: set()}, last=[1])
    assert order == [2, 1, 0]
    assert result.done == {0, 1, 2}


def test_a_cycle_is_told_before_anything_runs():
    with pytest.raises(CycleError):
        walked({0: set(), 1: {2}, 2: {1}, 3: {0}})


def test_a_stop_before_the_start_starts_nothing():
    async def scenario() -> Walk[int]:
        async def run(node: int) -> bool:
            raise AssertionError("nothing may start")

        stop = asyncio.Event()
        stop.set()
        return await walk({0: set(), 1: {0}}, run, stop)

    assert asyncio.run(scenario()).not_started == {0, 1}


def test_a_chain_of_ten_thousand():
    length = 10_000
    result, order = walked({node: {node - 1} if node else set() for node in range(length)})
    assert order == list(range(length))
    assert len(result.done) == length


def test_a_chain_behind_a_failure_is_skipped_without_recursion():
    length = 10_000
    result, _ = walked({node: {node - 1} if node else set() for node in range(length)}, failing=frozenset({0}))
    assert len(result.skipped) == length - 1


def test_cancelling_cancels_what_is_under_way():
    async def scenario() -> list[str]:
        ended: list[str] = []

        async def run(node: int) -> bool:
            try:
                await asyncio.Event().wait()
            finally:
                ended.append(f"{node} ended")
            return True

        walking = asyncio.create_task(walk({0: set(), 1: set()}, run, asyncio.Event()))
        await asyncio.sleep(0.01)
        walking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await walking
        return ended

    assert sorted(asyncio.run(scenario())) == ["0 ended", "1 ended"]


@st.composite
def graphs(draw: st.DrawFn) -> tuple[dict[int, set[int]], frozenset[int]]:
    """A graph without cycles, in any order, and the nodes that fail."""
    size = draw(st.integers(0, 30))
    needs = {node: draw(st.sets(st.integers(0, node - 1), max_size=4)) if node else set() for node in range(size)}
    order = draw(st.permutations(range(size)))
    return {node: needs[node] for node in order}, draw(st.frozensets(st.integers(0, max(size - 1, 0)), max_size=3))


@given(graphs(), st.frozensets(st.integers(0, 30)))
def test_every_node_is_done_failed_or_skipped_for_a_reason(case: tuple[dict[int, set[int]], frozenset[int]], last):
    needs, failing = case
    result, order = walked(needs, failing, last)
    assert sorted([*result.done, *result.failed, *result.skipped]) == sorted(needs)
    assert not result.not_started
    assert len(order) == len(set(order))
    for node in result.done:
        assert needs[node] <= result.done
        assert all(order.index(needed) < order.index(node) for needed in needs[node])
    for node, cause in result.skipped.items():
        assert cause in result.failed
        assert not needs[node] <= result.done
    assert result.failed <= failing


@given(st.integers(1, 60))
def test_never_more_at_once_than_allowed(size: int):
    running, most = 0, 0

    async def run(node: int) -> bool:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1
        return True

    asyncio.run(walk({node: set() for node in range(size)}, run, asyncio.Event()))
    assert most == min(size, CONCURRENCY)
