"""How long a look serves."""

import asyncio

import pytest

from reconciler.applying.reference_recheck import FRESH, ReferenceRecheck
from reconciler.resources.base import Live
from tests.applying.fakes import Cloud, FakeReferrer
from tests.support.plan_inputs import Worlds


@pytest.fixture
def cloud():
    return Cloud()


@pytest.fixture
def planned():
    return Worlds().stays("widget/lamp").stays("widget/vase").planned()


def test_a_look_is_used_again_for_two_seconds_and_not_longer(planned, cloud):
    now = [0.0]
    recheck = ReferenceRecheck(planned, {}, [FakeReferrer(cloud)], clock=lambda: now[0])
    lamp, vase = planned.inputs.live

    async def look():
        assert await recheck.holders(lamp) == []
        cloud.users = [Live("automation", "auto_1", {}, refers_to=(lamp.id, vase.id))]
        now[0] = FRESH
        assert await recheck.holders(vase) == []
        assert cloud.looks == 1
        now[0] = FRESH + 0.1
        assert await recheck.holders(vase) == cloud.users
        assert cloud.looks == 2

    asyncio.run(look())


def test_reference_in_an_earlier_look_is_looked_for_again(planned, cloud):
    now = [0.0]
    recheck = ReferenceRecheck(planned, {}, [FakeReferrer(cloud)], clock=lambda: now[0])
    lamp, vase = planned.inputs.live

    async def look():
        cloud.users = [Live("automation", "auto_1", {}, refers_to=(lamp.id, vase.id))]
        assert await recheck.holders(lamp) == cloud.users
        cloud.users = []
        now[0] = 1.0
        assert await recheck.holders(vase) == []
        assert cloud.looks == 2

    asyncio.run(look())


def test_only_the_list_with_the_reference_is_looked_at_again(planned, cloud):
    now, other = [0.0], Cloud()
    referrers = [FakeReferrer(cloud), FakeReferrer(other, type="page")]
    recheck = ReferenceRecheck(planned, {}, referrers, clock=lambda: now[0])
    lamp, vase = planned.inputs.live

    async def look():
        cloud.users = [Live("automation", "auto_1", {}, refers_to=(vase.id,))]
        assert await recheck.holders(lamp) == []
        cloud.users, now[0] = [], 1.0
        assert await recheck.holders(vase) == []

    asyncio.run(look())
    assert (cloud.looks, other.looks) == (2, 1)


def test_what_is_asked_by_id_is_asked_every_time(planned, cloud):
    recheck = ReferenceRecheck(planned, {}, [FakeReferrer(cloud, asks_by_id=True)], clock=lambda: 0.0)

    async def look():
        for live in planned.inputs.live:
            await recheck.holders(live)

    asyncio.run(look())
    assert cloud.looks == 2


def test_what_a_peer_had_when_it_was_planned_is_no_news(cloud):
    planned = Worlds().stays("widget/lamp").peer("globex", "assistant/a", "widget_lamp").planned()
    cloud.users = [Live("page", f"globex: assistant/{name}", {}, refers_to=("widget_lamp",)) for name in "ab"]
    recheck = ReferenceRecheck(planned, {}, [FakeReferrer(cloud)])
    assert asyncio.run(recheck.holders(planned.inputs.live[0])) == cloud.users[1:]


def test_types_that_cannot_refer_are_not_read(planned, cloud):
    recheck = ReferenceRecheck(planned, {}, [FakeReferrer(cloud, refers=frozenset({"file"}))])
    assert asyncio.run(recheck.holders(planned.inputs.live[0])) == []
    assert cloud.looks == 0
