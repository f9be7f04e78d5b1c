"""A cloud in memory: it records what is asked of it, and fails, doubts or waits where a test says so."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any

from reconciler.applying.apply import apply
from reconciler.applying.model import Outcome
from reconciler.applying.publishing import Publication
from reconciler.applying.run import Run
from reconciler.live.adapters import WriteRequest, needing
from reconciler.live.errors import LiveError, UnknownOutcomeError
from reconciler.planning.build import Planned
from reconciler.resources.address import Address, Identity
from reconciler.resources.base import Applied, Live
from reconciler.resources.problems import Problem
from reconciler.resources.values import replace_references
from tests.support.plan_inputs import FORMS, Worlds


def refused() -> LiveError:
    return LiveError(Problem("bad-request", "the API refuses it"))


def doubt() -> UnknownOutcomeError:
    return UnknownOutcomeError(Problem("in-doubt", "no answer"))


@dataclass
class MadeButLost:
    """The request is carried out, and its answer is lost."""


@dataclass
class Cloud:
    objects: dict[str, Live] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    """Every write and every search, in order: `create widget/a`, `delete widget_a`, `publish page/home`."""
    gone: set[str] = field(default_factory=set)
    """Ids of what was planned on and is not there any more."""
    users: list[Live] = field(default_factory=list)
    """What a referrer finds: automations, say."""
    looks: int = 0
    """How often it looked."""
    orders: dict[str, WriteRequest] = field(default_factory=dict)
    """The last request by call."""
    trouble: dict[str, list[Any]] = field(default_factory=dict)
    """By call, what happens to each time it is made: an exception, an event to wait for, `MadeButLost`, or None."""
    published: dict[str, dict[str, str]] = field(default_factory=dict)
    journal: list[tuple[str, Applied | None]] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    doubtful: list[str] = field(default_factory=list)
    """Addresses in whose stead others were recorded."""
    finished: list[Outcome] = field(default_factory=list)
    blind: int = 0
    """How many more searches find nothing, whatever there is."""
    slept: float = 0.0
    running: int = 0
    most_running: int = 0
    _numbers: Any = field(default_factory=lambda: count(1))

    async def meet(self, call: str) -> bool:
        """Whether the answer to `call` gets lost."""
        self.calls.append(call)
        queue = self.trouble.get(call, [])
        what = queue.pop(0) if queue else None
        if isinstance(what, Exception):
            raise what
        if isinstance(what, asyncio.Event):
            await what.wait()
        await asyncio.sleep(0)
        return isinstance(what, MadeButLost)

    async def sleep(self, seconds: float) -> None:
        self.slept += seconds
        await asyncio.sleep(0)

    # What `apply` calls: the journal, the publisher and the listener.

    def is_announced(self, address: Address) -> bool:
        return True

    def announce(self, address: Address) -> None: ...

    def publication_done(self, address: Address) -> None: ...

    def done(
        self,
        address: Address,
        applied: Applied | None,
        instead_of: Address | None = None,
        *,
        is_doubtful: bool = False,
    ) -> None:
        self.journal.append((str(address), applied))
        self.doubtful += [str(address)] if is_doubtful else []
        self.left += [str(instead_of)] if instead_of else []

    writes_groups = True

    def publish(self, bundles: Sequence[Publication]) -> None:
        for one in bundles:
            name = str(one.under or one.address)
            self.calls.append(f"publish {name}")
            self.published[name] = dict(one.ids)

    def withdraw(self, address: Address, *, published_only: bool = False) -> None:
        self.calls.append(f"withdraw {address}")

    def started(self, address: str, action: str) -> None:
        self.running += 1
        self.most_running = max(self.running, self.most_running)

    def finished_one(self, outcome: Outcome) -> None:
        self.running -= 1
        self.finished.append(outcome)

    def before(self, first: str, second: str) -> bool:
        return self.calls.index(first) < self.calls.index(second)


@dataclass
class FakeAdapter:
    type: str
    cloud: Cloud
    refers: frozenset[str] = frozenset()
    lists_whole: bool = True

    async def list(self, identity: Identity, known: Sequence[str]) -> Sequence[Live]:
        return [live for live in self.cloud.objects.values() if live.type == self.type]

    async def whole(self, live: Live) -> Live:
        return live

    async def read(self, id: str) -> Live | None:  # noqa: A002
        return self.cloud.objects.get(id)

    async def read_again(self, planned: Live, parts: frozenset[str]) -> Live | None:
        """Return the object with the files as planned, unless some of them are read."""
        now = await self.read(planned.id)
        if now is None or parts or "files" not in planned.fields:
            return now
        return replace(now, fields={**now.fields, "files": planned.fields["files"]})

    async def create(self, request: WriteRequest) -> Live:
        call = f"create {request.desired.address}"
        lost = await self.cloud.meet(call)
        self.cloud.orders[call] = request
        fields = {name: replace_references(value, request.id_of) for name, value in request.fields.items()}
        if lost:
            fields = {name: value for name, value in fields.items() if name not in FORMS[self.type].apart}
        made = Live(self.type, f"new_{next(self.cloud._numbers)}", fields, request.labels, request.desired.upload_name)
        self.cloud.objects[made.id] = made
        if lost:
            raise doubt()
        return made

    async def find(self, request: WriteRequest, since: float) -> Live | None:
        self.cloud.calls.append(f"find {request.desired.address}")
        if self.cloud.blind:
            self.cloud.blind -= 1
            return None
        address = str(request.desired.address)
        return next(
            (live for live in self.cloud.objects.values() if live.labels and live.labels.address == address), None
        )

    async def update(self, live: Live, request: WriteRequest) -> Live:
        call = f"update {request.desired.address}"
        await self.cloud.meet(call)
        self.cloud.orders[call] = request
        changed = replace(live, fields={**live.fields, **request.fields}, labels=request.labels)
        self.cloud.objects[live.id] = changed
        return changed

    async def disown(self, id: str, identity: Identity, lineage: str | None) -> None:  # noqa: A002
        await self.cloud.meet(f"disown {id}")
        self.cloud.objects[id] = replace(self.cloud.objects[id], labels=None)

    async def delete(self, id: str) -> None:  # noqa: A002
        await self.cloud.meet(f"delete {id}")
        self.cloud.objects.pop(id, None)


@dataclass
class FakeReferrer:
    """Needs anything."""

    cloud: Cloud
    type: str = "automation"
    refers: frozenset[str] = frozenset(FORMS)
    asks_by_id: bool = False

    async def referring(self, ids: Mapping[str, Collection[str]]) -> Sequence[Live]:
        self.cloud.looks += 1
        await asyncio.sleep(0)
        return needing(self.cloud.users, ids)


class _Listener:
    def __init__(self, cloud: Cloud) -> None:
        self.started = cloud.started
        self.finished = cloud.finished_one


@dataclass
class Result:
    cloud: Cloud
    outcomes: tuple[Outcome, ...]

    @property
    def statuses(self) -> dict[str, str]:
        """`action address` to status."""
        return {f"{outcome.action} {outcome.address}": outcome.status for outcome in self.outcomes}

    def of(self, address: str) -> Outcome:
        return next(outcome for outcome in self.outcomes if outcome.address == address)


async def carry_out(planned: Planned, cloud: Cloud, stop: asyncio.Event | None = None) -> Result:
    """Apply a plan to `cloud`, in which everything that was planned on is live unless the test has put it there."""
    assert not planned.plan.refusals, planned.plan.refusals
    for live in planned.inputs.live:
        if live.id not in cloud.gone:
            cloud.objects.setdefault(live.id, live)
    adapters = {type_: FakeAdapter(type_, cloud) for type_ in FORMS if type_ not in planned.inputs.outlet_types}
    stop = stop or asyncio.Event()
    referrers, lineage = [FakeReferrer(cloud)], planned.inputs.lineage
    run = Run(planned, adapters, cloud, cloud, Path(), lineage, stop, referrers, sleep=cloud.sleep)
    return Result(cloud, await apply(run, _Listener(cloud)))


async def until(condition: Callable[[], bool]) -> None:
    """Let everything else go on until something is so; fails after five seconds."""
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - any condition, not an event
            await asyncio.sleep(0)


def applied(worlds: Worlds, cloud: Cloud | None = None, **options: Any) -> Result:
    return asyncio.run(carry_out(worlds.planned(**options), cloud or Cloud()))
