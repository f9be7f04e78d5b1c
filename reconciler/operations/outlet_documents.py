"""The documents in the outlets: published bundles, and objects that exist only there."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Final

from reconciler.bundles.documents import Pointer as PublishedPointer, blob_key
from reconciler.bundles.outlets import Outlet
from reconciler.bundles.publish import Published, pointer_hash, read_all, read_each
from reconciler.bundles.render import object_address, own_fields
from reconciler.planning.outlets import NOTHING, OutletDocument, copy_of
from reconciler.planning.published import Copy, Pointer, Stray
from reconciler.planning.reasons import Reason
from reconciler.resources.address import RELEASE, Address, Identity
from reconciler.resources.base import EMPTY, Live
from reconciler.resources.problems import Problem
from reconciler.resources.values import JSON, reference, references_in, strings_in
from reconciler.state.model import Written

_MISREAD: Final = (AttributeError, KeyError, TypeError, ValueError)
"""Errors of code that reads a value of an unexpected type."""


@dataclass
class OutletContents:
    """The content of the first outlet, compared with the others."""

    pointers: dict[Address, Pointer] = field(default_factory=dict)
    """Pointers by the address of the object."""
    published: dict[Address, Pointer] = field(default_factory=dict)
    """Pointers of published chatbots, by chatbot."""
    documents: dict[Address, Live] = field(default_factory=dict)
    """Objects that exist as documents, by address."""

    strays: tuple[Stray, ...] = ()
    """Documents that only other outlets have."""
    agreed: tuple[Written, ...] = ()
    """Documents in other outlets that are as in the built-in one, and that the state does not have."""
    foreign: Mapping[Address, Mapping[str, str]] = field(default_factory=dict)
    """Digests of the bundles in other outlets that the state did not record and that this project did not publish, by
    object and outlet. Another state may have written them."""
    taken: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Hashes of the pointers in other outlets, as a rebuilt state records them: of the built-in outlet, if it has the
    pointer. Empty if the state records outlets."""


def read_outlets(
    outlets: Mapping[str, Outlet],
    identity: Identity,
    written: Mapping[str, Mapping[str, str]] | None = None,
    unread: Collection[str] = (),
) -> OutletContents:
    """Read everything published for `identity`, given what the state has `written` to each outlet. The built-in outlet
    is the first one.

    The names of other outlets that must not be contacted are in `unread`. Nothing was written there yet, unless the
    state does not record it: then they are left out.
    """
    built_in, *others = outlets
    copies = {outlet: read_all(outlets[outlet], identity) for outlet in others}
    if written is not None:
        copies |= {outlet: {} for outlet in unread}
    found = OutletContents()
    names: dict[Address, Published] = {}
    agreed: list[Written] = []
    ours: dict[Address, Published] = {}
    for name, published in read_each(outlets[built_in], identity):
        read = _checked(name, published)
        if copies:
            ours[name] = replace(read, content=None)  # only the pointer is compared later
        address, elsewhere = object_address(name), {outlet: held.get(name) for outlet, held in copies.items()}
        if address is None:
            found.published[name], names[name] = _pointer(name, read, elsewhere, written), read
        else:
            live, one = _document(address, read)
            found.pointers[address] = _pointer(name, one, elsewhere, written)
            if live is not None:
                found.documents[address] = live
        agreed += _agreed(name, read, elsewhere, written or {})
    known = {*found.documents, *found.pointers}
    for chatbot, one in names.items():
        found.documents[chatbot] = _with_release(found.documents.get(chatbot), chatbot, one)
    strays = tuple(_strays(copies, known, names.keys()))
    taken = _taken(copies, ours) if written is None else {}
    everything = _ForeignPointers(outlets[built_in], identity, ours, written)
    foreign = everything.found(copies)
    return replace(found, agreed=tuple(agreed), strays=strays, foreign=foreign, taken=taken)


def _strays(
    copies: Mapping[str, Mapping[Address, Published]], known: Collection[Address], released: Collection[Address]
) -> Iterator[Stray]:
    """Yield the documents in other outlets of which the built-in one has neither the object nor the released name."""
    for outlet, held in copies.items():
        for name, one in held.items():
            address = object_address(name)
            if name not in released if address is None else address not in known:
                document = _found(one)
                copy = Copy(outlet, "tampered", document.blob, document.ids)
                yield Stray(name, address or name, copy, is_released=address is None)


@dataclass(frozen=True)
class _ForeignPointers:
    """The pointers in other outlets, compared with what this state has published."""

    built_in: Outlet
    identity: Identity
    ours: Mapping[Address, Published]
    written: Mapping[str, Mapping[str, str]] | None

    def found(self, copies: Mapping[str, Mapping[Address, Published]]) -> Mapping[Address, Mapping[str, str]]:
        foreign: dict[Address, dict[str, str]] = {}
        for outlet, names in copies.items():
            for name, copy in names.items():
                if copy.pointer and not self._is_explained(outlet, name, copy.pointer):
                    foreign.setdefault(object_address(name) or name, {})[outlet] = copy.pointer.blob
        return foreign

    def _is_explained(self, outlet: str, name: Address, pointer: PublishedPointer) -> bool:
        ours = self.ours.get(name)
        if str(name) in (self.written or {}).get(outlet, {}) or (ours and ours.pointer == pointer):
            return True
        if ours and self.written is None:  # no run has recorded its outlets yet
            return True
        return self.built_in.read(blob_key(str(self.identity), pointer.blob)) is not None


