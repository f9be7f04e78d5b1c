"""From JSON of the API to canonical fields, and back to request bodies."""

from collections.abc import Iterable, Mapping
from typing import Final

from reconciler.live.base import Order
from reconciler.live.client import Object
from reconciler.live.metadata import merged, without_labels
from reconciler.resources.base import Form, Live
from reconciler.resources.values import JSON, Fields, replace_references

METADATA: Final = "metadata"


def canonical(form: Form, body: Object, names: Iterable[str]) -> dict[str, JSON]:
    """The named fields of a live object, without our labels; one that the answer lacks is read as null."""
    values = {**body, METADATA: without_labels(body)}
    return {name: form.canonical(name, values.get(name)) for name in sorted(names)}


def detail(body: Object, names: Iterable[str]) -> dict[str, JSON]:
    return {name: body[name] for name in names if body.get(name) is not None}


def creation(form: Form, order: Order) -> dict[str, JSON]:
    """The body that makes the object: what is wanted, what can only be written, and our labels.

    A field wanted as null is left out: that is how it comes into being, and not every create takes null.
    """
    fields = {name: value for name, value in order.fields.items() if value is not None}
    return {**_rendered(form, order, {**fields, METADATA: _pairs(order, {})}), **order.desired.unreadable}


def change(form: Form, order: Order, live: Live) -> dict[str, JSON]:
    """The body that writes `order.fields` and our labels over the live object.

    Of fields that are ours by key, what others set stays, and a key wanted as null goes.
    """
    fields = {name: _over(form, name, value, live.fields) for name, value in order.fields.items()}
    return _rendered(form, order, {**fields, METADATA: _pairs(order, live.fields)})


def _pairs(order: Order, live: Fields) -> dict[str, str]:
    wanted: Mapping[str, str | None] = order.fields.get(METADATA) or {}
    return merged(live.get(METADATA) or {}, wanted, order.labels, str(order.desired.address))


def _over(form: Form, name: str, wanted: JSON, live: Fields) -> JSON:
    if name not in form.owned_by_key or not isinstance(wanted, Mapping):
        return wanted
    both = {**(live.get(name) or {}), **wanted}
    return {key: value for key, value in both.items() if value is not None}


def _rendered(form: Form, order: Order, fields: Fields) -> dict[str, JSON]:
    return {name: replace_references(value, order.id_of) for name, value in form.render(fields).items()}
