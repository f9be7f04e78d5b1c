"""`status`: where every object stands."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from reconciler.operations.plan import make_plan
from reconciler.planning.build import Planned
from reconciler.planning.model import Action
from reconciler.project.endpoint import open_connection, shown
from reconciler.project.workspace import Workspace, open_workspace
from reconciler.resources.address import Address
from reconciler.resources.base import Live
from reconciler.resources.values import JSON, references_in
from reconciler.state.model import Snapshot

_GONE: Final[Mapping[Action, str]] = {"create": "deleted", "release": "deleted", "replace": "expired or replaced"}


@dataclass(frozen=True, slots=True)
class Standing:
    """One object, as a person asks about it."""

    address: str
    standing: str
    """`in sync`, or what is pending and what was changed by hand, with the fields."""
    id: str | None


@dataclass(frozen=True, slots=True)
class Status:
    """Every object of one identity."""

    identity: str
    endpoint: str
    last_apply: str
    lock: str | None
    entries: tuple[Standing, ...]

    def document(self) -> dict[str, JSON]:
        """As JSON (`reconciler/status/v1`)."""
        return {"format": "reconciler/status/v1", **asdict(self), "entries": [asdict(entry) for entry in self.entries]}


def status(start: Path, environ: Mapping[str, str], *, env: str | None, endpoint: str | None) -> Status:
    """Plan, and say for each address how it stands."""

    async def run() -> Status:
        workspace = open_workspace(start, environ, env=env, endpoint=endpoint)
        async with open_connection(workspace.loaded.project, workspace.endpoint) as connection:
            observed = await make_plan(workspace, connection)
        return _status(workspace, observed.planned, observed.snapshot)

    return asyncio.run(run())


def _status(workspace: Workspace, planned: Planned, snapshot: Snapshot) -> Status:
    lock = workspace.backend.held()
    return Status(
        identity=str(workspace.identity),
        endpoint=shown(workspace.endpoint),
        last_apply=_last_apply(snapshot),
        lock=f"{lock.holder.name}@{lock.holder.host}" if lock and lock.released is None else None,
        entries=tuple(_entries(planned)),
    )


def _entries(planned: Planned) -> Iterator[Standing]:
    told: dict[str, list[str]] = defaultdict(list)
    for change in planned.plan.changes:
        told[change.address].append(f"to {change.action}")
    for change in planned.plan.drift:
        if change.is_consequence:
            told[change.address].append(f"to {change.action}")
            continue
        what = ", ".join(item.path for item in change.fields[:3]) if change.action == "update" else _GONE[change.action]
        told[change.address].append(f"changed by hand: {what}")
    for refusal in planned.plan.refusals:
        told[refusal.address].append(f"refused: {refusal.rule}")
    known = {*map(str, planned.inputs.desired), *map(str, planned.matched.live), *told}
    for address in sorted(known):
        live = planned.matched.live.get(Address.parse(address))
        standing = [*told.get(address, ["in sync"]), *_published(live)]
        yield Standing(address, "; ".join(standing), live.id if live else None)


def _published(live: Live | None) -> Iterator[str]:
    """The release that applications get under a chatbot's name."""
    named = live.fields.get("published") if live else None
    yield from (f"{release} is published" for release in references_in(named))


def _last_apply(snapshot: Snapshot) -> str:
    if not snapshot.state.plans:
        return "never applied"
    last = list(snapshot.state.plans.values())[-1]
    when = datetime.fromtimestamp(last.finished or last.started, UTC).isoformat(timespec="seconds")
    return f"last apply {when} by {last.holder} ({last.outcome})"
