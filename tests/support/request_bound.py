"""The fewest requests that lead from live objects to desired ones, from both alone.

It is computed without the plan: from the manifests and the files of the project, and from what the API holds, read with
the SDK. What a rule of safety needs is part of the bound, and named.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any, Final, TypeAlias

from reconciler.resources.labels import FILE_SHA256, PROJECT, from_metadata
from tests.support.world import World

Content: TypeAlias = tuple[str, str]
"""The name and the SHA-256 of an upload."""

V1: Final = "/v1"


@dataclass(frozen=True)
class Side:
    """Agents by name with their instructions, and stores by name with their metadata and the uploads in them."""

    agents: Mapping[str, str | None]
    stores: Mapping[str, tuple[Mapping[str, str], frozenset[Content]]]

    @property
    def uploads(self) -> frozenset[Content]:
        return frozenset(one for _, held in self.stores.values() for one in held)


@dataclass(frozen=True)
class LiveSide(Side):
    """The managed objects, and the number of all objects in each list."""

    counts: Mapping[str, int]


def desired(world: World) -> Side:
    """Return the side of the manifests of `world`, which name files one by one."""
    agents, stores = {}, {}
    for document in world.documents.values():
        name, spec = document["metadata"]["name"], document["spec"]
        if document["kind"] == "Assistant":
            agents[name] = spec.get("instructions")
        elif document["kind"] == "VectorStore":
            held = frozenset(_content(world, path) for path in spec["files"])
            stores[name] = spec.get("metadata", {}), held
    return Side(agents, stores)


def _content(world: World, path: str) -> Content:
    return path.rpartition("/")[2], hashlib.sha256((world.root / path).read_bytes()).hexdigest()


def live(world: World) -> LiveSide:
    """Return the side of the API of `world`. The requests for it are not counted."""
    return world.by_hand(_live(world))


async def _live(world: World) -> LiveSide:
    agents: dict[str, str | None] = {}
    stores: dict[str, tuple[Mapping[str, str], frozenset[Content]]] = {}
    files = {one.id: one.filename async for one in world.sdk.files.list()}
    counts = Counter(files=len(files))
    async for agent in world.sdk.beta.agents.list():
        counts["agents"] += 1
        if name := _name(agent.metadata):
            agents[name] = getattr(agent, "instructions", None)
    async for store in world.sdk.vector_stores.list():
        counts["vector_stores"] += 1
        if name := _name(store.metadata):
            entries = [one async for one in world.sdk.vector_stores.files.list(store.id)]
            marked = [one for one in entries if PROJECT in (one.attributes or {})]
            held = frozenset((files[one.id], str((one.attributes or {})[FILE_SHA256])) for one in marked)
            own = {key: value for key, value in (store.metadata or {}).items() if not key.startswith("reconciler")}
            stores[name] = own, held
            counts[f"vector_stores/{name}/files"] = len(entries)
    return LiveSide(agents, stores, counts)


def _name(metadata: Any) -> str | None:
    labels = from_metadata(metadata)
    return labels.address.partition("/")[2] if labels else None


def reads(wanted: Side, found: LiveSide, page: int) -> Counter[str]:
    """Return the fewest reads that show whether anything differs: every page of the lists of both sides, and of each
    managed store the pages of its files. No list says that nothing has moved: a store has no version, its counts may be
    old, and the attributes of a file are not in them.
    """
    asked: Counter[str] = Counter()
    if wanted.agents or found.agents:
        asked[f"GET {V1}/agents"] = _pages(found.counts.get("agents", 0), page)
    if wanted.stores or found.stores:
        asked[f"GET {V1}/vector_stores"] = _pages(found.counts.get("vector_stores", 0), page)
    if wanted.uploads or found.uploads:
        asked[f"GET {V1}/files"] = 1
    if found.stores:
        asked[f"GET {V1}/vector_stores/*/files"] = sum(
            _pages(found.counts[f"vector_stores/{name}/files"], page) for name in found.stores
        )
    return asked


def reads_for_changes(wanted: Side, found: LiveSide) -> Counter[str]:
    """Return the further reads of a plan with changes: models if an agent is written, and the lists of what may refer
    to an agent or an upload that goes. The stores of others, in which an upload may be, have no files or few.
    """
    new, old = wanted.agents, found.agents
    gone, uploads = old.keys() - new.keys(), found.uploads - wanted.uploads
    others = found.counts.get("vector_stores", 0) - len(found.stores)
    return +Counter(
        {
            f"GET {V1}/models": int(any(old.get(name, wanted) != text for name, text in new.items())),
            f"GET {V1}/agents/automations": 1 if gone or uploads else 0,
            f"GET {V1}/agents/sessions": len(gone),
            f"GET {V1}/agents/environments/templates": 1 if uploads else 0,
            f"GET {V1}/vector_stores/*/files": others if uploads else 0,
        }
    )


def reads_again(wanted: Side, found: Side) -> Counter[str]:
    """Return the reads of single agents and stores in an apply: each that it changes or deletes, because the API has no
    conditional writes.
    """
    agents = [name for name, text in found.agents.items() if wanted.agents.get(name, wanted) != text]
    stores = [name for name, held in found.stores.items() if wanted.stores.get(name) != held]
    return +Counter({f"GET {V1}/agents/*": len(agents), f"GET {V1}/vector_stores/*": len(stores)})


def _pages(objects: int, page: int) -> int:
    return max(1, ceil(objects / page))


def writes(wanted: Side, found: Side, batch: int) -> Counter[str]:
    """Return the fewest writes: one for each object that differs, one for each batch of files that a store lacks, and
    one for each file that leaves a store.
    """
    fewest: Counter[str] = Counter()
    new, old = wanted.agents, found.agents
    fewest[f"POST {V1}/agents"] = len(new.keys() - old.keys())
    fewest[f"POST {V1}/agents/*"] = sum(new[name] != old[name] for name in new.keys() & old.keys())
    fewest[f"DELETE {V1}/agents/*"] = len(old.keys() - new.keys())
    fewest[f"POST {V1}/files"] = len(wanted.uploads - found.uploads)
    fewest[f"DELETE {V1}/files/*"] = len(found.uploads - wanted.uploads)
    fewest[f"POST {V1}/vector_stores"] = len(wanted.stores.keys() - found.stores.keys())
    fewest[f"DELETE {V1}/vector_stores/*"] = len(found.stores.keys() - wanted.stores.keys())
    for name, (metadata, files) in wanted.stores.items():
        had, held = found.stores.get(name, (metadata, frozenset()))
        fewest[f"POST {V1}/vector_stores/*"] += metadata != had
        fewest[f"POST {V1}/vector_stores/*/file_batches"] += ceil(len(files - held) / batch)
        fewest[f"DELETE {V1}/vector_stores/*/files/*"] += len(held - files)
    return +fewest


def sent(requests: Counter[str], *methods: str) -> Counter[str]:
    """Return the requests of these methods, with `*` for every id."""
    chosen: Counter[str] = Counter()
    for name, number in requests.items():
        if name.partition(" ")[0] in methods:
            chosen[re.sub(r"\{\w+\}", "*", name)] += number
    return chosen
