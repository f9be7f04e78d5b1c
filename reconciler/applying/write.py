"""Steps that create, change or publish one object.

An update reads the object first: if a value that it changes is not the planned one, the step fails as stale and nothing
is written.
"""

import asyncio
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from reconciler.applying.create import Written, make, write_request
from reconciler.applying.run import Run
from reconciler.applying.steps import Step
from reconciler.live.adapters import WriteRequest
from reconciler.planning.before_after import edited
from reconciler.planning.changes import NOT_FIELDS
from reconciler.planning.field_diff import LastApplied, as_live, compare, owned
from reconciler.planning.model import FieldChange
from reconciler.planning.release_retention import release_of
from reconciler.planning.uploads import is_leftover, leftover_address
from reconciler.planning.verification import verify
from reconciler.resources.address import Address
from reconciler.resources.base import Applied, Desired, Labels, Lifecycle, Live, Verified
from reconciler.resources.metadata import has_room
from reconciler.resources.problems import Problem, ReconcilerError
from reconciler.resources.resource_type import ResourceType
from reconciler.resources.values import ABSENT, JSON, Fields, Keys, get, path_text, references_in, same


class StaleError(ReconcilerError):
    """The live object is not as it was when the plan was made."""

    exit_code = 5


async def write(run: Run, step: Step) -> Written:
    """Make the object, or change it, or publish it where it lives in the outlets; record it as applied."""
    desired, moved = run.planned.inputs.desired[step.address], run.planned.matched.moved
    ignored: Collection[str] = ()
    if run.in_outlets(desired.type):
        written = Written(str(step.address))
    elif step.address in run.planned.inputs.adopt:
        desired, live = await _take_over(run, step, desired)
        written = Written(live.id, revision=live.revision)
    elif step.creates:
        written = await make(run, desired)
    else:
        ignored = _ignored(run, desired)
        written = await _change(run, step, desired, ignored)
    run.hold(str(step.address), written.id)
    if step.creates or run.in_outlets(desired.type) or step.address in (*run.planned.inputs.adopt, *moved):
        await run.publish(step.address)
    fields = {**settled(run, desired, own_fields(run, desired), ignored), **written.resolved}
    applied = Applied(
        id=written.id,
        type=desired.type,
        fields=fields,
        write_only=desired.write_only if step.creates else _write_only(run, desired),
        protected=desired.lifecycle.protect,
        keep=desired.lifecycle.keep_on_delete,
        revision=written.revision,
        holds=run.holds_of(step.address) or run.written_ids(desired, fields),
    )
    applied = replace(applied, verified=_verified(run, desired, applied, written.live))
    _remember_replaced(run, step, written)
    former = moved.get(step.address)
    if former is not None and not _is_published_later(run, step.address):
        await _withdraw(run, former)
    run.record(step.address, applied, former, is_doubtful=written.is_doubtful)
    return written


def _verified(run: Run, desired: Desired, applied: Applied, live: Live | None) -> Verified | None:
    resource_type = run.planned.inputs.resource_types[desired.type]
    if live is None:
        return None
    labels = run.labels(desired) if resource_type.is_labelled else None
    return verify(resource_type, desired, applied, live, labels, run.ids.get, lambda id_: run.users.get(id_, ()))


def _is_published_later(run: Run, address: Address) -> bool:
    """Return True if a step of its own publishes a bundle under the name of the object."""
    return any(change.action == "publish" and change.address == str(address) for change in run.planned.plan.work)


async def _withdraw(run: Run, former: Address) -> None:
    """Take away what applications load under a name that an object had before."""
    if former in run.planned.inputs.pointers or former in run.planned.inputs.published:
        await asyncio.to_thread(run.publisher.withdraw, former)


async def publish(run: Run, step: Step) -> None:
    """Put a bundle where applications load it: that of the object, or under a chatbot's name that of a release."""
    desired, release = run.planned.inputs.desired[step.address], release_of(run.planned.inputs, step.address)
    if not run.planned.inputs.resource_types[desired.type].pointers:
        await run.publish(step.address)
        run.journal.publication_done(step.address)
        return
    if release is None:
        await asyncio.to_thread(run.publisher.withdraw, step.address, published_only=True)
    else:
        await run.publish(release, under=step.address)
    if step.address in run.planned.matched.moved:
        await _withdraw(run, run.planned.matched.moved[step.address])
    run.journal.publication_done(step.address)
    known = run.last_applied(step.address)
    if known is not None:
        former = _pointers(run, desired, known.fields)
        kept = {name: value for name, value in known.fields.items() if name not in former}
        run.record(step.address, replace(known, fields={**kept, **_pointers(run, desired, desired.fields)}))


