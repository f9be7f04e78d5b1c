"""Connections in virtual time: to the embedded API, or to a server with scripted responses."""

import asyncio
import hashlib
import selectors
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import httpx2
import pytest
from starlette.applications import Starlette

from reconciler.emulator import Settings, create_app
from reconciler.live.adapters import WriteRequest, adapters
from reconciler.live.client import Connection, Endpoint, connect
from reconciler.live.pace import Pace
from reconciler.resources.address import Address
from reconciler.resources.base import Desired, Labels, LocalFile
from reconciler.resources.labels import spec_hashes
from reconciler.resources.problems import Place

T = TypeVar("T")
IDENTITY = "acme/production"


class VirtualTime(asyncio.SelectorEventLoop):
    """An event loop whose timers fire immediately, in order: the clock advances instead of waiting."""

    def __init__(self) -> None:
        self.now = 0.0
        super().__init__(_Impatient(self))

    def time(self) -> float:
        return self.now


class _Impatient(selectors.DefaultSelector):
    def __init__(self, loop: VirtualTime) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> Any:
        if timeout:
            self._loop.now += timeout
            timeout = 0
        return super().select(timeout)


@dataclass
class Bench:
    """A runner of coroutines in virtual time that keeps connections open until the test ends."""

    runner: asyncio.Runner
    stack: AsyncExitStack

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    @property
    def now(self) -> float:
        return self.runner.get_loop().time()

    def connection(self, transport: httpx2.AsyncBaseTransport, limits: dict[str, int] | None = None) -> Connection:
        pace = Pace(limits or {}, clock=self.runner.get_loop().time)
        connection = self.run(self.stack.enter_async_context(connect(Endpoint(transport=transport), pace=pace)))
        connection.client._platform = "Linux"  # looked up in a thread otherwise, for which virtual time does not wait
        return connection


@pytest.fixture
def bench() -> Iterator[Bench]:
    with asyncio.Runner(loop_factory=VirtualTime) as runner:
        stack = AsyncExitStack()
        yield Bench(runner, stack)
        runner.run(stack.aclose())


@dataclass
class Server:
    """A server with scripted responses, the last of which is repeated. Records the requests."""

    bench: Bench
    asked: list[httpx2.Request] = field(default_factory=list)
    at: list[float] = field(default_factory=list)

    def says(self, *answers: httpx2.Response | Exception, limits: dict[str, int] | None = None) -> Connection:
        script = list(answers)

        def answer(request: httpx2.Request) -> httpx2.Response:
            self.asked.append(request)
            self.at.append(self.bench.now)
            said = script.pop(0) if len(script) > 1 else script[0]
            if isinstance(said, Exception):
                raise said
            return httpx2.Response(said.status_code, headers=said.headers, content=said.content)

        return self.bench.connection(httpx2.MockTransport(answer), limits)


@pytest.fixture
def server(bench: Bench) -> Server:
    return Server(bench)


@dataclass
class Api:
    """The embedded API, its adapters, and write requests for them."""

    bench: Bench
    app: Starlette
    connection: Connection
    root: Path

    def __post_init__(self) -> None:
        self.adapters: dict[str, Any] = adapters(self.connection)
        self.ids: dict[str, str] = {}

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.bench.run(work)

    def requests(self) -> list[str]:
        """Return the requests since the last call, as `POST /v1/agents`."""
        asked = [f"{method} {path}" for method, path in self.app.state.requests]
        self.app.state.requests.clear()
        return asked

    def order(self, kind: str, address: str, fields: dict[str, Any], **desired: Any) -> WriteRequest:
        wanted = Desired(Address.parse(address), kind, fields, Place("manifests/a.yaml", 3, 1), **desired)
        hashes = spec_hashes({name: value for name, value in fields.items() if name != "files"})
        labels = Labels(IDENTITY, address, hashes)
        return WriteRequest(wanted, fields, labels, self.ids.__getitem__, self.root)

    def upload(self, path: str, text: str = "hello", name: str | None = None) -> WriteRequest:
        """Return a write request for a file, and write its content to disk."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        sha256 = hashlib.sha256(text.encode()).hexdigest()
        local = LocalFile(path, sha256, len(text.encode()))
        fields = {"sha256": sha256, "purpose": "assistants"}
        return self.order("file", f"file/{path}", fields, parts=(local,), upload_name=name or Path(path).name)


@pytest.fixture
def emulator(bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Api]:
    def now() -> float:
        return EPOCH + bench.now

    def start(**settings: Any) -> Api:
        # Creation times are compared with the time here: both live in the same virtual time.
        monkeypatch.setattr(time, "time", now)
        app = create_app(Settings(now=now, **settings))
        return Api(bench, app, bench.connection(httpx2.ASGITransport(app)), tmp_path)

    return start


EPOCH = 1_795_000_000.0


@pytest.fixture
def api(emulator: Callable[..., Api]) -> Api:
    return emulator()
