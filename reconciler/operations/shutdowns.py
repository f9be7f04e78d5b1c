"""Shutdown dates of models, such as those that a plan writes."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import NamedTuple

from reconciler.live.client import Connection
from reconciler.live.errors import DeniedError, MissingError
from reconciler.live.pages import shutdown_dates
from reconciler.planning.build import Planned
from reconciler.planning.inputs import PlanInputs
from reconciler.planning.model import CREATES
from reconciler.planning.reasons import Notice
from reconciler.planning.release_retention import release_of
from reconciler.resources.address import Address
from reconciler.resources.model_retirements import retirement
from reconciler.resources.name_lists import similar


class Models(NamedTuple):
    """Shutdown dates of models."""

    ends: Mapping[str, date]
    """The last day of each model with a shutdown date."""
    warnings: tuple[Notice, ...] = ()
    """Warnings for models that the API does not list for this key."""


async def look_up(connection: Connection, models: Iterable[str]) -> Models:
    """Look up shutdown dates with one request; without models, no request is sent.

    If the API returns no date for a model, the date on OpenAI's deprecations page is used.
    """
    used = frozenset(models)
    if not used:
        return Models({})
    told: Mapping[str, date | None] = {}
    denied: list[Notice] = []
    try:
        told = await shutdown_dates(connection)
    except MissingError:
        pass
    except DeniedError as error:
        denied.append(Notice("models-not-listed", {"scope": error.scope}))
    known = {model: retirement(model) for model in used}
    page = {model: end.on for model, end in known.items() if end is not None}
    ends = {model: on for model in sorted(used) if (on := told.get(model) or page.get(model)) is not None}
    unlisted = sorted(used - told.keys() - page.keys()) if told else ()
    notices = (Notice("model-unlisted", {"model": model, "similar": similar(model, told)}) for model in unlisted)
    return Models(ends, (*denied, *notices))


def with_users(models: Models, inputs: PlanInputs, among: Collection[Address] | None = None) -> Models:
    """Return `models` with the first addresses that use each unlisted model, and their number, in its warning: of those
    in `among`, if there are any, or else of all. Copies in releases are only counted if nothing else uses the model.
    """
    unlisted = {notice.args["model"] for notice in models.warnings if notice.code == "model-unlisted"}
    if not unlisted:
        return models
    users: dict[str, list[Address]] = {model: [] for model in unlisted}
    for address, desired in inputs.desired.items():
        for model in unlisted.intersection(inputs.resource_types[desired.type].models(desired.fields)):
            users[model].append(address)

    def told(notice: Notice) -> Notice:
        found = users.get(notice.args.get("model", ""), [])
        found = [one for one in found if among and one in among] or found
        names = sorted(str(one) for one in found if not one.is_frozen) or sorted(map(str, found))
        return replace(notice, args={**notice.args, "users": names[:3], "count": len(names)}) if names else notice

    return models._replace(warnings=tuple(map(told, models.warnings)))


def written(planned: Planned) -> Iterator[str]:
    """Return the models that the plan writes, releases or publishes."""
    inputs = planned.inputs
    for part in writing(planned):
        desired = inputs.desired.get(part)
        if desired is not None:
            yield from inputs.resource_types[desired.type].models(desired.fields)


def writing(planned: Planned) -> Iterator[Address]:
    """Return the objects that the plan writes, releases or publishes."""
    for change in planned.plan.work:
        if change.action in {*CREATES, "update", "publish"}:
            address = Address.parse(change.address)
            yield from (address, *_released(planned, address))


def _released(planned: Planned, address: Address) -> Iterator[Address]:
    """Return the parts of the release that a publication selects."""
    release = release_of(planned.inputs, address)
    if release is not None and release in planned.inputs.releases:
        yield from planned.inputs.releases[release].parts
