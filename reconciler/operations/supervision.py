"""Supervision of a run that writes: its lease is renewed and confirmed, its journal flushed, and signals and the time
limit stop it.
"""

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

from reconciler.resources.problems import ReconcilerError
from reconciler.state import lock
from reconciler.state.journal import Journal
from reconciler.state.lock import Lease

FLUSH_SECONDS = 0.2
"""Interval of the checks whether a journal segment is due."""


def confirming(lease: Lease) -> Callable[[], Awaitable[None]]:
    """Return a function that raises `LeaseLostError` unless the lease holds; concurrent calls share one read.

    A local file is read in the event loop: handing it to a thread takes longer than the read.
    """
    turn = asyncio.Lock()

    async def confirm() -> None:
        if lease.is_local:
            lease.confirm()
            return
        async with turn:
            if lease.is_unconfirmed:
                await asyncio.to_thread(lease.confirm)
            else:
                lease.check()

    return confirm


@asynccontextmanager
async def kept_alive(journal: Journal, lease: Lease, stop: asyncio.Event) -> AsyncIterator[None]:
    """Flush the journal and renew the lease while the body runs; stop the run if one of them fails."""
    keeper = asyncio.create_task(_keep(journal, lease, stop))
    ended, error = False, None
    try:
        yield
        ended = True
    finally:
        keeper.cancel()
        await asyncio.gather(keeper, return_exceptions=True)
        error = None if keeper.cancelled() else keeper.exception()
        if error or not ended:  # otherwise `close` flushes the journal
            await asyncio.to_thread(journal.flush)
    if error:
        raise error


async def _keep(journal: Journal, lease: Lease, stop: asyncio.Event) -> None:
    renewed = lease.now()
    try:
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            if journal.due:
                await asyncio.to_thread(journal.flush)
            if lease.is_unconfirmed:  # so that no write has to wait for it
                await asyncio.to_thread(lease.confirm)
            if lease.now() - renewed > lock.DURATION / 3:
                await asyncio.to_thread(lease.renew)
                renewed = lease.now()
    except ReconcilerError:
        stop.set()
        raise


@contextmanager
def interruptible() -> Iterator[None]:
    """Let Ctrl-C end the body at once: the handler of asyncio would wait for its end."""
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)


def sleep(seconds: float) -> None:
    """Sleep, until Ctrl-C."""
    with interruptible():
        time.sleep(seconds)


@contextmanager
def stopping(
    stop: asyncio.Event, interrupted: Callable[[], None], seconds: float | None, late: Callable[[], None]
) -> Iterator[None]:
    """Stop the run after operations in flight at the first SIGINT or SIGTERM, or after `seconds`. A second signal ends
    the process.
    """
    loop = asyncio.get_running_loop()
    numbers = (signal.SIGINT, signal.SIGTERM)

    def request_stop() -> None:
        stop.set()
        for number in numbers:
            loop.remove_signal_handler(number)
        interrupted()

    def end() -> None:
        stop.set()
        late()

    timer = None if seconds is None else loop.call_later(seconds, end)
    for number in numbers:
        loop.add_signal_handler(number, request_stop)
    try:
        yield
    finally:
        if timer:
            timer.cancel()
        for number in numbers:
            loop.remove_signal_handler(number)
