import asyncio

import pytest
from hypothesis import given, settings, strategies as st

from reconciler.live.pace import AT_ONCE, Pace
from reconciler.resources.store_files import WRITES

arrivals = st.lists(st.integers(0, 2000).map(lambda tenths: tenths / 10), max_size=60, unique=True).map(sorted)


async def sent_at(pace, times, *lanes):
    """When requests that arrive at `times` are sent."""
    sent: list[float | None] = [None] * len(times)

    async def send(index, time):
        await asyncio.sleep(time - pace.clock())
        async with pace.turn(*lanes):
            sent[index] = pace.clock()

    start = pace.clock()
    await asyncio.gather(*(send(index, start + time) for index, time in enumerate(times)))
    return [time - start for time in sent if time is not None]


def paced(bench, **limits):
    return Pace(limits, lanes=[WRITES], clock=bench.runner.get_loop().time)


@pytest.fixture(scope="module")
def loop():
    """One loop for all examples of a property."""
    from tests.live.conftest import VirtualTime

    with asyncio.Runner(loop_factory=VirtualTime) as runner:
        yield runner


class TestWindow:
    @settings(max_examples=60, deadline=None)
    @given(arrivals, st.integers(1, 7))
    def test_never_more_than_the_limit_in_any_window_and_never_later_than_needed(self, loop, times, limit):
        pace = Pace({"GET": limit}, clock=loop.get_loop().time)
        sent = loop.run(sent_at(pace, times, "GET"))
        expected: list[float] = []
        for index, time in enumerate(times):
            window = expected[index - limit] + 60 if index >= limit else 0.0
            expected.append(max(time, window, *expected[-1:]))
        assert sent == pytest.approx(expected)
        assert all(late - early > 60 - 1e-6 for early, late in zip(sent, sent[limit:], strict=False))

    def test_the_whole_allowance_may_go_at_once(self, bench):
        assert set(bench.run(sent_at(paced(bench, POST=300), [0] * 300, "POST"))) == {0}

    def test_methods_have_windows_of_their_own(self, bench):
        pace = paced(bench, POST=1)
        bench.run(sent_at(pace, [0], "POST"))
        assert bench.run(sent_at(pace, [0], "GET")) == [0]

    def test_a_request_counts_until_a_minute_after_its_answer(self, bench):
        """When in between the server counts it, nobody knows."""
        pace = paced(bench, POST=1)

        async def slow():
            async with pace.turn("POST"):
                await asyncio.sleep(7)

        async def both():
            first = asyncio.ensure_future(slow())
            return await sent_at(pace, [1], "POST"), await first

        assert bench.run(both())[0] == [67]


class TestTelling:
    def test_a_wait_is_told_once_a_window(self, bench):
        pace = paced(bench, POST=2)
        told: list[tuple[float, str]] = []
        pace.tell = lambda text: told.append((bench.now, text))
        bench.run(sent_at(pace, [0] * 7, "POST"))
        text = "Slowed down to the limit of 2 POST requests a minute."
        assert told == [(0, text), (60, text), (120, text)]

    def test_of_a_store_and_of_a_server_that_has_enough(self, bench):
        pace = paced(bench, POST=100, store=1)
        told: list[str] = []
        pace.tell = told.append
        bench.run(sent_at(pace, [0, 0], WRITES.of("vs_1"), "POST"))
        pace.hold(7, "POST")
        bench.run(sent_at(pace, [0], "POST"))
        assert told == [
            "Slowed down to the limit of 1 writes to vector store vs_1 a minute.",
            "Rate limited by OpenAI (POST requests); retrying in 7 s.",
        ]

    def test_nothing_is_told_where_nobody_waits(self, bench):
        pace = paced(bench, POST=2)
        told: list[str] = []
        pace.tell = told.append
        bench.run(sent_at(pace, [0, 0, 61], "POST"))
        assert told == []


