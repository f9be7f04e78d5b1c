"""State in a store: the state document, a checkpoint, and numbered segments after it that never change.

State is the checkpoint with the segments after it folded in, in order. A number is taken once, so of two runs that
write after the same segment one fails; and the fold skips what a run wrote after another one began. So a run that slept
while its lock was taken over cannot change what the next one recorded. Whoever writes a checkpoint, it only says what
the segments up to its position say: a crash between any two operations changes nothing that is read.
"""

import re
from dataclasses import replace
from typing import Final

from reconciler.resources.address import Identity
from reconciler.state.codec import Segment, decode_segment, decode_state, encode_segment, encode_state
from reconciler.state.documents import bad
from reconciler.state.folding import fold
from reconciler.state.model import Snapshot, State
from reconciler.state.store import (
    ConflictError,
    Delete,
    Documents,
    ExistsError,
    Put,
    Store,
    latest,
    snapshot as now,
    write_all,
)

_READS: Final = 5
_NAME: Final = re.compile(r"(\d{8,})\.json")


def read(store: Store, identity: Identity) -> Snapshot:
    """State as it is now. Takes no lock and writes nothing; a run may be writing meanwhile."""
    for _ in range(_READS):
        documents = now(store)
        # In this order: what is compacted after the listing is in the state document that is read after it.
        numbers = _numbers(documents, identity)
        base = _checkpoint(documents, identity, store.location)
        segments = _segments(documents, base, numbers, store.location)
        if segments is not None:
            return fold(base, segments)
    source = f"{store.location}/{state_key(identity)}"
    raise bad("state-damaged", f"segments between {base.position} and {numbers[-1]} of its journal are missing", source)


def append(store: Store, identity: Identity, number: int, segment: Segment, note: str) -> bool:
    """Write `segment` under `number`; False where another run has that number. For `note` see `store.BatchStore`."""
    key, data = _segment_key(identity, number), encode_segment(segment)
    try:
        write_all(store, [Put(key, data)], note)
    except ExistsError:  # or it is there because the answer to our own write was lost
        found = store.read(key)
        return found is not None and found.data == data
    return True


def finish(store: Store, snapshot: Snapshot, last: Segment, also: Put, note: str) -> Snapshot:
    """Append `last`, the latest segment in `snapshot`; compact; write `also`: in one step, where the store has such.

    Raises `ExistsError` or `ConflictError` where another run wrote meanwhile; then `append` and `compact` tell more.
    """
    identity, key = snapshot.state.identity, _segment_key(snapshot.state.identity, snapshot.position)
    numbers = _numbers(latest(store), identity)
    merged = (_segment_key(identity, number) for number in numbers if number < snapshot.position)
    changes = (
        Put(key, encode_segment(last)),
        Put(state_key(identity), encode_state(snapshot), snapshot.checkpoint),
        Delete((*merged, key)),
        also,
    )
    _, version, _ = write_all(store, changes, note)
    return replace(snapshot, checkpoint=version)


def compact(store: Store, snapshot: Snapshot) -> Snapshot | None:
    """Write `snapshot` as the state document, and remove the segments that are in it.

    None where a run other than the snapshot's has begun and ended since: its segments are not ours to remove, as their
    numbers hold back whoever was superseded.
    """
    identity, run, version = snapshot.state.identity, snapshot.run, None
    while version is None:  # each further turn follows another run's success
        try:
            version = _write_checkpoint(store, snapshot)
        except (ExistsError, ConflictError):
            snapshot = read(store, identity)
            if snapshot.run != run:
                return None
    numbers = _numbers(store, identity)
    store.delete([_segment_key(identity, number) for number in numbers if number <= snapshot.position])
    return replace(snapshot, checkpoint=version)


def _checkpoint(documents: Documents, identity: Identity, location: str) -> Snapshot:
    key = state_key(identity)
    found = documents.read(key)
    if found is None:
        return Snapshot(State(identity))
    return decode_state(found.data, identity, f"{location}/{key}", found.version)


def _write_checkpoint(store: Store, snapshot: Snapshot) -> str:
    key, data = state_key(snapshot.state.identity), encode_state(snapshot)
    if snapshot.checkpoint is None:
        return store.create(key, data)
    return store.replace(key, data, snapshot.checkpoint)


def _numbers(documents: Documents, identity: Identity) -> list[int]:
    prefix = f"state/{identity}/journal/"
    names = (_NAME.fullmatch(key.removeprefix(prefix)) for key in documents.list(prefix))
    return sorted(int(name[1]) for name in names if name)


def _segments(documents: Documents, base: Snapshot, numbers: list[int], location: str) -> list[Segment] | None:
    """The segments after `base`, or None where one is missing: compacted just now, or lost."""
    after = [number for number in numbers if number > base.position]
    if after != list(range(base.position + 1, base.position + 1 + len(after))):
        return None
    segments: list[Segment] = []
    for number in after:
        key = _segment_key(base.state.identity, number)
        found = documents.read(key)
        if found is None:
            return None
        segments.append(decode_segment(found.data, f"{location}/{key}"))
    return segments


def segment_keys(store: Store, identity: Identity) -> list[str]:
    """The keys of all segments that are there, in order."""
    return [_segment_key(identity, number) for number in _numbers(store, identity)]


def state_key(identity: Identity) -> str:
    return f"state/{identity}/state.json"


def _segment_key(identity: Identity, number: int) -> str:
    return f"state/{identity}/journal/{number:08}.json"
