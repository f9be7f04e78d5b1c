"""The writes that a run journals before it sends them, together or one at a time."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from reconciler.applying.steps import Step, steps_of
from reconciler.planning.announced import api_view, marker_of
from reconciler.planning.build import Planned
from reconciler.planning.release_retention import release_of
from reconciler.planning.unfinished import bundle_marker, fields_marker, parts_marker, publication
from reconciler.resources.address import Address
from reconciler.resources.base import Desired
from reconciler.resources.registry import resource_types
from reconciler.resources.values import JSON, digest
from reconciler.state.model import Intent


def expected_writes(planned: Planned, now: float) -> Iterator[Intent]:
    """Return an intent for each create at OpenAI, with markers that identify the object, and for each other write that
    may be left half done; `now` by OpenAI's clock.
    """
    for step in steps_of(planned):
        desired = planned.inputs.desired.get(step.address)
        marker = _marker(planned, step, desired) if desired else None
        if desired and marker is not None:
            address = publication(step.address) if step.verb == "publish" else step.address
            yield Intent(address, desired.type, marker, now, _creates(planned, step, desired))


def _marker(planned: Planned, step: Step, desired: Desired) -> dict[str, JSON] | None:
    """Return the marker of a step; None if one request does all of it, or if it only removes."""
    inputs, address = planned.inputs, step.address
    if step.verb == "publish":
        release = release_of(inputs, address)
        published = release if inputs.resource_types[desired.type].pointers else address
        return bundle_marker(inputs, published) or None if published else None
    if step.verb != "write":
        return None
    if _creates(planned, step, desired):
        return {**marker_of(inputs, desired), **bundle_marker(inputs, address)}
    parts = {**parts_marker(inputs, desired, step.changes), **fields_marker(inputs, desired, step.changes)}
    publishes = desired.type in inputs.outlet_types or address in inputs.adopt or address in planned.matched.moved
    return {**parts, **(bundle_marker(inputs, address) if publishes else {})} or None


def _creates(planned: Planned, step: Step, desired: Desired) -> bool:
    """Return True if the step creates an object at OpenAI."""
    return step.creates and desired.type not in planned.inputs.outlet_types


def one_at_a_time(intents: Iterable[Intent]) -> tuple[tuple[Intent, ...], Mapping[Address, Intent]]:
    """Split intents into those to journal together, and those to journal right before their create, by address.

    Some objects have no labels, and a part of them cannot be read: the content of uploads, and the write-only fields of
    other types. Of those that differ only in that part, at most one is journaled and not completed at any time, so that
    after an interrupted run it is clear which of them was created.
    """
    everything = tuple(intents)
    creates = [intent for intent in everything if intent.creates and resource_types()[intent.type].needs_state]
    hidden: dict[str, set[str]] = defaultdict(set)
    for intent in creates:
        hidden[api_view(intent.type, intent.marker)].add(digest(dict(intent.marker)))
    later = {one.address: one for one in creates if len(hidden[api_view(one.type, one.marker)]) > 1}
    return tuple(intent for intent in everything if intent.address not in later), later