def own_fields(run: Run, desired: Desired) -> Fields:
    """Return the fields that a write applies. The published release of a chatbot is kept, unless it is live as desired;
    under a new name, no release is published yet.
    """
    is_new = desired.address in run.planned.matched.moved
    known = None if is_new else run.last_applied(desired.address)
    live = None if is_new else run.planned.matched.live.get(desired.address)
    moved = _pointers(run, desired, desired.fields)
    fields = {name: value for name, value in desired.fields.items() if name not in moved}
    agreed = {name: value for name, value in moved.items() if live and same(live.fields.get(name), value)}
    return {**fields, **_pointers(run, desired, known.fields if known else {}), **agreed}


def settled(run: Run, desired: Desired, fields: Fields, left: Collection[str]) -> Fields:
    """Return `fields` with the applied values of the fields in `left`, which are not written."""
    known = run.last_applied(desired.address)
    then = known.fields if known else {}
    kept = {name: value for name, value in fields.items() if name not in left}
    return {**kept, **{name: then[name] for name in left if name in then}}


def differing(run: Run, desired: Desired, live: Live) -> set[str]:
    """Return the fields in which the live object differs from its manifest, including those in `lifecycle.ignore`."""
    resource_type = run.planned.inputs.resource_types[desired.type]
    wanted, _ = run.planned.matched.sides(run.planned.inputs, desired.address)
    found = compare(resource_type, replace(wanted or desired, lifecycle=Lifecycle()), LastApplied(), live.fields)
    return {item.keys[0] for item in found} - resource_type.pointers


def _ignored(run: Run, desired: Desired) -> set[str]:
    """Return the differing fields of an updated object that `lifecycle.ignore` excludes."""
    live = run.planned.matched.live.get(desired.address)
    if live is None or not desired.lifecycle.ignore:
        return set()
    return differing(run, desired, live) & set(desired.lifecycle.ignore)


def _pointers(run: Run, desired: Desired, fields: Fields) -> Fields:
    pointers = run.planned.inputs.resource_types[desired.type].pointers
    return {name: value for name, value in fields.items() if name in pointers}


def _remember_replaced(run: Run, step: Step, written: Written) -> None:
    """Keep a replaced object in the state until it is deleted: if the run is interrupted, nothing else proves that
    this identity may delete it.
    """
    inputs, matched, known = run.planned.inputs, run.planned.matched, run.planned.inputs.applied.get(step.address)
    former = matched.addresses.get(known.id, ()) if known else ()
    outdated = [matched.live[one] for one in former if known and is_leftover(one, known.id)]
    for old in filter(None, [matched.live.get(step.address), *outdated]):
        if not run.in_outlets(old.type) and old.id != written.id and old.id not in run.deleted:
            run.journal.done(leftover_address(inputs, old), Applied(old.id, old.type, old.fields))


async def _take_over(run: Run, step: Step, desired: Desired) -> tuple[Desired, Live]:
    """Label an unmanaged object without changing it; return the `Desired` that describes it as it is, and the object as
    it is live.
    """
    inputs, adapter = run.planned.inputs, run.adapters[desired.type]
    live = await adapter.read(run.id_of(str(step.address)))
    if live is None:
        raise _stale(step, f"{step.id} was not found")
    planned = run.planned.matched.live[step.address].labels
    expected = {(str(inputs.identity), str(step.address))} | (
        {(planned.identity, planned.address)} if planned else set()
    )
    if live.labels and (live.labels.identity, live.labels.address) not in expected:
        raise _stale(step, f"{live.id} is now {live.labels.address} of {live.labels.identity}")
    _check_owner(run, step, live)
    fields = run.planned.matched.localise(inputs, step.address, live).fields
    as_it_is = replace(desired, fields=as_live(inputs.resource_types[desired.type], desired, fields), write_only={})
    if inputs.is_labelled(live.type) and has_room(live.fields.get("metadata")):
        await adapter.update(live, write_request(run, as_it_is, {}))
    return as_it_is, live


