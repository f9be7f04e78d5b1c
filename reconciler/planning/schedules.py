"""Objects that act at times of their own: the next times of those that a plan changes, and times that have passed."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from reconciler.planning.before_after import before_after
from reconciler.planning.inputs import PlanInputs
from reconciler.planning.match import Matched
from reconciler.planning.model import CREATES, Change, Plan
from reconciler.planning.reasons import Reason
from reconciler.resources.address import Address
from reconciler.resources.values import Fields


def with_runs(inputs: PlanInputs, matched: Matched, plan: Plan, now: datetime) -> Plan:
    """Return the plan with the next times at which objects act, after `now`, beside the changes of these times.

    Drift has none: a report of it shows the live schedule beside that of the manifest.
    """
    return replace(plan, changes=tuple(_with_runs(inputs, matched, change, now) for change in plan.changes))


def _with_runs(inputs: PlanInputs, matched: Matched, change: Change, now: datetime) -> Change:
    desired = inputs.desired.get(Address.parse(change.address))
    if desired is None or not (change.action in CREATES or change.action == "update"):
        return change
    runs = inputs.resource_types[desired.type].runs
    before, after = _sides(inputs, matched, change)
    times = runs(after, now)
    if not times or (change.action not in CREATES and runs(before, now) == times):
        return change
    return replace(change, reasons=(*change.reasons, Reason("next-runs", {"times": list(times)})))


def _sides(inputs: PlanInputs, matched: Matched, change: Change) -> tuple[Fields, Fields]:
    """Return all fields of the object before and after the change."""
    live = matched.live.get(Address.parse(change.address))
    known = live.fields if live and live.id == change.id and change.action == "update" else {}
    changed = before_after(inputs, matched, change)
    return {**known, **changed.before}, {**known, **changed.after}


def passed(inputs: PlanInputs, plan: Plan, now: datetime) -> Iterator[tuple[Address, str]]:
    """Yield the objects that the plan writes with a time before `now`, which the API refuses, each with the field."""
    for change in plan.work:
        address = Address.parse(change.address)
        desired = inputs.desired.get(address)
        name = inputs.resource_types[desired.type].passed(desired.fields, now) if desired else ""
        if name and (change.action in CREATES or any(item.keys[0] == name for item in change.fields)):
            yield address, name