def _taken(
    copies: Mapping[str, Mapping[Address, Published]], ours: Mapping[Address, Published]
) -> Mapping[str, Mapping[str, str]]:
    known = {name: one.pointer for name, one in ours.items() if one.pointer}
    readable = ((outlet, {name: one.pointer for name, one in names.items()}) for outlet, names in copies.items())
    return {
        outlet: {str(name): pointer_hash(known.get(name, pointer)) for name, pointer in names.items() if pointer}
        for outlet, names in readable
    }


def _pointer(
    name: Address,
    found: Published,
    others: Mapping[str, Published | None],
    written: Mapping[str, Mapping[str, str]] | None,
) -> Pointer:
    if found.pointer is None:
        return Pointer("", {}, _fault(found))
    expected = pointer_hash(found.pointer) if others else ""
    copies = (copy_of(name, outlet, _found(other), expected, written) for outlet, other in others.items())
    differing = tuple(filter(None, copies))
    return Pointer(found.pointer.blob, found.pointer.ids, _fault(found), differing, found.pointer.holds or EMPTY)


def _fault(found: Published) -> Reason | None:
    if found.problem is None:
        return None
    return (
        Reason("blob-missing") if found.lacks_blob else Reason("outlet-unreadable", {"message": found.problem.message})
    )


def _found(copy: Published | None) -> OutletDocument:
    if copy is None:
        return NOTHING
    if copy.pointer is None:
        return OutletDocument(None, is_intact=False)
    intact = copy.problem is None or copy.lacks_blob
    ids = frozenset((*copy.pointer.ids.values(), *strings_in(copy.content)))
    return OutletDocument(
        pointer_hash(copy.pointer), copy.pointer.blob, ids, has_blob=not copy.lacks_blob, is_intact=intact
    )


def _agreed(
    name: Address,
    found: Published,
    others: Mapping[str, Published | None],
    written: Mapping[str, Mapping[str, str]],
) -> Iterator[Written]:
    hash_ = pointer_hash(found.pointer) if others and found.pointer and found.problem is None else None
    for outlet, other in others.items():
        agrees = other is not None and other.pointer == found.pointer and other.problem is None
        if hash_ and agrees and written.get(outlet, {}).get(str(name)) != hash_:
            yield Written(outlet, str(name), hash_)


def _document(address: Address, one: Published) -> tuple[Live | None, Published]:
    """Return the live object of a bundle, none for agents at OpenAI; an invalid bundle counts as altered."""
    if one.content is None:
        return None, one
    try:
        type_ = _document_type(one.content)
        return Live(type_, str(address), own_fields(type_, one.content)) if type_ else None, one
    except _MISREAD:
        return None, _broken(address, one)


def _checked(name: Address, one: Published) -> Published:
    """Return a document without its content if an address in it or in its pointer is not one, although its digest is
    right; and without the ids that the pointer has for such names, which no application looks up.
    """
    pointer, content = one.pointer, one.content
    try:
        for text in (*pointer.ids, *pointer.holds) if pointer else ():
            Address.parse(text)
        for text in (content["address"], *references_in(dict(content))) if content is not None else ():
            Address.parse(text)
    except _MISREAD:
        held = pointer and replace(pointer, ids=_of_addresses(pointer.ids), holds=_of_addresses(pointer.holds))
        return replace(_broken(name, one), pointer=held)
    return one


def _of_addresses(ids: Mapping[str, str]) -> Mapping[str, str]:
    """Return the ids by name, without names that are not addresses."""
    found: dict[str, str] = {}
    for name, id_ in ids.items():
        with suppress(ValueError):
            Address.parse(name)
            found[name] = id_
    return found


def _broken(name: Address, one: Published) -> Published:
    problem = Problem("bundle-broken", f"the document published at {name} is not a bundle")
    return replace(one, content=None, problem=problem)


def _document_type(content: Mapping[str, JSON]) -> str | None:
    if "release" in content:
        return "release"
    if "chatbot" in content:
        return "chatbot"
    if "pipelines" in content:
        return "pipeline"
    return "request" if "request" in content["assistants"][content["address"]] else None


def _with_release(draft: Live | None, chatbot: Address, published: Published) -> Live:
    """Return a chatbot with its published release, if any."""
    content = published.content or {}
    release = object_address(Address.parse(content["address"])) if content else None
    named = reference(release) if release is not None and release.kind == RELEASE else None
    live = draft or Live("chatbot", str(chatbot), {})
    return replace(live, fields={**live.fields, "published": named})
