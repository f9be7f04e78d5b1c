"""When models are shut down: those that a plan writes, or any others."""

from collections.abc import Iterable, Iterator
from datetime import date

from reconciler.live.client import Connection
from reconciler.live.errors import MissingError
from reconciler.live.models import shutdown_dates
from reconciler.operations.retirement import retirement
from reconciler.planning.build import Planned
from reconciler.planning.model import MAKES
from reconciler.planning.retiring import release_of
from reconciler.resources.address import Address


async def shutdowns(connection: Connection, models: Iterable[str]) -> dict[str, date]:
    """The last day of every one of `models` that has one; one request, none where there are no models.

    What the API does not tell, for a model it does not list or as a server that lists none, OpenAI's page does.
    """
    used = frozenset(models)
    if not used:
        return {}
    try:
        told = await shutdown_dates(connection)
    except MissingError:
        told = {}
    known = {model: retirement(model) for model in used}
    page = {model: end.on for model, end in known.items() if end is not None}
    return {model: on for model in sorted(used) if (on := told.get(model) or page.get(model)) is not None}


def written(planned: Planned) -> Iterator[str]:
    """Models that the plan writes, releases or publishes."""
    world = planned.world
    for change in planned.plan.work:
        if change.action in {*MAKES, "update", "publish"}:
            address = Address.parse(change.address)
            for part in (address, *_released(planned, address)):
                desired = world.desired.get(part)
                if desired is not None:
                    yield from world.forms[desired.type].models(desired.fields)


def _released(planned: Planned, address: Address) -> Iterator[Address]:
    """The parts of a release that is published."""
    release = release_of(planned.world, address)
    if release is not None and release in planned.world.releases:
        yield from planned.world.releases[release].parts
