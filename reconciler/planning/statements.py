"""Statements, risks and referrers as JSON, and back: parts of the plan document.

A statement is its code and arguments; the `text` beside them is for people, is added where a document is printed, and
is not read back. Documents of format v1 have texts alone: they are read as statements with the code `text`, and the
names of referrers, which v1 writes as people read them, are taken apart here and nowhere else.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, Protocol, TypeVar, get_args

from reconciler.planning.model import Risk, Unknown
from reconciler.planning.reasons import Args, Cause, Notice, Reason, Remedy
from reconciler.planning.referrers import Foreign, Node, PeerObject, Referrer, ReleaseState
from reconciler.resources.address import FILE, Address
from reconciler.resources.risks import RISKS
from reconciler.resources.values import JSON

_FOREIGN: Final = re.compile(r"(?P<type>\S+) (?:(?P<name>.*) \((?P<id>\S+)\)|(?P<only>.*))", re.DOTALL)
_LISTED: Final = re.compile(r"(?P<node>.*) \[(?P<state>published|released|unreleased)\]", re.DOTALL)
_STATES: Final[Mapping[str, ReleaseState]] = {state: state for state in get_args(ReleaseState)}
_PEER_STATE: Final = "state of "
_EXPIRED: Final = "it has expired"
"""The only reason of v1 that a class of drift depends on."""


class Statement(Protocol):
    """A reason, notice, cause or remedy."""

    @property
    def code(self) -> str: ...
    @property
    def args(self) -> Args: ...


Kind = TypeVar("Kind", Reason, Notice, Cause, Remedy)


def statement_json(found: Statement) -> JSON:
    """Return a statement as its code and arguments, and for a notice the address of its object, if any."""
    document: dict[str, JSON] = {"code": found.code, "args": dict(found.args)}
    address = found.address if isinstance(found, Notice) else None
    return document if address is None else {**document, "address": address}


def statement(kind: type[Kind], item: Any) -> Kind:
    """Return the statement of this kind in `item`, which is a text in a document of v1."""
    if isinstance(item, str):
        return kind("text", {"text": item})
    if issubclass(kind, Notice):
        return kind(item["code"], item["args"], item.get("address"))
    return kind(item["code"], item["args"])


def reasons_of(change: Mapping[str, Any]) -> Iterator[Reason]:
    """Yield the reasons of a change; v1 has them in `because`."""
    for item in change["reasons"] if "reasons" in change else change["because"]:
        yield Reason("expired") if item == _EXPIRED else statement(Reason, item)


def cause_of(refusal: Mapping[str, Any]) -> Cause:
    """Return the cause of a refusal; v1 has it in `message`."""
    return statement(Cause, refusal["cause"] if "cause" in refusal else refusal["message"])


def remedies_of(refusal: Mapping[str, Any]) -> Iterator[Remedy]:
    """Yield the remedies of a refusal; v1 has them in one text, `remedy`."""
    v1 = [refusal["remedy"]] if refusal.get("remedy") else []
    yield from (statement(Remedy, item) for item in refusal.get("remedies", v1))


def risk_json(risk: Risk) -> JSON:
    return {"address": risk.address, "action": risk.action, **change_risk_json(risk)}


def change_risk_json(risk: Risk) -> JSON:
    """Return a risk beside its change, which has the address and the action."""
    document: dict[str, JSON] = {"rule": risk.rule, "level": risk.level, "args": dict(risk.args)}
    about = {"part": risk.part, "used_by": risk.used_by}
    return document | {name: address for name, address in about.items() if address is not None}


def risk_of(item: Any, change: Mapping[str, Any] | None = None) -> Risk:
    """Return the risk in `item`; `change` has its address and action if `item` does not. v1 writes `high name-lost:
    text`.
    """
    about = item if change is None else change
    if isinstance(item, str):
        rule, _, text = item.partition(" ")[2].partition(": ")
        item = {"rule": rule, "level": item.partition(" ")[0], "text": text}
    if item["rule"] not in RISKS:
        raise ValueError(f"unknown risk {item['rule']!r}")
    args = item["args"] if "args" in item else {"text": item["text"]}
    address, action = about["address"], about["action"]
    return Risk(item["rule"], item["level"], address, action, args, item.get("part"), item.get("used_by"))


def unknown_of(item: Any) -> Unknown:
    return Unknown("text", (item,)) if isinstance(item, str) else Unknown(item["what"], tuple(item["names"]))


def node_json(node: Node) -> JSON:
    """Return an address as a string, and an object of another owner as a mapping."""
    if isinstance(node, Foreign):
        return {"type": node.type, "id": node.id, "name": node.name}
    return {"identity": node.identity, "address": node.address} if isinstance(node, PeerObject) else str(node)


def node_of(item: Any) -> Node:
    """Return the referrer in `item`; v1 writes all referrers as text. Of addresses, only paths of files contain
    spaces.
    """
    if not isinstance(item, str):
        return Foreign(**item) if "id" in item else PeerObject(**item)
    kind, slash, _ = item.partition("/")
    identity, colon, address = item.partition(": ")
    if kind != FILE and colon and " " not in identity:
        return PeerObject(identity, address)
    found = _FOREIGN.fullmatch(item)
    if found and (not slash or " " in kind):
        return Foreign(found["type"], found["id"] or found["only"], found["name"] or "")
    return Address.parse(item)


def referrer_json(referrer: Referrer) -> JSON:
    document = {"referrer": node_json(referrer.node), "state": referrer.state, "place": referrer.place or None}
    return {name: value for name, value in document.items() if value is not None}


def referrer_of(item: Any, refusal: Mapping[str, Any]) -> Referrer:
    """Return the referrer in `item`; v1 writes `release/support@2 [published]`, with its place in the refusal."""
    if not isinstance(item, str):
        return Referrer(node_of(item["referrer"]), item.get("state"), item.get("place", ""))
    listed = _LISTED.fullmatch(item)
    place = refusal["places"].get(item, "")
    node, state = (node_of(listed["node"]), _STATES[listed["state"]]) if listed else (node_of(item), None)
    return Referrer(node, state, "state" if place.startswith(_PEER_STATE) else place)
