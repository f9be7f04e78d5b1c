"""Snapshots in a store: the state document (a checkpoint) and numbered, immutable journal segments after it.

The state is the checkpoint with the later segments replayed in order. Each number is used once, so of two runs that
write after the same segment one fails, and the replay ignores what a run wrote after another one began. A run that
slept while its lock was taken over therefore cannot change what the next run recorded. A checkpoint only repeats the
segments up to its position, so a crash between any two operations does not change what is read.

A run that ends usually writes only its last segment. Two kinds of compaction happen from time to time:
- When the segments reach the size of the checkpoint or the number `SEGMENTS`, or one of them replaces the state, the
  checkpoint is written and they are deleted. Each byte of a segment therefore costs at most two bytes of checkpoints,
  or its share of one checkpoint among `SEGMENTS` segments.
- When more than `compaction.DOCUMENTS` documents have to be read, the latest are merged into one. Each merge at least
  doubles the length of a document, so that a segment is merged fewer than ten times.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from reconciler.resources.address import Address, Identity
from reconciler.resources.base import Applied
from reconciler.resources.problems import ReconcilerError
from reconciler.state.codec import (
    Keep,
    as_decoded,
    decode_merged,
    decode_segment,
    decode_state,
    encode_merged,
    encode_segment,
    encode_state,
    with_one_entry,
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
    current_documents,
    latest_documents,
    write_all,
)

SEGMENTS: Final = 900
"""The maximum number of segments. S3 lists a thousand documents at a time, and each Git commit lists all names."""
_READS: Final = 5


def read(store: Store, identity: Identity, *, latest: bool = False, keep: Keep = as_decoded) -> Snapshot:
    """Return the current state. Takes no lock and writes nothing; a run may write at the same time. With `latest`, a
    store whose calls are slow is not called again. Of each entry, what `keep` returns for it is in the result.
    """
    for _ in range(_READS):
        documents = latest_documents(store) if latest else current_documents(store)
        # In this order: segments that are compacted after the listing are in the state document read after it.
        spans = _spans(documents, identity)
        base = _checkpoint(documents, identity, store.location, keep)
        cover = smallest_cover(spans, base.position)
        contents = _contents(documents, identity, cover)
        if contents is not None:
            base = replace(base, stored=base.stored.with_documents(*map(len, contents)))
            segments = _segments(identity, cover, contents, store.location, keep)
            return replay(base, (segment for number, segment in segments.items() if number > base.position))
    source, end = f"{store.location}/{state_key(identity)}", max(span.last for span in spans)
    raise format_error(
        "state-damaged", f"segments between {base.position} and {end} of its journal are missing", source
    )


def read_entry(store: Store, identity: Identity, address: Address) -> Applied | None:
    """Return the entry of one address, if the state document has it and no segment follows; otherwise None, and `read`
    finds out more.
    """
    documents = current_documents(store)
    found = None if _spans(documents, identity) else documents.read(state_key(identity))
    data = with_one_entry(found.data, address) if found else None
    if data is None:
        return None
    try:
        return decode_state(data, identity, store.location, "").state.objects.get(address)
    except ReconcilerError:  # whose place is that in the whole document
        return None


def append(store: Store, identity: Identity, number: int, segment: Segment, note: str) -> int:
    """Write `segment` under `number` and return its size in bytes; 0 if another run used that number.

    For `note` see `store.BatchStore`.
    """
    key, data = _key(identity, Span.of(number)), encode_segment(segment)
    try:
        write_all(store, [Put(key, data)], note)
    except ExistsError:  # or this write took effect and its answer was lost
        found = store.read(key)
        return len(data) if found is not None and found.data == data else 0
    return len(data)


def finish(store: Store, snapshot: Snapshot, last: Segment, also: Put, note: str) -> Snapshot:
    """Append `last`, the latest segment of `snapshot`; compact or merge if due; write `also`.

    Atomic in a `BatchStore`. Raises `ExistsError` or `ConflictError` if another run wrote in the meantime; then call
    `append` and `compact` to find out which.
    """
    segment = Put(_key(snapshot.state.identity, Span.of(snapshot.position)), encode_segment(last))
    ended = replace(snapshot, stored=snapshot.stored.with_documents(len(segment.data)))
    if not _outgrown(ended) and not isinstance(last, StateReplaced):
        write_all(store, [segment, *_merged(latest_documents(store), ended, last, store.location), also], note)
        return ended
    checkpoint = _checkpoint_of(ended)
    merged = Delete((*_keys_up_to(latest_documents(store), ended), segment.key))
    _, version, _ = write_all(store, [segment, checkpoint, merged, also], note)
    return _compacted(ended, checkpoint, version)


def compact(store: Store, snapshot: Snapshot) -> Snapshot | None:
    """Write `snapshot` as the state document and delete the segments that it contains.

    None if another run began after the snapshot and compacted: the numbers of its segments stop superseded runs, so
    they must not be deleted.
    """
    identity, run, version = snapshot.state.identity, snapshot.run, None
    while version is None:  # each repetition follows a successful write of another run
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
    """True if the segments reach the size of the checkpoint, or their maximum number."""
    stored = snapshot.stored
    return stored.journal >= stored.size or snapshot.position - stored.position >= SEGMENTS


def _checkpoint(documents: Documents, identity: Identity, location: str, keep: Keep) -> Snapshot:
    key = state_key(identity)
    found = documents.read(key)
    if found is None:
        return Snapshot(State(identity))
    return decode_state(found.data, identity, f"{location}/{key}", found.version, keep)


def _checkpoint_of(snapshot: Snapshot) -> Put:
    return Put(state_key(snapshot.state.identity), encode_state(snapshot), snapshot.stored.version)


def _compacted(snapshot: Snapshot, checkpoint: Put, version: str) -> Snapshot:
    return replace(snapshot, stored=Stored(version, len(checkpoint.data), snapshot.position))


def _merged(documents: Documents, ended: Snapshot, last: Segment, location: str) -> list[Put]:
    """Return the latest segments up to `last` as one document, if there are too many documents to read."""
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
    """Return the contents of these documents; None if one is missing, because it was compacted or lost."""
    contents: list[bytes] = []
    for span in spans:
        found = documents.read(_key(identity, span))
        if found is None:
            return None
        contents.append(found.data)
    return contents


def _segments(
    identity: Identity, spans: Sequence[Span], contents: Sequence[bytes], location: str, keep: Keep = as_decoded
) -> dict[int, Segment]:
    """Return the segments in these documents by number."""
    segments: dict[int, Segment] = {}
    for span, data in zip(spans, contents, strict=True):
        source = f"{location}/{_key(identity, span)}"
        is_merged = span.length > 1
        several = decode_merged(data, span.length, source, keep) if is_merged else [decode_segment(data, source, keep)]
        segments |= enumerate(several, span.first)
    return segments


def _spans(documents: Documents, identity: Identity) -> list[Span]:
    prefix = _prefix(identity)
    return spans_in(key.removeprefix(prefix) for key in documents.list(prefix))


def _keys_up_to(documents: Documents, snapshot: Snapshot) -> list[str]:
    """Return the keys of the documents whose segments are all in `snapshot`."""
    identity = snapshot.state.identity
    return [_key(identity, span) for span in _spans(documents, identity) if span.last <= snapshot.position]


def journal_keys(store: Store, identity: Identity) -> list[str]:
    """Return the keys of all journal documents."""
    return [_key(identity, span) for span in _spans(store, identity)]


def state_key(identity: Identity) -> str:
    return f"state/{identity}/state.json"


def _key(identity: Identity, span: Span) -> str:
    return _prefix(identity) + span.name


def _prefix(identity: Identity) -> str:
    return f"state/{identity}/journal/"
