"""State in a store: the state document, a checkpoint, and numbered segments after it that never change.

State is the checkpoint with the segments after it folded in, in order. A number is taken once, so of two runs that
write after the same segment one fails; and the fold skips what a run wrote after another one began. So a run that slept
while its lock was taken over cannot change what the next one recorded. Whoever writes a checkpoint, it only says what
the segments up to its position say: a crash between any two operations changes nothing that is read.

A run that ends writes its last segment and, as a rule, nothing else. Two things are done now and then:
- Once the segments are as many bytes as the checkpoint, or `SEGMENTS`, or one of them says everything anew, the
  checkpoint is written and they are removed. So a byte of a segment costs at most two of checkpoints, or its share of
  one among so many segments.
- Once they are more than `compaction.DOCUMENTS` to read, the latest are written again as one document. Each time
  doubles the document that a segment is in, so that it is written again fewer than ten times.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from reconciler.resources.address import Identity
from reconciler.state.codec import (
    decode_merged,
    decode_segment,
    decode_state,
    encode_merged,
    encode_segment,
    encode_state,
)
from reconciler.state.compaction import DOCUMENTS, Span, mergeable, smallest_cover, spans_in
from reconciler.state.documents import format_error
from reconciler.state.model import Snapshot, State, Stored
from reconciler.state.segments import Segment, StateReplaced, replay
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

SEGMENTS: Final = 900
"""S3 lists a thousand documents at a time, and a commit on a Git branch has the names of all of them."""
_READS: Final = 5


def read(store: Store, identity: Identity) -> Snapshot:
    """State as it is now. Takes no lock and writes nothing; a run may be writing meanwhile."""
    for _ in range(_READS):
        documents = now(store)
        # In this order: what is compacted after the listing is in the state document that is read after it.
        spans = _spans(documents, identity)
        base = _checkpoint(documents, identity, store.location)
        cover = smallest_cover(spans, base.position)
        contents = _contents(documents, identity, cover)
        if contents is not None:
            base = replace(base, stored=base.stored.with_documents(*map(len, contents)))
            segments = _segments(identity, cover, contents, store.location)
            return replay(base, (segment for number, segment in segments.items() if number > base.position))
    source, end = f"{store.location}/{state_key(identity)}", max(span.last for span in spans)
    raise format_error(
        "state-damaged", f"segments between {base.position} and {end} of its journal are missing", source
    )


def append(store: Store, identity: Identity, number: int, segment: Segment, note: str) -> int:
    """Write `segment` under `number`, and give its bytes; 0 where another run has that number.

    For `note` see `store.BatchStore`.
    """
    key, data = _key(identity, Span.of(number)), encode_segment(segment)
    try:
        write_all(store, [Put(key, data)], note)
    except ExistsError:  # or it is there because the answer to our own write was lost
        found = store.read(key)
        return len(data) if found is not None and found.data == data else 0
    return len(data)


def finish(store: Store, snapshot: Snapshot, last: Segment, also: Put, note: str) -> Snapshot:
    """Append `last`, the latest segment in `snapshot`; compact or merge where that is due; write `also`.

    It is one step, where the store has such. Raises `ExistsError` or `ConflictError` where another run wrote meanwhile;
    then `append` and `compact` tell more.
    """
    segment = Put(_key(snapshot.state.identity, Span.of(snapshot.position)), encode_segment(last))
    ended = replace(snapshot, stored=snapshot.stored.with_documents(len(segment.data)))
    if not _outgrown(ended) and not isinstance(last, StateReplaced):
        write_all(store, [segment, *_merged(latest(store), ended, last, store.location), also], note)
        return ended
    checkpoint = _checkpoint_of(ended)
    merged = Delete((*_keys_up_to(latest(store), ended), segment.key))
    _, version, _ = write_all(store, [segment, checkpoint, merged, also], note)
    return _compacted(ended, checkpoint, version)


def compact(store: Store, snapshot: Snapshot) -> Snapshot | None:
    """Write `snapshot` as the state document, and remove the segments that are in it.

    None where a run other than the snapshot's has begun since, and compacted: its segments are not ours to remove, as
    their numbers hold back whoever was superseded.
    """
    identity, run, version = snapshot.state.identity, snapshot.run, None
    while version is None:  # each further turn follows another run's success
        checkpoint = _checkpoint_of(snapshot)
        try:
            [version] = write_all(store, [checkpoint], f"compact {identity}")
        except (ExistsError, ConflictError):
            snapshot = read(store, identity)
            if snapshot.run != run:
                return None
    store.delete(_keys_up_to(store, snapshot))
    return _compacted(snapshot, checkpoint, version)


def _outgrown(snapshot: Snapshot) -> bool:
    """Whether the segments are as much to read as the checkpoint itself, or as many as there may be."""
    stored = snapshot.stored
    return stored.journal >= stored.size or snapshot.position - stored.position >= SEGMENTS


def _checkpoint(documents: Documents, identity: Identity, location: str) -> Snapshot:
    key = state_key(identity)
    found = documents.read(key)
    if found is None:
        return Snapshot(State(identity))
    return decode_state(found.data, identity, f"{location}/{key}", found.version)


def _checkpoint_of(snapshot: Snapshot) -> Put:
    return Put(state_key(snapshot.state.identity), encode_state(snapshot), snapshot.stored.version)


def _compacted(snapshot: Snapshot, checkpoint: Put, version: str) -> Snapshot:
    return replace(snapshot, stored=Stored(version, len(checkpoint.data), snapshot.position))


def _merged(documents: Documents, ended: Snapshot, last: Segment, location: str) -> list[Put]:
    """The latest segments, up to `last`, as one document, where there are too many to read."""
    if ended.stored.documents <= DOCUMENTS:
        return []
    identity, number = ended.state.identity, ended.position
    before = [span for span in _spans(documents, identity) if span.last < number]
    merging = mergeable([*smallest_cover(before, ended.stored.position), Span.of(number)])[:-1]
    contents = _contents(documents, identity, merging)
    if not contents:
        return []
    segments = [*_segments(identity, merging, contents, location).values(), last]
    return [Put(_key(identity, Span(merging[0].first, number)), encode_merged(segments))]


def _contents(documents: Documents, identity: Identity, spans: Iterable[Span]) -> list[bytes] | None:
    """What is in these documents, or None where one is missing: compacted just now, or lost."""
    contents: list[bytes] = []
    for span in spans:
        found = documents.read(_key(identity, span))
        if found is None:
            return None
        contents.append(found.data)
    return contents


def _segments(
    identity: Identity, spans: Sequence[Span], contents: Sequence[bytes], location: str
) -> dict[int, Segment]:
    """What is in these documents, by number."""
    segments: dict[int, Segment] = {}
    for span, data in zip(spans, contents, strict=True):
        source = f"{location}/{_key(identity, span)}"
        several = decode_merged(data, span.length, source) if span.length > 1 else [decode_segment(data, source)]
        segments |= enumerate(several, span.first)
    return segments


def _spans(documents: Documents, identity: Identity) -> list[Span]:
    prefix = _prefix(identity)
    return spans_in(key.removeprefix(prefix) for key in documents.list(prefix))


def _keys_up_to(documents: Documents, snapshot: Snapshot) -> list[str]:
    """The keys of all documents with nothing but segments that are in `snapshot`."""
    identity = snapshot.state.identity
    return [_key(identity, span) for span in _spans(documents, identity) if span.last <= snapshot.position]


def journal_keys(store: Store, identity: Identity) -> list[str]:
    """The keys of all documents of the journal that are there."""
    return [_key(identity, span) for span in _spans(store, identity)]


def state_key(identity: Identity) -> str:
    return f"state/{identity}/state.json"


def _key(identity: Identity, span: Span) -> str:
    return _prefix(identity) + span.name


def _prefix(identity: Identity) -> str:
    return f"state/{identity}/journal/"
