"""The digests that prove to later plans that an object is as a write left it: see `planning.verified`."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Final

from reconciler.planning.changes import not_named
from reconciler.planning.field_diff import LastApplied, compare
from reconciler.planning.resolution import with_defaults_of
from reconciler.planning.verified import digest_of, index_in
from reconciler.planning.versions import unrecorded
from reconciler.resources.base import Applied, Desired, Labels, Lifecycle, Live, Verified
from reconciler.resources.resource_type import ResourceType
from reconciler.resources.values import ABSENT, JSON, Absent, Fields, same

_WORD: Final = re.compile(r"[a-z]{1,8}", re.ASCII)
"""Names of settings, such as `medium`."""


def verify(
    resource_type: ResourceType,
    desired: Desired,
    applied: Applied,
    live: Live,
    labels: Labels | None,
    id_of: Callable[[str], str | None],
    names_of: Callable[[str], Iterable[str]],
) -> Verified | None:
    """Return the digests of a written object, if nothing of it differs from its manifest and its state entry: neither
    drift that was kept, nor a value that the server changed, nor a file that is not indexed. Otherwise None.

    An object with a value that only the live object has gets none: it may be a secret, of which the state must have
    neither the text nor a digest, from which a short text can be found.

    `labels` are those of the write, `id_of` returns the id of an address and `names_of` the addresses of an id.
    """
    if not live.mark or live.id != applied.id or live.labels != labels:
        return None
    wanted = with_defaults_of(resource_type, desired, applied) if desired.whole else desired
    seen = replace(live, fields=resource_type.localise(live.fields, lambda id_: sorted(names_of(id_)), wanted.fields))
    if not _is_equal(resource_type, wanted, applied, seen):
        return None
    known = resource_type.complete(resource_type, wanted.fields)
    if resource_type.members:  # their fields in `seen` lack what the manifest does not set
        known, there = resource_type.as_listed(known, lambda address: id_of(str(address))), live.fields
    else:
        there = seen.fields
    if _has_more(resource_type, known, there):
        return None
    index, found = index_in(wanted.fields), index_in(seen.fields)
    ids = {text: id_of(text) for text in index.refers_to}
    names = {id_: tuple(names_of(id_)) for id_ in index.ids}
    # The graphs take the references of both sides from the index. What only the manifest has must refer to nothing.
    is_complete = {*found.refers_to} == {*index.refers_to} and None not in ids.values()
    if not is_complete or not {*index.ids} >= {*found.ids} or any(names[id_] for id_ in {*index.ids} - {*found.ids}):
        return None
    refers_to = None if resource_type.members else index.refers_to
    return Verified(live.mark, digest_of(wanted, applied, ids, names), refers_to, tuple(names))


def _is_equal(resource_type: ResourceType, desired: Desired, applied: Applied, live: Live) -> bool:
    """Return True if manifest, state and live object are equal in everything that a plan compares."""
    wanted, members = replace(desired, lifecycle=Lifecycle()), resource_type.members
    if members and (members.failed(live.detail) or members.pending(live.detail)):
        return False
    return (
        same(applied.fields, desired.fields)
        and applied.write_only == desired.write_only
        and not compare(resource_type, wanted, LastApplied(applied.fields), live.fields)
        and not not_named(members, desired, applied, live)
        and not unrecorded(resource_type, desired, applied, live)
    )


def _has_more(resource_type: ResourceType, known: Fields, live: Fields) -> bool:
    """Return True if a live object has a text or a number that is neither in its manifest nor a known default."""
    return any(
        _is_more(value, known.get(name, ABSENT), may_choose=name in resource_type.resolved)
        for name, value in live.items()
    )


def _is_more(live: JSON, known: JSON | Absent, *, may_choose: bool) -> bool:
    """Return True if a live value has more than a known one. Words that the API may have chosen are no more."""
    if same(live, known) or live is None or isinstance(live, bool) or live in ("", [], {}):
        return False
    if isinstance(live, Mapping):
        there = known if isinstance(known, Mapping) else {}
        return any(
            not (may_choose or key in there) or _is_more(value, there.get(key, ABSENT), may_choose=may_choose)
            for key, value in live.items()
        )
    return not (may_choose and isinstance(live, str) and _WORD.fullmatch(live))
