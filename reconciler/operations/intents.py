"""The creates that a run journals before it sends them, together or one at a time."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from reconciler.applying.steps import lower
from reconciler.planning.announced import marker_of
from reconciler.planning.build import Planned
from reconciler.resources.address import Address
from reconciler.resources.values import JSON
from reconciler.state.model import Intent


def expected_creates(planned: Planned, now: float) -> Iterator[Intent]:
    """Return an intent for each create at OpenAI, with markers that identify the object; `now` by OpenAI's clock."""
    inputs = planned.inputs
    for step in lower(planned):
        desired = inputs.desired.get(step.address)
        if desired is None or not step.creates or desired.type in inputs.outlet_types:
            continue
        yield Intent(step.address, desired.type, marker_of(inputs, desired), now)


def one_at_a_time(intents: Iterable[Intent]) -> tuple[tuple[Intent, ...], Mapping[Address, Intent]]:
    """Split intents into those to journal together, and those to journal right before their create, by address.

    The API returns only name and size of an upload. Of uploads that differ only in content, at most one is journaled
    and not completed at any time, so that after an interrupted run it is clear which of them was created.
    """
    everything = tuple(intents)
    contents: dict[tuple[JSON, JSON], set[JSON]] = defaultdict(set)
    for intent in everything:
        contents[_api_view(intent)].add(intent.marker.get("sha256"))
    later = {intent.address: intent for intent in everything if len(contents[_api_view(intent)]) > 1}
    return tuple(intent for intent in everything if intent.address not in later), later


def _api_view(intent: Intent) -> tuple[JSON, JSON]:
    """Return the properties of an upload that the API returns."""
    return intent.marker.get("filename"), intent.marker.get("bytes")
