"""Bundles that are published while others are being written are written together."""

import asyncio
import threading
from collections.abc import Callable, Sequence

from reconciler.applying.publishing import Publication, Publishing
from reconciler.resources.address import Address
from reconciler.resources.problems import Problem, ReconcilerError


class Writer:
    """Records the groups that are written; an address in `refused` fails, with the whole group."""

    def __init__(self, *refused: str) -> None:
        self.groups: list[list[str]] = []
        self.refused = refused
        self.began = threading.Event()
        self.may_go_on = threading.Event()

    def publish(self, bundles: Sequence[Publication]) -> None:
        names = [one.address.name for one in bundles]
        self.groups.append(names)
        self.began.set()
        assert self.may_go_on.wait(10)
        failed = [name for name in names if name in self.refused]
        if failed:
            raise ReconcilerError(Problem("outlet", f"{failed[0]} cannot be written"))


def published(
    writer: Writer,
    names: str,
    *,
    together: bool = True,
    then: Callable[[list[asyncio.Task[None]]], object] | None = None,
) -> list[object]:
    """Publish bundles at once, and return their results: None, or an error."""

    async def run() -> list[object]:
        publishing = Publishing(writer.publish, together=together)
        tasks = [asyncio.create_task(publishing.publish(Publication(Address("agent", name), {}))) for name in names]
        await asyncio.to_thread(writer.began.wait, 10)
        if then:
            then(tasks)
        writer.may_go_on.set()
        return await asyncio.gather(*tasks, return_exceptions=True)

    return asyncio.run(run())


def test_bundles_that_wait_are_written_together():
    writer = Writer()
    assert published(writer, "abcd") == [None] * 4
    assert writer.groups == [["a"], ["b", "c", "d"]]


def test_bundles_of_a_slow_outlet_are_written_at_once_each_on_its_own():
    writer = Writer()
    assert published(writer, "abcd", together=False) == [None] * 4
    assert sorted(writer.groups) == [["a"], ["b"], ["c"], ["d"]]


def test_failure_of_a_group_is_that_of_the_bundle_that_cannot_be_written():
    writer = Writer("c")
    a, b, c, d = published(writer, "abcd")
    assert (a, b, d) == (None, None, None)
    assert "c cannot be written" in str(c)
    assert writer.groups == [["a"], ["b", "c", "d"], ["b"], ["c"], ["d"]]


def test_failure_of_a_single_bundle_is_not_repeated():
    writer = Writer("a")
    (error,) = published(writer, "a")
    assert isinstance(error, ReconcilerError)
    assert writer.groups == [["a"]]


def test_cancelled_step_that_waits_is_not_published():
    writer = Writer()
    a, b, _ = published(writer, "abc", then=lambda tasks: tasks[2].cancel())
    assert (a, b) == (None, None)
    assert writer.groups == [["a"], ["b"]]


def test_cancelled_step_whose_group_is_written_leaves_the_others_published():
    writer = Writer()
    _, b, c = published(writer, "abc", then=lambda tasks: tasks[0].cancel())
    assert (b, c) == (None, None)
    assert writer.groups[1:] == [["b", "c"]]
