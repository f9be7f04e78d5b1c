"""Walks a graph of steps: each starts when what it needs is done, independent branches go on after a failure.

Some nodes come last: they start when no other node is left that can run. Unlike a dependency on all others, this skips
none of them after a failure.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from typing import Final, Generic, TypeVar

Node = TypeVar("Node")

CONCURRENCY: Final = 16
"""Steps under way at once; the request rate is limited elsewhere."""


@dataclass
class Walk(Generic[Node]):
    """The result of every node."""

    done: set[Node] = field(default_factory=set)
    failed: set[Node] = field(default_factory=set)
    skipped: dict[Node, Node] = field(default_factory=dict)
    """Nodes that were not tried, each with the failed one it waited for."""
    not_started: set[Node] = field(default_factory=set)
    """Nodes that were left when the walk was stopped."""


async def walk(
    needs: Mapping[Node, set[Node]],
    run: Callable[[Node], Awaitable[bool]],
    stop: asyncio.Event,
    last: Collection[Node] = (),
) -> Walk[Node]:
    """Run every node after its dependencies, those in `last` after all that can run without them; `run` returns True on
    success.

    After `stop` is set no node starts, and running nodes are finished. Linear in nodes and dependencies. Raises
    `graphlib.CycleError` before anything runs if nodes wait for each other.
    """
    TopologicalSorter(needs).prepare()
    return await _Walker(needs, run, stop, frozenset(last)).walk()


class _Walker(Generic[Node]):
    def __init__(
        self,
        needs: Mapping[Node, set[Node]],
        run: Callable[[Node], Awaitable[bool]],
        stop: asyncio.Event,
        last: frozenset[Node],
    ) -> None:
        self._run = run
        self._stop = stop
        self._last = last
        self._waiting = {node: len(needed) for node, needed in needs.items()}
        self._waiters: dict[Node, list[Node]] = {node: [] for node in needs}
        for node, needed in needs.items():
            for other in needed:
                self._waiters[other].append(node)
        self._ready: list[Node] = []
        self._ready_last: list[Node] = []
        for node in reversed(list(needs)):
            if not self._waiting[node]:
                self._becomes_ready(node)
        self._result: Walk[Node] = Walk()

    async def walk(self) -> Walk[Node]:
        running: dict[asyncio.Future[bool], Node] = {}
        try:
            await self._run_all(running)
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
        decided = self._result.done | self._result.failed | self._result.skipped.keys()
        self._result.not_started.update(node for node in self._waiting if node not in decided)
        return self._result

    async def _run_all(self, running: dict[asyncio.Future[bool], Node]) -> None:
        while self._ready or self._ready_last or running:
            while (ready := self._startable(running.values())) and not self._stop.is_set():
                node = ready.pop()
                running[asyncio.ensure_future(self._run(node))] = node
            if not running:
                return
            finished, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in finished:
                self._settle(running.pop(task), succeeded=task.result())

    def _startable(self, running: Collection[Node]) -> list[Node]:
        """Return the nodes of which one may start now."""
        if len(running) >= CONCURRENCY:
            return []
        if self._ready or not self._last.issuperset(running):
            return self._ready
        return self._ready_last

    def _becomes_ready(self, node: Node) -> None:
        (self._ready_last if node in self._last else self._ready).append(node)

    def _settle(self, node: Node, *, succeeded: bool) -> None:
        if not succeeded:
            self._result.failed.add(node)
            for waiter in self._behind(node):
                self._result.skipped.setdefault(waiter, node)
            return
        self._result.done.add(node)
        for waiter in self._waiters[node]:
            self._waiting[waiter] -= 1
            if not self._waiting[waiter] and waiter not in self._result.skipped:
                self._becomes_ready(waiter)

    def _behind(self, node: Node) -> Iterator[Node]:
        """Yield all direct and indirect dependents of `node` that are not skipped yet."""
        stack = list(self._waiters[node])
        while stack:
            waiter = stack.pop()
            if waiter not in self._result.skipped:
                yield waiter
                stack.extend(self._waiters[waiter])
