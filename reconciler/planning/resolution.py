"""The resolve stage: the final pairing of desired, applied and live objects.

Each step uses the result of the steps before it. Diff, risks, costs, requests, guard and order all read the pairs that
the last step returns. docs/decisions/008-one-resolution.md has an example of each step.

| step            | result                                                                                      |
|-----------------|---------------------------------------------------------------------------------------------|
| ignored fields  | fields in `lifecycle.ignore` of a published document are desired as they are                |
| retention       | releases that this plan archives, and objects that only they use, are not desired           |
| runners         | an object that runs a chatbot refers to the agent of the release that the chatbot publishes |
| pairs           | the live object of each address: by state, by label, by outlet, by adoption                 |
| renames         | a renamed object keeps its live object, its state entry and the references to it            |
| uploads         | files are found by content, also under another path                                         |
| ids             | ids of managed objects become addresses in live, applied and desired objects                |
| idle files      | files to which only ignored fields and objects out of scope refer are not uploaded          |
| suspension      | an object whose chatbot publishes nothing is suspended, or is not desired if it is not live |
| server defaults | values that the API added when it created a frozen copy are desired                         |
| unchanged       | objects that are as an apply left them are not compared again                               |
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from reconciler.planning.inputs import PlanInputs
from reconciler.planning.match import Matched, match
from reconciler.planning.published import Bundle
from reconciler.planning.release_retention import Retired, apply_retention
from reconciler.planning.renames import find_moves, renamed
from reconciler.planning.runners import with_published, with_suspended
from reconciler.planning.uploads import is_leftover
from reconciler.planning.verified import unchanged
from reconciler.resources.address import Address
from reconciler.resources.base import Applied, Desired
from reconciler.resources.resource_type import CONTENT, ResourceType
from reconciler.resources.values import Fields, references_in


@dataclass(frozen=True)
class Resolution:
    """The paired desired, applied and live objects."""

    inputs: PlanInputs
    """The inputs as read, with `desired` and `applied` under their final addresses."""
    matched: Matched
    retired: Retired

    def with_bundles(self, bundles: Mapping[Address, Bundle]) -> "Resolution":
        """Return the resolution with the bundles of the desired objects."""
        return replace(self, inputs=replace(self.inputs, bundles=bundles))


def resolve(inputs: PlanInputs) -> Resolution:
    """Return the resolution of `inputs`. Linear in the number of objects."""
    inputs, retired = apply_retention(with_ignored(inputs))
    inputs = with_published(inputs)
    matched = match(inputs)  # pairs, renames, uploads, ids
    idle = idle_files(inputs, matched)
    if idle:  # they keep the uploads that they have
        matched = match(replace(inputs, desired=dict(_as_stored(inputs, idle))))
    inputs = _with_outdated(replace(renamed(inputs, matched.moved), idle=idle), matched)
    inputs = with_server_defaults(with_suspended(inputs, matched))
    return Resolution(replace(inputs, unchanged=unchanged(inputs, matched)), matched, retired)


def with_ignored(inputs: PlanInputs) -> PlanInputs:
    """Return `inputs` with ignored fields of documents desired as they are published, under any name."""
    found = dict(_with_ignored(inputs))
    if not found:
        return inputs
    unwritten = {address: _ignored(inputs.desired[address]) for address in found}
    return replace(inputs, desired={**inputs.desired, **found}, unwritten={**unwritten, **inputs.unwritten})


def _ignored(desired: Desired) -> Fields:
    return {name: value for name, value in desired.fields.items() if name in desired.lifecycle.ignore}


def _with_ignored(inputs: PlanInputs) -> Iterator[tuple[Address, Desired]]:
    ignoring = {address: wanted for address, wanted in inputs.desired.items() if wanted.lifecycle.ignore}
    documents = {Address.parse(live.id): live for live in inputs.live if live.type in inputs.outlet_types}
    moved = find_moves(inputs, documents) if ignoring else {}
    for address, wanted in ignoring.items():
        live = documents.get(moved.get(address, address))
        if live is not None and live.type == wanted.type:
            kept = {name: live.fields[name] for name in wanted.lifecycle.ignore if name in live.fields}
            fields = {name: value for name, value in wanted.fields.items() if name not in wanted.lifecycle.ignore}
            yield address, replace(wanted, fields={**fields, **kept})


def with_server_defaults(inputs: PlanInputs) -> PlanInputs:
    """Return `inputs` with the server defaults of frozen copies, as far as the state has them."""
    desired = {
        address: with_defaults_of(inputs.resource_types[wanted.type], wanted, inputs.applied[address])
        for address, wanted in inputs.desired.items()
        if wanted.whole and address in inputs.applied
    }
    return replace(inputs, desired={**inputs.desired, **desired}) if desired else inputs


def with_defaults_of(resource_type: ResourceType, wanted: Desired, applied: Applied) -> Desired:
    """Return a frozen copy with the server defaults that the state has of it."""
    completed = {
        name: {**applied.fields[name], **(wanted.fields.get(name) or {})}
        for name in resource_type.resolved
        if name in applied.fields
    }
    return replace(wanted, fields={**wanted.fields, **completed})


def _with_outdated(inputs: PlanInputs, matched: Matched) -> PlanInputs:
    """Return `inputs` with the former uploads of files in scope in scope: they are deleted when they are replaced."""
    if inputs.scope is None:
        return inputs
    known = (inputs.applied[address].id for address in inputs.scope & inputs.applied.keys())
    former = ((other, id_) for id_ in known for other in matched.addresses.get(id_, ()))
    return replace(inputs, scope=inputs.scope | {address for address, id_ in former if is_leftover(address, id_)})


def idle_files(inputs: PlanInputs, matched: Matched) -> frozenset[Address]:
    """Return the files to which only ignored fields and objects out of scope refer: nothing that the plan writes would
    hold an upload of them.
    """
    if inputs.scope is None and not any(one.lifecycle.ignore for one in inputs.desired.values()):
        return frozenset()
    named, needed = set[Address](), set[Address]()
    for address, desired in inputs.desired.items():
        ignored = () if _is_created(matched, desired) else desired.lifecycle.ignore
        published = desired.type in inputs.outlet_types
        for name, value in desired.fields.items():
            found = {matched.now(Address.parse(text)) for text in references_in(value)}
            named |= found
            if inputs.in_scope(address):
                # Of what is published, every id must be known, even in an ignored field.
                needed |= found if name not in ignored else found - matched.live.keys() if published else set()
    attached = {id_ for live in inputs.live if inputs.members(live.type) for id_ in live.refers_to}
    files = (one for one in named - needed if one in inputs.desired and inputs.is_upload(inputs.desired[one].type))
    return frozenset(one for one in files if not _is_to_be_recorded(inputs, matched, one, attached))


def _is_to_be_recorded(inputs: PlanInputs, matched: Matched, file: Address, attached: Collection[str]) -> bool:
    """Return True if a store has the file as it is, and the state does not have it: no request is necessary."""
    live = matched.live.get(file)
    if live is None or file in inputs.applied or file in matched.moved or live.id not in attached:
        return False
    return bool(live.fields.get(CONTENT) == inputs.desired[file].fields[CONTENT])


def _as_stored(inputs: PlanInputs, idle: Collection[Address]) -> Iterator[tuple[Address, Desired]]:
    """Yield the desired objects; of `idle` files, the content that the state has, if any."""
    for address, desired in inputs.desired.items():
        if address not in idle:
            yield address, desired
        elif address in inputs.applied:
            then = inputs.applied[address].fields
            yield address, replace(desired, fields={**desired.fields, **then})


def _is_created(matched: Matched, desired: Desired) -> bool:
    """Return True if this plan creates the object, so that it writes ignored fields, too."""
    live = matched.live.get(desired.address)
    if live is None:
        return not matched.is_disputed(desired.address)
    return live.type != desired.type or live.detail.get("status") == "expired"
