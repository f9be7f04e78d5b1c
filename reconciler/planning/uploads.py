"""Pairing of files with uploads.

Uploads carry no label. An upload is managed if the state has its id, if a managed store holds it with the ownership
mark, or if it matches an unfinished create. Its sha256, which the API does not return, comes from the same three.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import takewhile
from typing import Final, TypeAlias

from reconciler.planning.inputs import Pending, PlanInputs
from reconciler.resources.address import Address
from reconciler.resources.base import Applied, Desired, Live
from reconciler.resources.markers import FILENAME, SIZE
from reconciler.resources.resource_type import CONTENT
from reconciler.resources.values import JSON, references_in, strings_in

CLOCK_LAG: Final = 5.0
"""Seconds by which the API's clock may be behind the local one."""

_REPLACED: Final = "replaced"
_IN_NAMES: Final = 12
"""Hex characters of the digest in the name of an upload that no vector store holds."""

Content: TypeAlias = tuple[str, JSON]
"""Name and sha256: two uploads that have both in common are interchangeable."""


def leftover_address(inputs: PlanInputs, live: Live) -> Address:
    """Return the address of a replaced object that is to be removed; only the state proves its owner."""
    resource_type = inputs.resource_types[live.type]
    name = live.name if resource_type.is_upload else _REPLACED
    return Address(resource_type.address_kind, f"{name}@{live.id}")


def is_leftover(address: Address, id: str | None) -> bool:  # noqa: A002
    return id is not None and address.name.endswith(f"@{id}")


def moved_uploads(inputs: PlanInputs, paired: Mapping[Address, Live]) -> dict[Address, Address]:
    """Return the former path of every file that has another one now: its upload serves the new path.

    The same content under the same name has moved. So has other content that comes into a store under the name of a
    file that leaves it: search results cite only the name, so to whoever searches it is new content of one file.
    """
    left = sorted(address for address in paired if _is_path(inputs, address) and address not in inputs.desired)
    new = [address for address, _ in _files(inputs) if not address.is_frozen and address not in paired]
    return _moved_by_name(inputs, paired, left, new, _moved_by_content(inputs, paired, left, sorted(new)))


def _is_path(inputs: PlanInputs, address: Address) -> bool:
    return address in inputs.applied and inputs.is_upload(inputs.applied[address].type) and not address.is_frozen


def _moved_by_content(
    inputs: PlanInputs, paired: Mapping[Address, Live], left: Iterable[Address], new: Iterable[Address]
) -> dict[Address, Address]:
    free: dict[Content, list[Address]] = defaultdict(list)
    for address in left:
        free[paired[address].name, inputs.applied[address].fields.get(CONTENT)].append(address)
    moved: dict[Address, Address] = {}
    for address in new:
        former = free.get((inputs.desired[address].upload_name, inputs.desired[address].fields[CONTENT]))
        if former:
            moved[address] = max(former, key=lambda one: _common(one, address))
            former.remove(moved[address])
    return moved


def _common(former: Address, address: Address) -> int:
    """Return the number of equal path components, counted from the end: equal files in a renamed folder keep their
    places.
    """
    parts = zip(reversed(former.name.split("/")), reversed(address.name.split("/")), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], parts))


def _moved_by_name(
    inputs: PlanInputs,
    paired: Mapping[Address, Live],
    left: Collection[Address],
    new: Collection[Address],
    moved: Mapping[Address, Address],
) -> dict[Address, Address]:
    """Return `moved` with the files that another file of the same name replaces in a store."""
    found = dict(moved)
    leaving, coming = set(left) - set(moved.values()), set(new) - moved.keys()
    for store in sorted(inputs.applied.keys() & inputs.desired.keys()) if leaving and coming else ():
        gone = _by_name((one, paired[one].name) for one in _held(inputs, inputs.applied[store]) if one in leaving)
        come = _by_name(
            (one, inputs.desired[one].upload_name) for one in _held(inputs, inputs.desired[store]) if one in coming
        )
        for name in sorted(gone.keys() & come.keys()):
            replaced = _in_the_same_place(gone[name], come[name])
            found |= replaced
            leaving -= set(replaced.values())
            coming -= replaced.keys()
    return found