def _write_only(run: Run, desired: Desired) -> Mapping[str, str]:
    """Return the digests of write-only values after an update, which does not write those that only a create can set,
    and those in `lifecycle.ignore`.
    """
    resource_type = run.planned.inputs.resource_types[desired.type]
    known = run.planned.inputs.applied.get(desired.address)

    def is_kept(name: str) -> bool:
        return name in resource_type.creation_only or resource_type.written_with(name) in desired.lifecycle.ignore

    ignored = {name for name in desired.write_only if is_kept(name) and name not in resource_type.creation_only}
    written = {name: value for name, value in desired.write_only.items() if name not in ignored}
    return {**written, **{name: value for name, value in (known.write_only if known else {}).items() if is_kept(name)}}


async def _change(run: Run, step: Step, desired: Desired, ignored: Collection[str]) -> Written:
    """Write the top-level fields in which a value changes, each whole; labels go with every write."""
    changes = [item for change in step.changes for item in change.fields]
    names = sorted(({item.keys[0] for item in changes} | _awaited(run, step, desired)) - NOT_FIELDS)
    if not names and not run.planned.inputs.is_labelled(desired.type):
        planned = run.planned.matched.live[step.address]
        return Written(planned.id, revision=revision_of(run, desired, planned))
    adapter = run.adapters[desired.type]
    live = await run.read_again(run.planned.matched.live[step.address], _changed_parts(run, step, changes))
    if live is None:
        raise _stale(step, f"{step.id} was not found")
    _check_owner(run, step, live)
    _check_fresh(run, step, live, changes)
    fields = dict(_values(run, desired, names, changes))
    labels = _labels(run, desired, live, ignored)
    if fields or not _is_labelled(live, labels):
        applied, is_resumed = _applied_revision(run, desired), _is_resumed(run, step)
        request = WriteRequest(
            desired, fields, labels, run.id_of, run.root, run.secret_of, revision=applied, is_resumed=is_resumed
        )
        live = await adapter.update(live, request)
    return Written(live.id, revision=revision_of(run, desired, live), live=live)


def _changed_parts(run: Run, step: Step, changes: Iterable[FieldChange]) -> frozenset[str] | None:
    """Return the ids of the parts that the plan changes and that existed then; None if it may change any of them."""
    live, matched = run.planned.matched.live[step.address], run.planned.matched
    members = run.planned.inputs.members(live.type)
    keys = [item.keys for item in changes if members and item.keys[0] == members.field]
    if members is None or not keys:
        return frozenset()
    if any(len(one) < 2 for one in keys):
        return None
    names = {str(one[1]) for one in keys}
    held = {id_ for id_ in live.refers_to if any(one.name in names for one in matched.addresses.get(id_, ()))}
    uploads = (matched.live.get(Address(members.kind, name)) for name in names)
    return frozenset({*held, *(names & run.planned_on.keys()), *(upload.id for upload in uploads if upload)})


def revision_of(run: Run, desired: Desired, live: Live) -> str:
    """Return the revision for the state entry of an object: that of the live object only if it has the versioned fields
    that the entry records, and not if drift of them is kept.
    """
    versioned = run.planned.inputs.resource_types[desired.type].versioned & desired.fields.keys()
    if all(same(live.fields.get(name), desired.fields[name]) for name in versioned):
        return live.revision
    known = run.last_applied(desired.address)
    return known.revision if known else ""


def _applied_revision(run: Run, desired: Desired) -> str:
    """Return the revision that the state has, if it has it with the desired fields."""
    known = run.last_applied(desired.address)
    versioned = run.planned.inputs.resource_types[desired.type].versioned
    if known is None or not all(same(known.fields.get(name), desired.fields.get(name)) for name in versioned):
        return ""
    return known.revision


def _is_resumed(run: Run, step: Step) -> bool:
    """Return True if an interrupted run may have done a part of this write."""
    return any(not item.creates for item in run.planned.inputs.announced.get(step.address, ()))


def _is_labelled(live: Live, labels: Labels) -> bool:
    """Return True if the object has these labels already, or no room for any. A missing lineage alone is no reason for
    a request.
    """
    if live.labels and live.labels.lineage is None:
        labels = replace(labels, lineage=None)
    return live.labels == labels or (live.labels is None and not has_room(live.fields.get("metadata")))


def _awaited(run: Run, step: Step, desired: Desired) -> set[str]:
    """Return the field of parts that OpenAI is still indexing: a write of it, even without changes, waits for them."""
    members = run.planned.inputs.members(desired.type)
    reasons = [reason.code for change in step.changes for reason in change.reasons]
    return {members.field} if members and "still-indexing" in reasons else set()


