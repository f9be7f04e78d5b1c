"""When models are shut down: those that a plan writes, or any others."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import NamedTuple

from reconciler.live.client import Connection
from reconciler.live.errors import MissingError
from reconciler.live.models import shutdown_dates
from reconciler.planning.build import Planned
from reconciler.planning.model import CREATES
from reconciler.planning.reasons import Notice
from reconciler.planning.release_retention import release_of
from reconciler.project.suggest import similar
from reconciler.resources.address import Address
from reconciler.resources.model_retirements import retirement


class Models(NamedTuple):
    """What is known of models."""

    ends: Mapping[str, date]
    """The last day of each that has one."""
    warnings: tuple[Notice, ...] = ()
    """About those that the key may not use, or that do not exist."""


async def look_up(connection: Connection, models: Iterable[str]) -> Models:
    """What is known of `models`; one request, none where there are no models.

    What the API does not tell, for a model it does not list or as a server that lists none, OpenAI's page does.
    """
    used = frozenset(models)
    if not used:
        return Models({})
    try:
        told = await shutdown_dates(connection)
    except MissingError:
        told = {}
    known = {model: retirement(model) for model in used}
    page = {model: end.on for model, end in known.items() if end is not None}
    ends = {model: on for model in sorted(used) if (on := told.get(model) or page.get(model)) is not None}
    unlisted = sorted(used - told.keys() - page.keys()) if told else ()
    notices = (Notice("model-unlisted", {"model": model, "similar": similar(model, told)}) for model in unlisted)
    return Models(ends, tuple(notices))


def written(planned: Planned) -> Iterator[str]:
    """Models that the plan writes, releases or publishes."""
    inputs = planned.inputs
    for change in planned.plan.work:
        if change.action in {*CREATES, "update", "publish"}:
            address = Address.parse(change.address)
            for part in (address, *_released(planned, address)):
                desired = inputs.desired.get(part)
                if desired is not None:
                    yield from inputs.resource_types[desired.type].models(desired.fields)


def _released(planned: Planned, address: Address) -> Iterator[Address]:
    """The parts of a release that is published."""
    release = release_of(planned.inputs, address)
    if release is not None and release in planned.inputs.releases:
        yield from planned.inputs.releases[release].parts
