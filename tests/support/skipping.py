"""Plans with and without the digests of the last apply: no result may depend on what was skipped."""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from reconciler.operations import plan as planning
from reconciler.planning.build import Planned
from reconciler.planning.codec import to_json
from reconciler.planning.dependency_graph import dependency_graph
from reconciler.planning.drift import DriftReport, drift_report
from reconciler.planning.drift_codec import drift_json
from reconciler.planning.graph import Graph
from reconciler.planning.inputs import PlanInputs
from reconciler.planning.resolution import Resolution, resolve
from reconciler.planning.verification import verify
from reconciler.resources.address import Address
from reconciler.resources.base import Live, Verified
from reconciler.resources.labels import field_hash, to_metadata
from reconciler.resources.problems import ReconcilerError
from reconciler.resources.values import digest


def without_digests(inputs: PlanInputs) -> PlanInputs:
    """Return the inputs with a state as of a version that records no digests: everything is compared."""
    return replace(inputs, applied={name: replace(one, verified=None) for name, one in inputs.applied.items()})


def with_digests(inputs: PlanInputs) -> PlanInputs:
    """Return the inputs with the digests that an apply would have recorded that left the objects as they are."""
    marked = replace(inputs, live=tuple(replace(live, mark=_mark(live)) for live in inputs.live))
    found = resolve(without_digests(marked))
    digests = {name: _verified(found, name) for name in found.inputs.applied.keys() & inputs.applied.keys()}
    applied = {name: replace(one, verified=digests.get(name)) for name, one in inputs.applied.items()}
    return replace(marked, applied=applied)


def _mark(live: Live) -> str:
    labels = to_metadata(live.labels) if live.labels else None
    return digest([live.type, live.id, live.fields, labels, live.detail, live.revision])


def _verified(found: Resolution, address: Address) -> Verified | None:
    inputs, matched = found.inputs, found.matched
    desired, applied = inputs.desired.get(address), inputs.applied[address]
    live = next((one for one in inputs.live if one.id == applied.id and one.type == applied.type), None)
    if desired is None or live is None or live.type != desired.type or live.type in inputs.outlet_types:
        return None
    resource_type = inputs.resource_types[live.type]
    labels = live.labels
    if labels and (labels.address != str(address) or labels.protected != desired.lifecycle.protect):
        return None
    if applied.protected != desired.lifecycle.protect or applied.keep != desired.lifecycle.keep_on_delete:
        return None
    if (labels is None) == resource_type.is_labelled or inputs.is_upload(live.type):
        return None
    if labels and any(labels.spec.get(name) != hashed for name, hashed in _hashes(found, address).items()):
        return None

    def id_of(text: str) -> str | None:
        target = matched.live.get(Address.parse(text))
        return target.id if target else None

    def names_of(id_: str) -> list[str]:
        return [str(one) for one in matched.addresses.get(id_, ())]

    return verify(resource_type, desired, applied, live, labels, id_of, names_of)


def _hashes(found: Resolution, address: Address) -> Mapping[str, str]:
    desired = found.inputs.desired[address]
    apart = found.inputs.resource_types[desired.type].apart
    return {name: field_hash(value) for name, value in desired.fields.items() if name not in apart}


def described(planned: Planned) -> Mapping[str, Any]:
    """Return everything that reports and applies read of a plan."""
    return {
        "plan": to_json(replace(planned.plan, created_at="")),
        "before": _edges(planned.before),
        "after": _edges(planned.after),
        "graph": _graph(planned),
        "drift": drift_json(_undated(drift_report(planned))),
        "live": dict(planned.matched.live),
    }


def _graph(planned: Planned) -> object:
    try:
        return dependency_graph(planned, None)
    except ValueError as error:  # of a damaged pointer
        return str(error)


def _undated(report: DriftReport) -> DriftReport:
    return replace(report, plan=replace(report.plan, created_at=""))


def _edges(graph: Graph) -> Collection[tuple[str, str, str]]:
    return sorted({(str(edge.source), str(edge.target), edge.seen) for edge in graph.edges})


@contextmanager
def planned_twice() -> Iterator[None]:
    """Plan everything without the digests, too, and compare."""
    plan = planning.plan_of

    def both(workspace: Any, inputs: PlanInputs) -> Any:
        if not any(one.verified for one in inputs.applied.values()):
            return plan(workspace, inputs)
        made: list[Any] = []

        def kept() -> Mapping[str, Any]:
            made.append(plan(workspace, inputs))
            return described(made[0])

        assert _outcome(kept) == _outcome(lambda: described(plan(workspace, without_digests(inputs))))
        return made[0] if made else plan(workspace, inputs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(planning, "plan_of", both)
        yield


def _outcome(work: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
    try:
        return work()
    except ReconcilerError as error:
        return {"problems": error.problems}
