"""What the API has filled in when it made a frozen copy: from then on it belongs to the copy like all the rest."""

from collections.abc import Mapping
from dataclasses import replace

from reconciler.planning.inputs import World
from reconciler.resources.base import Applied, Desired, Form
from reconciler.resources.values import JSON


def with_resolved(world: World) -> World:
    """`world` in which copies are wanted as the API completed them, as far as state knows it."""
    desired = {
        address: _completed(world.forms[wanted.type], wanted, world.applied[address])
        for address, wanted in world.desired.items()
        if wanted.whole and address in world.applied
    }
    return replace(world, desired={**world.desired, **desired}) if desired else world


def _completed(form: Form, wanted: Desired, applied: Applied) -> Desired:
    known = {name: applied.fields[name] for name in form.resolved if name in applied.fields}
    return replace(
        wanted, fields={**wanted.fields, **{name: _over(value, wanted, name) for name, value in known.items()}}
    )


def _over(known: Mapping[str, JSON], wanted: Desired, name: str) -> JSON:
    return {**known, **(wanted.fields.get(name) or {})}
