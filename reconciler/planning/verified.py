"""Objects that are as an apply left them: equal to their manifests. They are not compared again.

An apply that finds an object equal to its manifest after the write records the digests of both sides beside the entry
of the state (`Verified`). A plan that finds the same digests would find the same result, no difference: everything that
the comparison of one object reads is covered.

| read by the comparison                        | covered by                                                          |
|-----------------------------------------------|---------------------------------------------------------------------|
| the live object, its labels and its revision  | `Live.mark`, which also changes with the code of Reconciler         |
| the desired object, and its lifecycle         | the digest                                                          |
| the entry of the state                        | the digest                                                          |
| ids of the objects that any of them refers to | the digest                                                          |
| addresses of ids in them                      | the digest; an id that the index cannot have switches it off        |
| unfinished writes, renames, expiry            | `_is_settled`, for each plan                                        |

What depends on the time or on other objects is evaluated for each plan: risks, renewals, retention, the guard, costs,
schedules. They read the fields of the objects that they look at, which are built then (`Live.deferred`). The references
of the others are in the index, so that the graphs have every edge.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Final, NamedTuple

from reconciler.planning.inputs import PlanInputs
from reconciler.planning.match import Matched
from reconciler.resources.address import Address
from reconciler.resources.base import Applied, Desired, Live
from reconciler.resources.values import JSON, Fields, mentions, references_in

_ID: Final = re.compile(r"(?=[^0-9]*[0-9]|.{16})[A-Za-z]+[-_][\w-]+", re.ASCII)
"""Texts that can be live ids: a prefix and a random part. The index has no others."""
_encode: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), check_circular=False).encode


class Index(NamedTuple):
    """The texts in the fields of an object that can refer to another one, each once, in order."""

    refers_to: tuple[str, ...]
    """Addresses."""
    ids: tuple[str, ...]
    """Texts that can be live ids."""

    def targets(self, matched: Matched) -> dict[Address, None]:
        """Return the addresses that the fields reference, under their present names, each once, in order."""
        return dict.fromkeys([matched.now(Address.parse(text)) for text in self.refers_to]) if self.refers_to else {}

    def by_literal_id(self, matched: Matched) -> list[Address]:
        """Return the addresses of our objects among the ids in the fields."""
        found = [(id_, target) for id_ in self.ids for target in matched.addresses.get(id_, ())] if self.ids else []
        return [target for id_, target in found if str(target) != id_]


def index_in(fields: Fields) -> Index:
    """Return the index of an object with these fields."""
    found = mentions(dict(fields))
    references = dict.fromkeys(found.references)
    ids = dict.fromkeys(text for text in found.strings if text not in references and _ID.fullmatch(text))
    return Index(tuple(references), tuple(ids))


def index_of(inputs: PlanInputs, address: Address) -> Index:
    """Return the index of an object that is unchanged."""
    applied = inputs.applied[address]
    verified = applied.verified
    if verified is None:
        return index_in(applied.fields)
    if verified.refers_to is None:
        return Index(tuple(dict.fromkeys(references_in(dict(applied.fields)))), verified.ids)
    return Index(verified.refers_to, verified.ids)


def unchanged(inputs: PlanInputs, matched: Matched) -> frozenset[Address]:
    """Return the addresses of the objects that are as an apply left them, equal to their manifests."""
    known = [address for address, applied in inputs.applied.items() if applied.verified]
    if not known or not all(_is_indexed(*item) for item in _named_ids(matched)):
        return frozenset()
    return frozenset(address for address in known if _is_unchanged(inputs, matched, address))


def _named_ids(matched: Matched) -> Iterator[tuple[str, Sequence[Address]]]:
    return chain(matched.addresses.items(), matched.claimed.items(), matched.lost.items())


def _is_indexed(id_: str, addresses: Sequence[Address]) -> bool:
    """Return True if an index has this id wherever it is in a field, or if it names nothing but its own address."""
    return _ID.fullmatch(id_) is not None or all(str(address) == id_ for address in addresses)


def _is_unchanged(inputs: PlanInputs, matched: Matched, address: Address) -> bool:
    desired, applied, live = inputs.desired.get(address), inputs.applied[address], matched.live.get(address)
    verified = applied.verified
    if desired is None or live is None or verified is None or not live.mark or live.mark != verified.mark:
        return False
    if not _is_settled(inputs, matched, desired, applied, live):
        return False
    index = index_of(inputs, address)

    def names_of(id_: str) -> Iterable[str]:
        return map(str, matched.addresses.get(id_) or matched.claimed.get(id_) or matched.lost.get(id_) or ())

    ids = {text: _id(matched.live.get(Address.parse(text))) for text in index.refers_to}
    if matched.moved and not matched.moved.keys().isdisjoint(index.targets(matched)):
        return False  # the state has the parts of an object under their former addresses
    return verified.digest == digest_of(desired, applied, ids, {id_: names_of(id_) for id_ in index.ids})


def _id(live: Live | None) -> str | None:
    return live.id if live else None


def _is_settled(inputs: PlanInputs, matched: Matched, desired: Desired, applied: Applied, live: Live) -> bool:
    """Return True if only the two sides of an object decide whether it differs."""
    address = desired.address
    is_renamed = address in matched.moved or (address.is_frozen and bool(matched.succeeded))
    is_expired = live.detail.get("status") == "expired"
    is_same = applied.id == live.id and applied.type == live.type == desired.type
    return is_same and not is_renamed and not is_expired and address not in inputs.announced


def digest_of(desired: Desired, applied: Applied, ids: Mapping[str, JSON], names: Mapping[str, Iterable[str]]) -> str:
    """Return the digest of both sides of an object, with the ids of the addresses that it refers to, and the addresses
    of the ids in it.
    """
    wanted = desired.lifecycle
    fields = _encode(desired.read_fields())
    then = fields if applied.has_fields_of(desired) else _encode(applied.read_fields())
    of_desired = ({**desired.write_only}, {**desired.options}, desired.whole)
    rules = (wanted.protect, wanted.keep_on_delete, wanted.ignore)
    of_entry = (applied.protected, applied.keep, applied.revision, {**applied.holds})
    addresses = {id_: sorted(one) for id_, one in names.items()}
    # The text of one array. It is encoded in parts, because both sides mostly have the same fields, and in few of them.
    begin = _encode((str(desired.address), (desired.type,)))[:-2]
    middle = _encode((of_desired, rules, (applied.id, applied.type)))[2:-2]
    end = _encode((({**applied.write_only}, applied.unproven), of_entry, ids, addresses))[2:]
    return hashlib.sha256(f"{begin},{fields},{middle},{then},{end}".encode()).hexdigest()[:32]
