"""One apply under way: what its steps share."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Protocol

from reconciler.applying.model import Outcome
from reconciler.applying.publishing import Publication, Publishing
from reconciler.applying.reference_recheck import ReferenceRecheck
from reconciler.live.adapters import Adapter, PartReader, Referrer, no_secret
from reconciler.planning.build import Planned
from reconciler.planning.held_names import holds_of
from reconciler.planning.model import Action
from reconciler.planning.renewals import writes_ids
from reconciler.resources.address import Address
from reconciler.resources.base import Applied, Desired, Labels, Live
from reconciler.resources.labels import field_hash
from reconciler.resources.problems import Problem, ReconcilerError, command_text
from reconciler.resources.values import Fields, references_in


class Journal(Protocol):
    """The journal that completions are recorded in; see `reconciler.state`."""

    def done(
        self,
        address: Address,
        applied: Applied | None,
        instead_of: Address | None = None,
        *,
        is_doubtful: bool = False,
    ) -> None:
        """Record that the live side of one object is done; `applied` is None after a delete, `instead_of` is the former
        address, and `is_doubtful` says that an earlier create may still make another object. Writes to memory only and
        never blocks.
        """
        ...

    def publication_done(self, address: Address) -> None:
        """Record that the bundle under the name of `address` is published in every outlet. Never blocks."""
        ...

    def is_announced(self, address: Address) -> bool:
        """Return True if the journal has had the create of `address` since the run began. Never blocks."""
        ...

    def announce(self, address: Address) -> None:
        """Record that `address` is about to be created. Blocks."""
        ...


class Publisher(Protocol):
    """A writer of the bundles that applications load."""

    @property
    def writes_groups(self) -> bool:
        """True if bundles are written together with less work than by several threads."""
        ...

    def publish(self, bundles: Sequence[Publication]) -> None:
        """Write bundles, and then their pointers. Raises if not all of them were written; they may be written again.
        Blocks.
        """
        ...

    def withdraw(self, address: Address, *, published_only: bool = False) -> None:
        """Remove the pointers of `address`; of a chatbot both, or only that of what it has published. Blocks."""
        ...


class Listener(Protocol):
    """Follows an apply; for progress bars and logs."""

    def started(self, address: str, action: Action) -> None: ...

    def finished(self, outcome: Outcome) -> None: ...


@dataclass
class Run:
    """The values that the steps of an apply share. Used from one event loop only."""

    planned: Planned
    adapters: Mapping[str, Adapter]
    publisher: Publisher
    journal: Journal
    root: Path
    """The project folder."""
    lineage: str | None
    """The lineage of the state, for labels."""
    stop: asyncio.Event
    """Set to finish what is in flight and start nothing more."""
    referrers: Collection[Referrer] = ()
    """Readers of live objects that may reference managed objects and have no adapter."""
    secret_of: Callable[[str], str] = no_secret
    """Returns the value of an environment variable."""
    started: float = field(default_factory=time.time)
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ids: dict[str, str] = field(default_factory=dict)
    """Live ids by address, as they are now; written by `hold` and `let_go` only."""
    users: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Addresses by live id: several for a shared upload."""
    uploads: dict[tuple[str, str], str] = field(default_factory=dict)
    """Uploads by sha256 and name: equal bytes under one name are sent once."""
    alike: dict[str, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))
    """Locks by `api_view`, which is all that identifies an object without labels: such objects are created one at a
    time.
    """
    uploading: dict[tuple[str, str], asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))
    deleted: set[str] = field(default_factory=set)
    """Ids of the objects that this run has deleted: two paths may have had one upload."""
    applied: dict[Address, Applied] = field(default_factory=dict)
    """The state entries that this run has written."""
    made_labels: dict[Address, tuple[Desired, Labels]] = field(default_factory=dict)
    """The labels of objects, each with what they were made of: hashes of all fields."""

    def __post_init__(self) -> None:
        for address, live in self.planned.matched.live.items():
            self.hold(str(address), live.id)
            if self.is_upload(live.type) and "sha256" in live.fields:
                self.uploads.setdefault((live.fields["sha256"], live.name), live.id)

    @cached_property
    def publishing(self) -> Publishing:
        return Publishing(self.publisher.publish, together=self.publisher.writes_groups)

    @cached_property
    def reference_recheck(self) -> ReferenceRecheck:
        return ReferenceRecheck(self.planned, self.adapters, self.referrers, sleep=self.sleep)

    async def read_again(self, live: Live, parts: frozenset[str] | None = frozenset()) -> Live | None:
        """Return a planned object as it is now, or None if it does not exist. Of parts that have a list of their own,
        those in `parts` are read again, or all if it is None.
        """
        adapter, planned = self.adapters[live.type], self.planned_on.get(live.id)
        if parts is None or planned is None or not isinstance(adapter, PartReader):
            return await adapter.read(live.id)
        return await adapter.read_again(planned, parts)

    @cached_property
    def planned_on(self) -> Mapping[str, Live]:
        """The live objects as lists returned them before the plan, by id."""
        return {live.id: live for live in self.planned.inputs.live}

    def hold(self, address: str, id_: str) -> None:
        """Note that `address` is live as `id_` from now on."""
        self.let_go(address)
        self.ids[address] = id_
        self.users[id_].add(address)

    def let_go(self, address: str) -> None:
        """Record that `address` is not live any longer."""
        id_ = self.ids.pop(address, None)
        if id_ is not None:
            self.users[id_].discard(address)

    def id_of(self, address: str) -> str:
        """Return the live id of `address`, which may be a former name; raise ReconcilerError if it is not live."""
        now = address if address in self.ids else str(self.planned.matched.now(Address.parse(address)))
        if now not in self.ids:
            plan = command_text(self.planned.inputs.identity.environment, "plan")
            raise ReconcilerError(Problem("no-id", f"{address} is not live", hint=f"Run `{plan}` again."))
        return self.ids[now]

    def holds_of(self, address: Address) -> dict[str, str]:
        """Return what the state records of a release: see `Applied.holds`."""
        now = self.planned.matched.of_release
        return holds_of(self.planned.inputs, address, lambda name: self.ids.get(str(now(address, name))))

    def written_ids(self, desired: Desired, fields: Fields) -> dict[str, str]:
        """Return the ids that a live object has for the references in its fields: see `Applied.holds`."""
        names = sorted(set(references_in(dict(fields)))) if writes_ids(self.planned.inputs, desired.type) else ()
        now = self.planned.matched.now
        found = {name: self.ids.get(name) or self.ids.get(str(now(Address.parse(name)))) for name in names}
        return {name: id_ for name, id_ in found.items() if id_}

    def in_outlets(self, type_: str) -> bool:
        return type_ in self.planned.inputs.outlet_types

    @cached_property
    def published(self) -> Collection[Address]:
        """Objects of which an outlet has a document, even if only one beside the built-in outlet has it."""
        inputs = self.planned.inputs
        return {*inputs.pointers, *(stray.address for stray in inputs.strays)}

    def is_upload(self, type_: str) -> bool:
        return self.planned.inputs.is_upload(type_)

    def labels(self, desired: Desired) -> Labels:
        """Return the labels of `desired` after it is written."""
        made_of, labels = self.made_labels.get(desired.address, (None, None))
        if labels is None or made_of is not desired:
            labels = self._labels(desired)
            self.made_labels[desired.address] = desired, labels
        return labels

    def _labels(self, desired: Desired) -> Labels:
        resource_type = self.planned.inputs.resource_types[desired.type]
        hashes = {name: field_hash(value) for name, value in desired.fields.items() if name not in resource_type.apart}
        identity = str(self.planned.inputs.identity)
        return Labels(identity, str(desired.address), hashes, desired.lifecycle.protect, self.lineage)

    def is_ours(self, labels: Labels) -> bool:
        """Return True if labels name this identity, and the lineage of its state or none."""
        return labels.is_of(str(self.planned.inputs.identity), self.lineage)

    async def publish(self, address: Address, under: Address | None = None) -> None:
        """Publish the bundle at `address`, if it has one, with the ids that hold now; `under` the name of a chatbot."""
        bundle = self.planned.inputs.bundles.get(address)
        if bundle is not None:
            ids = {str(target): self.id_of(str(target)) for target in sorted(bundle.refers_to)}
            await self.publishing.publish(Publication(address, ids, under, self.holds_of(address)))

    def record(
        self, address: Address, applied: Applied, instead_of: Address | None = None, *, is_doubtful: bool = False
    ) -> None:
        """Note that the live side of `address` is done; see `Journal.done`."""
        self.applied[address] = applied
        self.journal.done(address, applied, instead_of, is_doubtful=is_doubtful)

    def last_applied(self, address: Address) -> Applied | None:
        """Return the state entry of `address`, written by this run or an earlier one."""
        return self.applied.get(address) or self.planned.inputs.applied.get(address)
