"""Plans in files, and whether what they were made on is still so."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from reconciler.applying.write import StaleError
from reconciler.planning.build import Planned
from reconciler.planning.codec import from_json
from reconciler.planning.drift import FORMAT as DRIFT
from reconciler.planning.model import Change, OnDrift, Plan
from reconciler.resources.address import Address
from reconciler.resources.problems import Problem, ReconcilerError
from reconciler.review.approval import written_together
from reconciler.state.model import Snapshot


def read_plan(file: Path) -> Plan:
    """The plan in `file`; ReconcilerError where it cannot be read, is none, or was edited."""
    return from_json(_document(file, "plan-file", "Make it again with `reconciler plan --out FILE`."))


def read_drift(file: Path) -> dict[str, Any]:
    """The drift document in `file`; ReconcilerError where it cannot be read or is none."""
    hint = "Make it with `reconciler drift --out FILE`."
    document = _document(file, "drift-file", hint)
    if not isinstance(document, dict) or document.get("format") != DRIFT:
        raise ReconcilerError(Problem("drift-file", f"{file} is no drift report of this version", hint=hint))
    return document


def _document(file: Path, code: str, hint: str) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise ReconcilerError(Problem(code, f"cannot read {file}: {reason}", hint=hint)) from error
    except (ValueError, RecursionError) as error:
        raise ReconcilerError(Problem(code, f"{file} is not JSON: {error}", hint=hint)) from error


def decision_of(saved: Plan) -> OnDrift:
    """What `saved` was told to do with changes made by hand."""
    return "revert" if any(change.decision == "revert" for change in saved.drift) else "keep"


def touched(saved: Plan) -> tuple[Address, ...]:
    """What `saved` changes; whatever else moves is of no concern to it."""
    return tuple(Address.parse(address) for address in dict.fromkeys(change.address for change in saved.work))


def adoptions(snapshot: Snapshot, saved: Plan) -> dict[Address, str]:
    """What `saved` takes over and state does not know yet, by live id. Such a plan does nothing else."""
    found = {Address.parse(change.address): change.id for change in saved.work if change.takes_over and change.id}
    known = {address: applied.id for address, applied in snapshot.state.objects.items()}
    return {address: id_ for address, id_ in found.items() if known.get(address) != id_}


def applied_before(planned: Planned, snapshot: Snapshot, saved: Plan) -> str:
    """When and by whom the plan was applied completely, or an empty text.

    A plan that is wanted again, as the way back from a later one, has the digest of the earlier one; it is due again.
    """
    record = snapshot.state.plans.get(saved.digest)
    if record is None or record.outcome != "complete" or _digests(planned.plan) & _digests(saved):
        return ""
    finished = datetime.fromtimestamp(record.finished or record.started, UTC).isoformat(timespec="seconds")
    return f"{finished} by {record.holder}" + (f", {record.run_url}" if record.run_url else "")


def narrowed(planned: Planned, snapshot: Snapshot, saved: Plan) -> Planned:
    """The plan computed now, cut down to the changes of a saved one; StaleError where one of them is not the same, or
    would write an edit that is not among them.

    Where a run of the same plan ended half-way, what needs nothing any more was done by it. Changes made by hand that
    the saved plan does not undo are kept.
    """
    now = planned.plan
    due = _digests(now)
    moved = [change for change in saved.work if change.digest not in due]
    if _begun(snapshot, saved):
        pending = {(change.address, change.id) for change in now.work}
        moved = [change for change in moved if (change.address, change.id) in pending]
    if moved:
        raise StaleError(*map(_moved, moved))
    wanted, grouped = _digests(saved), written_together(planned)
    tangled = [change for change in now.work if change.digest in wanted and not grouped[change.digest] <= wanted]
    if tangled:
        raise StaleError(*map(_tangled, tangled))
    changes = tuple(change for change in now.changes if change.digest in wanted)
    drift = tuple(change if change.digest in wanted else replace(change, decision="keep") for change in now.drift)
    plan = replace(now, changes=changes, drift=drift, unchanged=saved.unchanged, digest=saved.digest)
    return replace(planned, plan=plan)


def _begun(snapshot: Snapshot, saved: Plan) -> bool:
    """Whether a run of this plan ended before it was complete."""
    record = snapshot.state.plans.get(saved.digest)
    return record is not None and record.outcome != "complete"


def _digests(plan: Plan) -> set[str]:
    return {change.digest for change in plan.work}


def _tangled(change: Change) -> Problem:
    message = f"{change.address}: what is written with this {change.action} has been edited since it was planned"
    return Problem("stale", message, hint="Plan again, review what moved, and apply that plan.")


def _moved(change: Change) -> Problem:
    message = f"{change.address}: what this {change.action} was planned on is not so any more"
    return Problem("stale", message, hint="Plan again, review what moved, and apply that plan.")
