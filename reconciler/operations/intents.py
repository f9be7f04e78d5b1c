"""Which creates are announced all together, before the first one, and which one after the other."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from reconciler.applying.steps import lower
from reconciler.planning.build import Planned
from reconciler.resources.address import Address
from reconciler.resources.values import JSON
from reconciler.state.model import Intent


def expected_creates(planned: Planned, now: float) -> Iterator[Intent]:
    """Everything that is about to be made at OpenAI, with what it can be known by; `now` by OpenAI's clock."""
    inputs = planned.inputs
    for step in lower(planned):
        desired = inputs.desired.get(step.address)
        if desired is None or not step.creates or desired.type in inputs.outlet_types:
            continue
        marker: dict[str, JSON] = {"identity": str(inputs.identity)}
        if desired.write_only:
            marker["write_only"] = dict(desired.write_only)
        if desired.local is not None:
            marker = {"filename": desired.upload_name, "bytes": desired.local.bytes, "sha256": desired.local.sha256}
        yield Intent(step.address, desired.type, marker, now)


def one_at_a_time(intents: Iterable[Intent]) -> tuple[tuple[Intent, ...], Mapping[Address, Intent]]:
    """Those to announce at once; and by address those that are announced right before each is made.

    The API tells of an upload its name and its size. Of several that only their content tells apart, no more than one
    may be announced and not recorded as made: a run that is killed then leaves no doubt which of them it has made.
    """
    everything = tuple(intents)
    contents: dict[tuple[JSON, JSON], set[JSON]] = defaultdict(set)
    for intent in everything:
        contents[_seen(intent)].add(intent.marker.get("sha256"))
    later = {intent.address: intent for intent in everything if len(contents[_seen(intent)]) > 1}
    return tuple(intent for intent in everything if intent.address not in later), later


def _seen(intent: Intent) -> tuple[JSON, JSON]:
    """What the API will tell of an upload."""
    return intent.marker.get("filename"), intent.marker.get("bytes")
