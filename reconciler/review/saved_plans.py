"""Saved plans and drift documents, and the check that a saved plan is still current."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from reconciler.applying.write import StaleError
from reconciler.planning.build import Planned
from reconciler.planning.codec import from_json
from reconciler.planning.drift_codec import check_drift
from reconciler.planning.model import BODY, Change, OnDrift, Plan, is_optional
from reconciler.resources.address import Address
from reconciler.resources.problems import Problem, ReconcilerError
from reconciler.resources.values import JSON
from reconciler.review.approval import written_together
from reconciler.state.model import AppliedPlan, Snapshot


def read_plan(file: Path) -> Plan:
    """Read the plan in `file`; raises ReconcilerError if it cannot be read, is not a plan, or was edited."""
    return from_json(_document(file, "plan-file", "Create a new plan: reconciler plan --out FILE"))


def read_drift(file: Path) -> dict[str, Any]:
    """Read the drift document in `file`; raises ReconcilerError if it cannot be read or is not a drift document."""
    return check_drift(_document(file, "drift-file", "Create the document: reconciler drift --out FILE"))


def _document(file: Path, code: str, hint: str) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not a text file"
        raise ReconcilerError(Problem(code, f"cannot read {file}: {reason}", hint=hint)) from error
    except (ValueError, RecursionError) as error:
        raise ReconcilerError(Problem(code, f"{file} is not JSON: {error}", hint=hint)) from error


def on_drift_of(saved: Plan) -> OnDrift:
    """Return the drift decision that `saved` was made with."""
    decided = {change.decision for change in saved.drift if is_optional(change)}
    return "revert" if "revert" in decided else "keep"


def changed_addresses(saved: Plan) -> tuple[Address, ...]:
    """Return the addresses that `saved` changes."""
    return tuple(Address.parse(address) for address in dict.fromkeys(change.address for change in saved.work))


def adoptions(snapshot: Snapshot, saved: Plan) -> dict[Address, str]:
    """Return the live ids that `saved` adopts and that are not in the state yet; such a plan contains nothing else."""
    found = {Address.parse(change.address): change.id for change in saved.work if change.takes_over and change.id}
    known = {address: applied.id for address, applied in snapshot.state.objects.items()}
    return {address: id_ for address, id_ in found.items() if known.get(address) != id_}


def applied_before(planned: Planned, snapshot: Snapshot, saved: Plan) -> AppliedPlan | None:
    """Return the earlier apply of the plan, if it was complete and does not have to be repeated.

    A plan that reverts a later one may have the digest of an earlier one, and is applied again.
    """
    record = snapshot.state.plans.get(saved.digest)
    if record is None or record.outcome != "complete" or _digests(planned.plan) & _digests(saved):
        return None
    return record


def restricted(planned: Planned, snapshot: Snapshot, saved: Plan) -> Planned:
    """Return the current plan, reduced to the changes of a saved plan.

    Raises StaleError if one of the changes differs, or is written together with a change that is not in the saved plan.
    After an interrupted run of the same plan, changes that are no longer pending count as completed. Drift that the
    saved plan does not revert is kept.
    """
    now = planned.plan
    due = _digests(now)
    bodies = {change.id: change.preconditions[BODY] for change in now.work if BODY in change.preconditions}
    stale = [change for change in saved.work if change.digest not in due or _is_edited(change, bodies)]
    if unfinished(snapshot, saved):
        pending = {(change.address, change.id) for change in now.work}
        stale = [change for change in stale if (change.address, change.id) in pending]
    if stale:
        raise StaleError(*map(_stale, stale))
    wanted, grouped = _digests(saved), written_together(planned)
    incomplete = [change for change in now.work if change.digest in wanted and not grouped[change.digest] <= wanted]
    if incomplete:
        raise StaleError(*map(_incomplete, incomplete))
    changes = tuple(change for change in now.changes if change.digest in wanted)
    drift = tuple(change if change.digest in wanted else replace(change, decision="keep") for change in now.drift)
    plan = replace(now, changes=changes, drift=drift, unchanged=saved.unchanged, digest=saved.digest)
    return replace(planned, plan=plan)


def _is_edited(change: Change, bodies: Mapping[str | None, JSON]) -> bool:
    """Return True if the object that a change deletes is not as the plan saw it."""
    planned = change.preconditions.get(BODY)
    return planned is not None and bodies.get(change.id, planned) != planned


def unfinished(snapshot: Snapshot, saved: Plan) -> bool:
    """Return True if a run of this plan was interrupted, or did not make every change."""
    record = snapshot.state.plans.get(saved.digest)
    return record is not None and record.outcome != "complete"


def _digests(plan: Plan) -> set[str]:
    return {change.digest for change in plan.work}


def _incomplete(change: Change) -> Problem:
    message = (
        f"{change.address}: objects written together with this {change.action} were edited since the plan was made"
    )
    return Problem("stale", message, hint="Create a new plan, review it, and apply it.")


def _stale(change: Change) -> Problem:
    message = f"{change.address}: inputs of this {change.action} changed since the plan was made"
    return Problem("stale", message, hint="Create a new plan, review it, and apply it.")
