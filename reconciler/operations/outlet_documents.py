"""What the outlets say: what is published where, and the objects that live nowhere else."""

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
class Outletted:
    """The first outlet, compared with the others."""

    pointers: dict[Address, Pointer] = field(default_factory=dict)
    """By object."""
    published: dict[Address, Pointer] = field(default_factory=dict)
    """Under the names of chatbots, by chatbot."""
    documents: dict[Address, Live] = field(default_factory=dict)
    """Objects that are documents, by address."""


def published(outlets: Sequence[Outlet], identity: Identity) -> Outletted:
    """Everything published for `identity`."""
    first, *others = (read_all(outlet, identity) for outlet in outlets)
    found = Outletted()
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
    """The live object that a bundle is; an agent's is at OpenAI. A blob of another shape is as good as altered."""
    if one.content is None:
        return None, one
    try:
        type_ = _document_type(one.content)
        return Live(type_, str(address), own_fields(type_, one.content)) if type_ else None, one
    except (AttributeError, KeyError, TypeError, ValueError):
        problem = Problem("bundle-broken", f"what is published at {address} has not the shape of a bundle")
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
    """A chatbot with the release that applications get under its name, as far as that is one."""
    content = published.content or {}
    release = object_address(Address.parse(content["address"])) if content else None
    named = reference(release) if release is not None and release.kind == RELEASE else None
    live = draft or Live("chatbot", str(chatbot), {})
    return replace(live, fields={**live.fields, "published": named})