def _in_the_same_place(gone: Sequence[Address], come: Sequence[Address]) -> dict[Address, Address]:
    """Pair files of one name: each with the only one in a folder of the same name, and then the last two that are
    left.
    """
    found: dict[Address, Address] = {}
    for address in come:
        alike = [former for former in gone if _common(former, address) > 1]
        if len(alike) == 1 and alike[0] not in found.values():
            found[address] = alike[0]
    left, new = set(gone) - set(found.values()), set(come) - found.keys()
    return {**found, **dict(zip(new, left, strict=True))} if len(left) == len(new) == 1 else found


def _held(inputs: PlanInputs, store: Applied | Desired) -> Iterator[Address]:
    """Yield the files of a store, by path."""
    members = inputs.members(store.type)
    for path, entry in members.of(store.fields).items() if members else ():
        if members and members.target(entry):
            yield Address(members.kind, path)


def _by_name(named: Iterable[tuple[Address, str]]) -> dict[str, list[Address]]:
    found: dict[str, list[Address]] = defaultdict(list)
    for address, name in named:
        found[name].append(address)
    return found


def find_uploads(inputs: PlanInputs, paired: Mapping[Address, Live]) -> dict[Address, Live]:
    """Return the uploads of this identity, each with its sha256; linear in their number.

    If an interrupted run made another upload for an address, the one in the state is a leftover.
    """
    stored = {
        address: _with_sha(paired[address], applied.fields.get(CONTENT))
        for address, applied in inputs.applied.items()
        if inputs.is_upload(applied.type) and address in paired
    }
    known = {live.id for live in stored.values()}
    marked = _marked(inputs, paired.values())
    made = dict(_of_same_content(inputs, stored, marked))
    made = {**_in_our_objects(inputs, paired), **made}
    attached = {live.id for group in marked.values() for live in group}
    announced = _announced(inputs, {**stored, **made}, known | attached, {live.id for live in paired.values()})
    found = {**stored, **made, **announced}
    used = {live.id for live in found.values()}
    outdated = {leftover_address(inputs, old): old for old in stored.values() if old.id not in used}
    claimed = known | used | _named(inputs)
    unclaimed = [live for group in marked.values() for live in group if live.id not in claimed]
    return {**outdated, **found, **_leftovers(inputs, found, unclaimed)}


def _files(inputs: PlanInputs) -> Iterator[tuple[Address, Desired]]:
    return ((address, desired) for address, desired in inputs.desired.items() if inputs.is_upload(desired.type))


def _marked(inputs: PlanInputs, ours: Iterable[Live]) -> dict[Content, list[Live]]:
    """Return the uploads that managed stores hold with the ownership mark, by content, the lowest id first."""
    sha256 = {
        id_: entry[CONTENT]
        for live in ours
        if (members := inputs.members(live.type))
        for id_, entry in members.of(live.fields).items()
        if isinstance(entry, dict) and CONTENT in entry
    }
    found: dict[Content, list[Live]] = defaultdict(list)
    uploads = (live for live in inputs.live if inputs.is_upload(live.type) and live.id in sha256)
    for live in sorted(uploads, key=lambda live: live.id):
        found[live.name, sha256[live.id]].append(_with_sha(live, sha256[live.id]))
    return found


def _of_same_content(
    inputs: PlanInputs, stored: Mapping[Address, Live], marked: Mapping[Content, list[Live]]
) -> Iterator[tuple[Address, Live]]:
    """Yield the uploads with the desired content, where the state has none at the path, or other bytes."""
    known = {
        (live.name, live.fields[CONTENT]): live
        for _, live in sorted(stored.items(), key=lambda pair: pair[0], reverse=True)
    }
    first = {content: group[0] for content, group in marked.items()} | known
    for address, desired in _files(inputs):
        content = (desired.upload_name, desired.fields[CONTENT])
        at_path = address in stored and stored[address].fields[CONTENT] == desired.fields[CONTENT]
        if content in first and not at_path:
            yield address, first[content]


def is_made_of(live: Live, desired: Desired) -> bool:
    """Return True if an upload has the size of a file, and a name with its digest, which an upload has that no vector
    store holds.
    """
    by_content = str(desired.fields[CONTENT])[:_IN_NAMES] in desired.upload_name
    return by_content and (live.name, live.detail.get("bytes")) == (desired.upload_name, desired.bytes)


