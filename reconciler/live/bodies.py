"""Conversion of JSON of the API to canonical fields, and of fields and metadata to request bodies."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Final

from reconciler.live.adapters import WriteRequest
from reconciler.live.errors import LiveError
from reconciler.live.requests import Object
from reconciler.live.shapes import TEXTS, TIME, check
from reconciler.resources import labels as ownership
from reconciler.resources.base import Labels, Live
from reconciler.resources.metadata import PAIRS, has_room
from reconciler.resources.problems import Problem
from reconciler.resources.resource_type import ResourceType
from reconciler.resources.values import JSON, Fields, put, replace_references

METADATA: Final = "metadata"


def canonical(resource_type: ResourceType, body: Object, names: Iterable[str]) -> dict[str, JSON]:
    """Return the named fields of a live object without ownership labels; a missing field is null. A secret is never
    read.
    """
    values = {**body, METADATA: without_labels(body)}
    return {name: resource_type.canonical(name, values.get(name)) for name in sorted({*names} - resource_type.secret)}


def detail(body: Object, names: Iterable[str]) -> dict[str, JSON]:
    return {name: body[name] for name in names if body.get(name) is not None}


def creation(resource_type: ResourceType, request: WriteRequest) -> dict[str, JSON]:
    """Return the body of a create request: desired fields, write-only fields and labels. Null fields are left out: null
    is the initial value, and some create requests do not accept it.
    """
    fields = {name: value for name, value in request.fields.items() if value is not None}
    labelled = {METADATA: _pairs(request, None)} if resource_type.is_labelled else {}
    rendered = _rendered(resource_type, request, {**fields, **labelled})
    return {name: value for name, value in rendered.items() if value is not None} | {**request.desired.unreadable}


def change(resource_type: ResourceType, request: WriteRequest, live: Live) -> dict[str, JSON]:
    """Return the body of an update request: `request.fields` and the labels. In fields that are managed by key, other
    keys are kept, and a key with the value null is removed.
    """
    fields = {name: _over(resource_type, name, value, live.fields) for name, value in request.fields.items()}
    labelled = {METADATA: _pairs(request, live)} if resource_type.is_labelled else {}
    return _rendered(resource_type, request, {**fields, **labelled})


def with_secrets(body: Mapping[str, JSON], request: WriteRequest) -> tuple[dict[str, JSON], tuple[str, ...]]:
    """Return a request body with the secrets, and the values that go with them, at their paths; and the secrets, which
    no message may contain.
    """
    desired, found = request.desired, dict(body)
    for path, value in desired.with_secrets.items():
        found = put(found, path, value)
    secrets = {path: request.secret_of(name) for path, name in desired.secrets.items()}
    for path, secret in secrets.items():
        found = put(found, path, secret)
    return found, tuple(secrets.values())


def _pairs(request: WriteRequest, live: Live | None) -> dict[str, str]:
    """Return no labels for an object that never had room for them."""
    wanted: Mapping[str, str | None] = request.fields.get(METADATA) or {}
    there: Mapping[str, str] = (live.fields.get(METADATA) or {}) if live else {}
    theirs = {key: value for key, value in {**there, **wanted}.items() if value is not None}
    if live and live.labels is None and not has_room(theirs) and len(theirs) <= PAIRS:
        return theirs
    return merged(there, wanted, request.labels, str(request.desired.address))


def _over(resource_type: ResourceType, name: str, wanted: JSON, live: Fields) -> JSON:
    if name not in resource_type.owned_by_key or not isinstance(wanted, Mapping):
        return wanted
    both = {**(live.get(name) or {}), **wanted}
    return {key: value for key, value in both.items() if value is not None}


def _rendered(resource_type: ResourceType, request: WriteRequest, fields: Fields) -> dict[str, JSON]:
    return {name: replace_references(value, request.id_of) for name, value in resource_type.render(fields).items()}


CLOCK_SLACK: Final = 120.0
"""Seconds by which the local clock, corrected by the responses, and OpenAI's may differ."""


def without_labels(body: Object) -> dict[str, str]:
    return {key: value for key, value in (body.get("metadata") or {}).items() if key not in ownership.KEYS}


def merged(live: Mapping[str, str], wanted: Mapping[str, str | None], labels: Labels, address: str) -> dict[str, str]:
    """Return the metadata to write: live pairs, which the API would remove otherwise, then `wanted`, then the labels.

    A key with the value None is removed. Raises `LiveError` if the result has more pairs than the API keeps.
    """
    pairs = {**live, **wanted, **ownership.to_metadata(labels)}
    kept = {key: value for key, value in pairs.items() if value is not None}
    if len(kept) > PAIRS:
        own = ", ".join(sorted(kept.keys() - ownership.KEYS))
        message = (
            f"{address}: {len(kept)} metadata pairs exceed the limit of {PAIRS}, four of which are ownership labels; "
            f"the others are {own}"
        )
        raise LiveError(
            Problem("too-many-pairs", message, hint="Remove pairs from the manifest or from the live object.")
        )
    return kept


def carries(body: Object, labels: Labels) -> bool:
    """Return True if the labels on the object have the identity, the address and the lineage of `labels`."""
    check("object", body, {METADATA: TEXTS})
    found = ownership.from_metadata(body.get("metadata"))
    return found is not None and replace(found, spec={}, protected=False) == replace(labels, spec={}, protected=False)


def older_than(since: float, ahead: float) -> Callable[[Object], bool]:
    """Return a test for objects that were certainly created before the local Unix time `since`; the local clock is
    `ahead` seconds fast.
    """
    earliest = since - ahead - CLOCK_SLACK

    def is_older(body: Object) -> bool:
        check("object", body, {"created_at": TIME})
        return bool((body.get("created_at") or since) < earliest)

    return is_older
