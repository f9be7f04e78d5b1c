"""The documents in the outlets: published bundles, and objects that exist only there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from reconciler.bundles.outlets import Outlet
from reconciler.bundles.publish import Published, read_all
from reconciler.bundles.render import object_address, own_fields
from reconciler.planning.inputs import Pointer
from reconciler.planning.reasons import Reason
from reconciler.resources.address import RELEASE, Address, Identity
from reconciler.resources.base import Live
from reconciler.resources.problems import Problem
from reconciler.resources.values import JSON, reference


@dataclass
class OutletContents:
    """The content of the first outlet, compared with the others."""

    pointers: dict[Address, Pointer] = field(default_factory=dict)
    """Pointers by the address of the object."""
    published: dict[Address, Pointer] = field(default_factory=dict)
    """Pointers of published chatbots, by chatbot."""
    documents: dict[Address, Live] = field(default_factory=dict)
    """Objects that exist as documents, by address."""


def read_outlets(outlets: Sequence[Outlet], identity: Identity) -> OutletContents:
    """Read everything published for `identity`."""
    first, *others = (read_all(outlet, identity) for outlet in outlets)
    found = OutletContents()
    names: dict[Address, Published] = {}
    for name, read in first.items():
        address, elsewhere = object_address(name), [other.get(name) for other in others]
        if address is None:
            found.published[name], names[name] = _pointer(read, elsewhere), read
            continue
        live, one = _document(address, read)
        found.pointers[address] = _pointer(one, elsewhere)
        if live is not None:
            found.documents[address] = live
    for chatbot, one in names.items():
        found.documents[chatbot] = _with_release(found.documents.get(chatbot), chatbot, one)
    return found


def _pointer(found: Published, others: Sequence[Published | None]) -> Pointer:
    fault = Reason("outlet-unreadable", {"message": found.problem.message}) if found.problem else None
    if any(other is None or other.pointer != found.pointer or other.problem for other in others):
        fault = fault or Reason("outlets-disagree")
    if found.pointer is None:
        return Pointer("", {}, fault)
    return Pointer(found.pointer.blob, found.pointer.ids, fault)


def _document(address: Address, one: Published) -> tuple[Live | None, Published]:
    """Return the live object of a bundle, none for agents at OpenAI; an invalid bundle counts as altered."""
    if one.content is None:
        return None, one
    try:
        type_ = _document_type(one.content)
        return Live(type_, str(address), own_fields(type_, one.content)) if type_ else None, one
    except (AttributeError, KeyError, TypeError, ValueError):
        problem = Problem("bundle-broken", f"the document published at {address} is not a bundle")
        return None, replace(one, content=None, problem=problem)


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