def _in_our_objects(inputs: PlanInputs, paired: Mapping[Address, Live]) -> dict[Address, Live]:
    """Return the uploads that objects of ours at OpenAI have for files that the state does not have: nothing else shows
    that they were made of these files.
    """
    missing = {address: desired for address, desired in _files(inputs) if address not in inputs.applied}
    holding = [
        (live, files)
        for address, live in sorted(paired.items() if missing else (), reverse=True)
        if live.type not in inputs.outlet_types and not inputs.members(live.type) and live.refers_to
        if (desired := inputs.desired.get(address))
        if (files := missing.keys() & set(map(Address.parse, references_in(dict(desired.fields)))))
    ]
    uploads = {live.id: live for live in inputs.live if inputs.is_upload(live.type)} if holding else {}
    found: dict[Address, Live] = {}
    for live, files in holding:
        for upload in (uploads[id_] for id_ in live.refers_to if id_ in uploads):
            found.update(
                (file, _with_sha(upload, missing[file].fields[CONTENT]))
                for file in files
                if is_made_of(upload, missing[file])
            )
    return found


def _announced(
    inputs: PlanInputs, found: Mapping[Address, Live], taken: Collection[str], ours: Collection[str]
) -> dict[Address, Live]:
    """Return the uploads of an interrupted run: name, size and time match, and nothing but `ours`, which that run may
    have written too, uses or claims them.
    """
    pending = [item for item in inputs.pending if inputs.is_upload(item.type) and not _is_found(item, found)]
    free = _free(inputs, taken, ours) if pending else {}
    result: dict[Address, Live] = {}
    for item in pending:
        candidates = free.get((item.marker[FILENAME], item.marker[SIZE]), [])
        fits = [live for live in candidates if created(live) >= item.since - CLOCK_LAG]
        if fits and item.address not in result:
            candidates.remove(fits[0])
            result[item.address] = _with_sha(fits[0], item.marker[CONTENT])
    return result


def _is_found(item: Pending, found: Mapping[Address, Live]) -> bool:
    return item.address in found and found[item.address].fields[CONTENT] == item.marker[CONTENT]


def _free(inputs: PlanInputs, taken: Collection[str], ours: Collection[str]) -> dict[tuple[str, JSON], list[Live]]:
    """Return the uploads that only objects of ours may use, by name and size, oldest first."""
    literal = {text for desired in inputs.desired.values() for text in strings_in(dict(desired.fields))}
    held = literal.union(*(live.refers_to for live in inputs.live if live.id not in ours))
    free: dict[tuple[str, JSON], list[Live]] = defaultdict(list)
    uploads = (live for live in inputs.live if inputs.is_upload(live.type))
    for live in sorted(uploads, key=lambda live: (created(live), live.id)):
        if live.id not in taken and live.id not in held:
            free[live.name, live.detail.get("bytes")].append(live)
    return free


def created(live: Live) -> float:
    """Return the creation as Unix time of the API's clock; 0 if it is unknown."""
    return float(live.detail.get("created_at", 0))


def _leftovers(inputs: PlanInputs, found: Mapping[Address, Live], unclaimed: Iterable[Live]) -> dict[Address, Live]:
    """Return marked files that are in neither the manifests nor the state: to be replaced, if the name matches one
    path, or to be removed.
    """
    by_name: dict[str, list[Address]] = defaultdict(list)
    for address, desired in _files(inputs):
        if address not in found:
            by_name[desired.upload_name].append(address)
    result: dict[Address, Live] = {}
    for live in sorted(unclaimed, key=lambda live: live.id):
        paths = by_name.pop(live.name, [])
        result[paths[0] if len(paths) == 1 else leftover_address(inputs, live)] = live
    return result


def _named(inputs: PlanInputs) -> set[str]:
    """Return the uploads that the manifest of a store names by id: the store keeps them."""
    held = ((inputs.members(desired.type), desired) for desired in inputs.desired.values())
    return {
        id_
        for members, desired in held
        if members
        for id_, entry in members.of(desired.fields).items()
        if entry.get(members.reference) == id_
    }


def _with_sha(live: Live, sha256: JSON) -> Live:
    return replace(live, fields={**live.fields, "sha256": sha256})
