"""The guard settings of the project: the change from those that an apply recorded to those of project.yaml.

The guard checks a plan against both, so that a plan cannot profit from the edit that weakens a setting. The change is
carried out last, and records the settings of project.yaml. A plan with `--target` leaves it out.

| recorded | plan                                                                                        |
|----------|---------------------------------------------------------------------------------------------|
| nothing  | only those of project.yaml count; the next adoption, or apply without `--target`, records them |
| the same | no change                                                                                   |
| others   | `update` of `project/NAME` with the values that differ; a risk where one of them is weaker  |
"""

from collections.abc import Iterator
from math import floor
from typing import Final

from reconciler.planning.inputs import PlanInputs
from reconciler.planning.model import Change, FieldChange, Plan, Source
from reconciler.planning.reasons import Notice, Reason
from reconciler.resources.address import PROJECT, Address, Identity
from reconciler.resources.prices import FREE_GB, PER_GB_AND_DAY
from reconciler.resources.values import ABSENT, JSON, Absent, path_text, same

LEAST_ALLOWED: Final = 3
ALLOWED_SHARE: Final = 0.3


def allowed(most: int | None, live: int) -> int:
    """Return a threshold, given its setting and the number of live objects."""
    return max(LEAST_ALLOWED, floor(ALLOWED_SHARE * live)) if most is None else most


def settings_address(identity: Identity) -> Address:
    """Return the address of the change of the settings. Each environment has its own plan with this address."""
    return Address(PROJECT, identity.project)


def settings_change(inputs: PlanInputs, live: int) -> Change | None:
    """Return the change of the settings; None if there is none. `live` is the number of live objects."""
    address, recorded = settings_address(inputs.identity), inputs.recorded
    if recorded is None or not inputs.in_scope(address) or inputs.destroys is not None:
        return None
    then, now = recorded.values, inputs.settings.values
    pairs = ((keys, then.get(keys, ABSENT), now.get(keys, ABSENT)) for keys in sorted({*then, *now}))
    fields = tuple(FieldChange(keys, was, is_, "manifest") for keys, was, is_ in pairs if not _same(was, is_))
    if not fields:
        return None
    source = Source(inputs.project_place.file, inputs.project_place.line) if inputs.project_place else None
    reasons = (Reason("settings-weaker"),) if any(is_weaker(item, live) for item in fields) else ()
    return Change(str(address), "update", fields, source=source, reasons=reasons)


def is_settings_change(change: Change) -> bool:
    """Return True if a change records the settings of the project, and sends nothing."""
    return change.action == "update" and change.address.startswith(f"{PROJECT}/")


def is_weaker(item: FieldChange, live: int) -> bool:
    """Return True if the guard permits more plans with the value of project.yaml than with the recorded one."""
    was, is_ = (None if value is ABSENT else value for value in (item.live, item.desired))
    match item.keys:
        case ("safety", "max_deletes" | "max_archives"):
            return allowed(is_, live) > allowed(was, live)
        case ("safety", "max_daily_cost"):
            return was is not None and (is_ is None or is_ > was)
        case ("prices", "vector_storage"):
            return _or(is_, PER_GB_AND_DAY) < _or(was, PER_GB_AND_DAY)
        case ("prices", "free_gb"):
            return _or(is_, FREE_GB) > _or(was, FREE_GB)
        case _:  # `strict`, an OpenAI project, or a peer
            return was is not None


def weaker_settings(change: Change, live: int) -> list[str]:
    """Return the paths of the settings that a change of the settings weakens."""
    return [path_text(item.keys) for item in change.fields if is_weaker(item, live)]


def records_settings(inputs: PlanInputs, plan: Plan) -> bool:
    """Return True if applying the plan completely records the settings of project.yaml."""
    if inputs.destroys is not None:
        return False
    if inputs.recorded is None:  # an adoption is the first run of many projects, and its scope is what it adopts
        return bool(inputs.adopt) or inputs.in_scope(settings_address(inputs.identity))
    return any(map(is_settings_change, plan.work))


def unrecorded(inputs: PlanInputs, plan: Plan) -> Iterator[Notice]:
    """Yield the warning that a plan with work records settings that no apply has recorded, although the project has
    been applied.
    """
    if inputs.applied and inputs.recorded is None and plan.work and records_settings(inputs, plan):
        yield Notice("settings-unrecorded", {"settings": [path_text(keys) for keys in sorted(inputs.settings.values)]})


def _same(was: JSON | Absent, is_: JSON | Absent) -> bool:
    return was is is_ or (was is not ABSENT and is_ is not ABSENT and same(was, is_))


def _or(value: JSON, default: float) -> float:
    return default if value is None else float(value)
