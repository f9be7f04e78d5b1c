"""Plan inputs in which the current manifests count as applied, for plans without a connection.

Ids are placeholders, so that only the refusals of such a plan are meaningful.
"""

from dataclasses import replace

from reconciler.planning.inputs import PlanInputs
from reconciler.project.workspace import Workspace
from reconciler.resources.address import Address, Identity
from reconciler.resources.base import Applied, Desired, Labels, Live
from reconciler.resources.labels import spec_hashes
from reconciler.resources.registry import outlet_types, resource_types


def hypothetical(was: Workspace, wanted: Workspace) -> PlanInputs:
    """Return plan inputs with the manifests of `was` as live and those of `wanted` as desired."""
    return PlanInputs(
        identity=wanted.identity,
        resource_types=resource_types(),
        desired=wanted.desired,
        applied={address: _applied(desired) for address, desired in was.desired.items()},
        live=tuple(_live(was.identity, desired) for desired in was.desired.values()),
        links=wanted.links,
        releases=wanted.releases,
        archived=wanted.archived,
        settings=wanted.loaded.project.guard_settings,
    )


def _applied(desired: Desired) -> Applied:
    lifecycle = desired.lifecycle
    return Applied(
        id=_id(desired.address, desired.type),
        type=desired.type,
        fields=desired.fields,
        write_only=desired.write_only,
        protected=lifecycle.protect,
        keep=lifecycle.keep_on_delete,
    )


def _live(identity: Identity, desired: Desired) -> Live:
    resource_type = resource_types()[desired.type]
    fields = resource_type.as_listed(desired.fields, _id)
    live = Live(desired.type, _id(desired.address, desired.type), fields)
    if not resource_type.is_labelled:
        return live
    hashes, protected = spec_hashes(desired.fields), desired.lifecycle.protect
    return replace(live, labels=Labels(str(identity), str(desired.address), hashes, protected))


def _id(address: Address, type_: str = "") -> str:
    """Return a placeholder id; documents in the outlets have their address as id."""
    return str(address) if type_ in outlet_types() else f"id of {address}"