def _labels(run: Run, desired: Desired, live: Live, ignored: Collection[str]) -> Labels:
    """Return the labels of an updated object: ignored fields keep the hashes that they have."""
    labels = run.labels(replace(desired, fields=settled(run, desired, desired.fields, ignored)))
    said = live.labels.spec if live.labels else {}
    return replace(labels, spec={**labels.spec, **{name: said[name] for name in ignored if name in said}})


def _check_owner(run: Run, step: Step, live: Live) -> None:
    """Refuse to write to an object that has another owner now."""
    labels = live.labels
    if labels and not run.is_ours(labels):
        same = labels.identity == str(run.planned.inputs.identity)
        owner = f"another state of {labels.identity}" if same else labels.identity
        raise _stale(step, f"{live.id} is now {labels.address} of {owner}")


def _check_fresh(run: Run, step: Step, live: Live, changes: list[FieldChange]) -> None:
    """Refuse to write over a value that the plan did not see: of what is written whole, any value in it."""
    desired, matched = run.planned.inputs.desired[step.address], run.planned.matched
    resource_type = run.planned.inputs.resource_types[desired.type]
    now, then = matched.localise(run.planned.inputs, step.address, live).fields, matched.live[step.address].fields
    for item in changes:
        name = item.keys[0]
        places = [item.keys] if name in resource_type.apart else [item.keys, (name,)]
        for keys in places if name not in NOT_FIELDS else ():
            if not same(*(_of(resource_type, desired, keys, side) for side in (now, then))):
                raise _stale(step, f"{path_text(keys)} was changed after the plan was made")


def _of(resource_type: ResourceType, desired: Desired, keys: Keys, fields: Fields) -> JSON:
    """Return the managed part of the value at `keys`, or None if there is none."""
    value = get(fields, keys)
    if len(keys) == 1:
        value = owned(resource_type, keys[0], desired.fields.get(keys[0]), ABSENT, value)
    return None if value is ABSENT else value


def _values(run: Run, desired: Desired, names: list[str], changes: list[FieldChange]) -> Iterator[tuple[str, object]]:
    """Yield the complete new value of each field: the planned live value with the changes. Values that cannot be read
    back are in the changes as digests only.

    In a field that is managed by key, keys that left the manifest are null, so that only they are removed.
    """
    resource_type = run.planned.inputs.resource_types[desired.type]
    written = [item for item in changes if item.keys[0] in names]
    values = edited(dict(_planned_on(run, resource_type, desired, names)), written)
    compared = run.planned.matched.sides(run.planned.inputs, desired.address)[0] or desired
    for name in names:
        value = desired.unreadable.get(name, values.get(name))
        if name in desired.fields and same(value, compared.fields[name]):
            value = desired.fields[name]  # with the ids that the manifest names
        if name in resource_type.owned_by_key:
            ours = [item for item in changes if item.keys[0] == name and len(item.keys) > 1]
            gone = {item.keys[1] for item in ours if len(item.keys) == 2 and item.desired is ABSENT}
            former = {id_ for item in ours for id_ in _held(run, desired.address, item.keys[:2])}
            value = {**dict.fromkeys(gone | former), **(value or {})}
        yield name, value


def _planned_on(
    run: Run, resource_type: ResourceType, desired: Desired, names: Iterable[str]
) -> Iterator[tuple[str, JSON]]:
    """Yield the planned live values; in a field that is managed by key, of the keys in the manifest.

    Keys of drift that is kept are among them: a write with pruning would remove all others.
    """
    live = run.planned.matched.live[desired.address].fields
    drift = [change for change in run.planned.plan.drift if change.address == str(desired.address)]
    kept = {item.keys[:2] for change in drift if change.decision == "keep" for item in change.fields}
    for name in names:
        if name in resource_type.owned_by_key and isinstance(live.get(name), Mapping):
            wanted = desired.fields.get(name) or {}
            yield name, {key: value for key, value in live[name].items() if key in wanted or (name, key) in kept}
        elif name in live:
            yield name, live[name]


def _held(run: Run, address: Address, keys: Keys) -> Iterator[str]:
    """Return the live ids of the references at `keys`, as planned: a moved upload is identified by its id."""
    live, now = run.planned.matched.live, run.planned.matched.now
    referred = (now(Address.parse(text)) for text in references_in(get(live[address].fields, keys)))
    yield from (live[target].id for target in referred if target in live)


def _stale(step: Step, what: str) -> StaleError:
    hint = "The object was not changed. Plan again, review the changes, and apply."
    return StaleError(Problem("stale", f"{step.address}: {what}", hint=hint))