class TestStores:
    def test_each_store_has_a_limit_of_its_own(self, bench):
        pace = paced(bench, POST=100, store=2)
        assert bench.run(sent_at(pace, [0, 0, 0], WRITES.of("vs_1"), "POST")) == [0, 0, 60]
        assert bench.run(sent_at(pace, [0], WRITES.of("vs_2"), "POST")) == [0]

    def test_a_store_at_its_limit_keeps_nobody_else_waiting(self, bench):
        pace = paced(bench, POST=100, store=1)

        async def both():
            return await asyncio.gather(sent_at(pace, [0, 0], WRITES.of("vs_1"), "POST"), sent_at(pace, [1], "POST"))

        assert bench.run(both()) == [[0, 60], [1]]


class TestHold:
    def test_holds_back_everything_in_the_lane(self, bench):
        pace = paced(bench, POST=100)
        pace.hold(20, "POST")
        assert bench.run(sent_at(pace, [0, 5, 30], "POST")) == [20, 20, 30]

    def test_reaches_those_who_wait_already(self, bench):
        pace = paced(bench, POST=1)

        async def held_meanwhile():
            waiting = asyncio.ensure_future(sent_at(pace, [0, 0], "POST"))
            await asyncio.sleep(30)
            pace.hold(100, "POST")
            return await waiting

        assert bench.run(held_meanwhile()) == [0, 130]


class TestSlots:
    def test_sixteen_requests_at_once(self, bench):
        pace = paced(bench)
        running, most = 0, 0

        async def slow():
            nonlocal running, most
            async with pace.turn("GET"):
                running, most = running + 1, max(most, running + 1)
                await asyncio.sleep(1)
                running -= 1

        async def all_of_them():
            await asyncio.gather(*(slow() for _ in range(40)))

        bench.run(all_of_them())
        assert most == 16

    def test_a_slot_comes_back_when_a_waiting_request_is_cancelled(self, bench):
        pace = paced(bench, GET=1)

        async def cancelled():
            await sent_at(pace, [0], "GET")
            waiting = asyncio.ensure_future(sent_at(pace, [0], "GET"))
            await asyncio.sleep(1)
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
            return await sent_at(pace, [0], "GET")

        assert bench.run(cancelled()) == [59]


class TestFirst:
    def test_requests_that_go_first_overtake_those_that_wait(self, bench):
        pace, sent = paced(bench, GET=2), []

        async def send(name, *, first):
            async with pace.turn("GET", first=first):
                sent.append(name)

        async def all_at_once():
            others = [asyncio.create_task(send(f"other {number}", first=False)) for number in range(6)]
            await asyncio.sleep(1)
            walks = [asyncio.create_task(send(f"walk {number}", first=True)) for number in range(2)]
            await asyncio.gather(*others, *walks)

        bench.run(all_at_once())
        # The one that is next has its turn already: it waits for the window.
        assert sent == ["other 0", "other 1", "other 2", "walk 0", "walk 1", "other 3", "other 4", "other 5"]

    def test_requests_that_go_first_overtake_those_that_wait_for_a_slot(self, bench):
        pace, sent = paced(bench), []

        async def send(name, *, first):
            async with pace.turn("GET", first=first):
                sent.append(name)
                await asyncio.sleep(1)

        async def all_at_once():
            others = [send(number, first=False) for number in range(AT_ONCE + 2)]
            await asyncio.gather(*others, send("walk", first=True))

        bench.run(all_at_once())
        # The one that is next has its turn in the lane already.
        assert sent == [*range(AT_ONCE + 1), "walk", AT_ONCE + 1]

    @pytest.mark.parametrize("first", [True, False])
    def test_a_cancelled_wait_leaves_its_turn_to_the_next(self, bench, first):
        pace, sent = paced(bench, GET=1), []

        async def send(name, *, first):
            async with pace.turn("GET", first=first):
                sent.append(name)

        async def cancelled():
            waiting = [asyncio.create_task(send(number, first=first)) for number in range(4)]
            await asyncio.sleep(1)
            waiting[1].cancel()  # has its turn, and waits for the window
            waiting[2].cancel()  # waits for its turn
            await asyncio.gather(*waiting, return_exceptions=True)

        bench.run(cancelled())
        assert sent == [0, 3]
