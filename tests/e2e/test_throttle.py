"""A large apply against an API that enforces its limits: as fast as is allowed, and never faster."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import httpx2
import pytest

from reconciler.emulator import Settings, create_app
from reconciler.live.client import Endpoint, connect
from reconciler.live.pace import Pace
from reconciler.operations.apply import apply_plan
from reconciler.operations.plan import make_plan
from reconciler.project.endpoint import EMBEDDED, WITH_ASSISTANTS
from reconciler.project.workspace import open_workspace
from tests.support.world import PROJECT, Quiet, as_yaml, manifest

OBJECTS = 1000
ALLOWED = 300
"""POST requests a minute."""
DURATION = 0.02
"""Seconds of a request."""


class Watched(httpx2.ASGITransport):
    """Notes when POST requests arrive, and every status.

    Its time passes with requests and waits only, so that the load of the machine decides nothing.
    """

    def __init__(self, *, assistants: bool) -> None:
        super().__init__(create_app(Settings(now=self.now, rate_limit=1.0, assistants=assistants)))
        self.posts: list[float] = []
        self.statuses: set[int] = set()
        self.pace = Pace(clock=self.now, sleep=self.sleep)
        self._time = 0.0

    def now(self) -> float:
        return self._time

    async def sleep(self, seconds: float) -> None:
        """Wait until all requests that have a turn are answered, then let the time pass."""
        until = self._time + seconds
        while any(lane.in_flight for lane in self.pace._lanes.values()):  # noqa: ASYNC110 - no event
            await asyncio.sleep(0.001)
        self._time = max(self._time, until)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self._time += DURATION
        if request.method == "POST":
            self.posts.append(self._time)
        response = await super().handle_async_request(request)
        self.statuses.add(response.status_code)
        return response


def project(root: Path, target: str) -> None:
    spec = {"target": target, "model": "gpt-6-luna"}
    (root / "project.yaml").write_text(as_yaml([PROJECT]))
    (root / "assistants.yaml").write_text(
        as_yaml([manifest("Assistant", f"desk-{number}", spec) for number in range(OBJECTS)])
    )


@pytest.mark.long
@pytest.mark.parametrize(("target", "endpoint"), [("agents", EMBEDDED), ("assistants", WITH_ASSISTANTS)])
def test_a_thousand_objects_at_the_rate_that_is_allowed(tmp_path, target, endpoint):
    project(tmp_path, target)
    api = Watched(assistants=target == "assistants")
    told: list[str] = []

    async def applied() -> None:
        workspace = open_workspace(tmp_path, {"RECONCILER_ENDPOINT": endpoint})
        async with AsyncExitStack() as stack:
            api.pace.tell = told.append
            connection = await stack.enter_async_context(connect(Endpoint(transport=api), pace=api.pace))
            observed = await make_plan(workspace, connection)
            result = await apply_plan(workspace, connection, observed, Quiet(), resume="again")
            assert result.complete

    asyncio.run(applied())
    assert len(api.posts) == OBJECTS
    assert 429 not in api.statuses
    minutes = [sum(1 for post in api.posts if 0 <= post - api.posts[0] - 60 * minute < 60) for minute in range(3)]
    assert minutes[0] == ALLOWED
    assert min(minutes[1:]) >= 0.95 * ALLOWED, minutes
    assert set(told) == {"Slowed down to the limit of 300 POST requests a minute."}
    assert len(told) <= 4
