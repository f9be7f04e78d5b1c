"""From JSON of the API to canonical fields, and back to request bodies."""

from collections.abc import Iterable, Mapping
from typing import Final

from reconciler.live.base import WriteRequest
from reconciler.live.client import Object
from reconciler.live.metadata import merged, without_labels
from reconciler.resources.base import Live
from reconciler.resources.metadata import PAIRS, has_room
from reconciler.resources.resource_type import ResourceType
from reconciler.resources.values import JSON, Fields, replace_references

METADATA: Final = "metadata"


def canonical(resource_type: ResourceType, body: Object, names: Iterable[str]) -> dict[str, JSON]:
    """The named fields of a live object, without our labels; one that the answer lacks is read as null. A secret is
    never read.
    """
    values = {**body, METADATA: without_labels(body)}
    return {name: resource_type.canonical(name, values.get(name)) for name in sorted({*names} - resource_type.secret)}


def detail(body: Object, names: Iterable[str]) -> dict[str, JSON]:
    return {name: body[name] for name in names if body.get(name) is not None}


def creation(resource_type: ResourceType, order: WriteRequest) -> dict[str, JSON]:
    """The body that makes the object: what is wanted, what can only be written, and our labels.

    A field wanted as null is left out: that is how it comes into being, and not every create takes null.
    """
    fields = {name: value for name, value in order.fields.items() if value is not None}
    labelled = {METADATA: _pairs(order, None)} if resource_type.is_labelled else {}
    return {**_rendered(resource_type, order, {**fields, **labelled}), **order.desired.unreadable}


def change(resource_type: ResourceType, order: WriteRequest, live: Live) -> dict[str, JSON]:
    """The body that writes `order.fields` and our labels over the live object.

    Of fields that are ours by key, what others set stays, and a key wanted as null goes.
    """
    fields = {name: _over(resource_type, name, value, live.fields) for name, value in order.fields.items()}
    labelled = {METADATA: _pairs(order, live)} if resource_type.is_labelled else {}
    return _rendered(resource_type, order, {**fields, **labelled})


def _pairs(order: WriteRequest, live: Live | None) -> dict[str, str]:
    """An object that has never had room for our labels does without them."""
    wanted: Mapping[str, str | None] = order.fields.get(METADATA) or {}
    there: Mapping[str, str] = (live.fields.get(METADATA) or {}) if live else {}
    theirs = {key: value for key, value in {**there, **wanted}.items() if value is not None}
    if live and live.labels is None and not has_room(theirs) and len(theirs) <= PAIRS:
        return theirs
    return merged(there, wanted, order.labels, str(order.desired.address))


def _over(resource_type: ResourceType, name: str, wanted: JSON, live: Fields) -> JSON:
    if name not in resource_type.owned_by_key or not isinstance(wanted, Mapping):
        return wanted
    both = {**(live.get(name) or {}), **wanted}
    return {key: value for key, value in both.items() if value is not None}


def _rendered(resource_type: ResourceType, order: WriteRequest, fields: Fields) -> dict[str, JSON]:
    return {name: replace_references(value, order.id_of) for name, value in resource_type.render(fields).items()}
