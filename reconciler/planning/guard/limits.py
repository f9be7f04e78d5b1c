"""Rules for limits: the numbers of deletes and of archives, and the daily costs of vector stores."""

from collections.abc import Iterator
from math import ceil

from reconciler.planning.guard.context import GuardContext, Violation
from reconciler.planning.held_uploads import kept_elsewhere
from reconciler.planning.model import Change
from reconciler.planning.reasons import Cause, Remedy
from reconciler.planning.settings import allowed as allowed_by, settings_address
from reconciler.planning.uploads import is_leftover
from reconciler.resources.address import RELEASE, Address
from reconciler.resources.guard_settings import GuardSettings
from reconciler.resources.registry import upload_kinds
from reconciler.resources.values import ABSENT


def too_many_deletes(context: GuardContext) -> Iterator[Violation]:
    """Refuse more deletes, replacements and detached files than `safety.max_deletes` allows. Each live id counts once;
    an upload that stays live does not count, nor the upload of an edited file, nor a replaced object that has expired.
    """
    ending = [
        change
        for change in context.work
        if change.ends_id
        and (change.action == "delete" or (change.action == "replace" and not _is_edited_file(change)))
    ]
    shared = kept_elsewhere(context.matched, context.work, {change.id for change in ending if change.id})
    ending = [change for change in ending if change.id not in shared and not _is_lost(change)]
    deletes = sorted([change.address, change.id] for change in ending if change.action == "delete")
    replaced = sorted([change.address, change.id] for change in ending if change.action == "replace")
    ended = {change.id for change in ending}
    going = ended | {change.id for change in context.work if change.action == "delete"}
    detached = {id_: address for address, id_ in _detached(context).items() if id_ not in going}
    number, live = len(ended) + len(detached), _live(context)
    allowed = min(allowed_by(one.max_deletes, live) for one in context.inputs.guarding)
    if number > allowed:
        kinds = {"deleted": bool(deletes), "replaced": bool(replaced), "detached": bool(detached)}
        yield Violation(
            address=f"project/{context.inputs.identity.project}",
            action="delete",
            cause=Cause("too-many-deletes", {"number": number, **kinds, "allowed": allowed, "live": live}),
            remedies=(_raise_deletes(context, number, live),),
            facts={
                "deletes": deletes,
                "detached": sorted(detached.values()),
                **({"replaced": replaced} if replaced else {}),  # as before where nothing is replaced
            },
        )


def too_many_archives(context: GuardContext) -> Iterator[Violation]:
    """Refuse more archived releases than `safety.max_archives` allows. Releases count that an edit of the manifests
    archives, without their copies: those that only `releases.keep` archives do not.
    """
    counted = sorted(
        change.address
        for change in context.work
        if change.action == "archive" and Address.parse(change.address).kind == RELEASE
        if not any(reason.code == "release-limit" for reason in change.reasons)
    )
    live = _live(context)
    allowed = min(allowed_by(one.max_archives, live) for one in context.inputs.guarding)
    if len(counted) > allowed:
        yield Violation(
            address=f"project/{context.inputs.identity.project}",
            action="archive",
            cause=Cause("too-many-archives", {"number": len(counted), "allowed": allowed, "live": live}),
            remedies=(_raise_archives(context, len(counted), live),),
            facts={"archives": counted},
        )


def _is_edited_file(change: Change) -> bool:
    return Address.parse(change.address).kind in upload_kinds()


def _is_lost(change: Change) -> bool:
    """Return True if an earlier plan decided about the object, or if its content has expired already."""
    if change.action == "delete":
        return is_leftover(Address.parse(change.address), change.id)
    return any(reason.code == "expired" for reason in change.reasons)


def _live(context: GuardContext) -> int:
    return len({found.id for found in context.matched.live.values()})


def _raise_deletes(context: GuardContext, number: int, live: int) -> Remedy:
    if number <= allowed_by(context.inputs.settings.max_deletes, live):
        return _apply_settings(context, "max_deletes")
    return Remedy("raise-deletes", {"number": number, "address": _settings(context)})


def _raise_archives(context: GuardContext, number: int, live: int) -> Remedy:
    if number <= allowed_by(context.inputs.settings.max_archives, live):
        return _apply_settings(context, "max_archives")
    return Remedy("raise-archives", {"number": number, "address": _settings(context)})


def _apply_settings(context: GuardContext, name: str) -> Remedy:
    """Return the remedy for a limit that project.yaml has, and that is not recorded yet."""
    about = {"settings": [f"safety.{name}"], "address": _settings(context)}
    return Remedy("apply-settings", {**about, **context.of_environment})


def _settings(context: GuardContext) -> str:
    return str(settings_address(context.inputs.identity))


def _detached(context: GuardContext) -> dict[str, str]:
    """Return the addresses of members that are detached, such as files of a store, each with its live id. A file that
    gets another upload, one that exists already or that the store has already, is not detached.
    """
    found: dict[str, str] = {}
    for change in context.work:
        address = Address.parse(change.address)
        live = context.matched.live.get(address) if change.action == "update" else None
        members = context.inputs.members(live.type) if live else None
        if members:
            fields = [item for item in change.fields if item.keys[0] == members.field and len(item.keys) > 1]
            gone = [
                Address(members.kind, item.keys[1]) for item in fields if item.desired is ABSENT and len(item.keys) == 2
            ]
            entries = members.of(context.inputs.desired[address].fields).values()
            wanted = filter(None, map(members.target, entries))
            former = {context.inputs.applied[one].id for one in wanted if one in context.inputs.applied}
            ids = {one: _id(context, one) for one in gone}
            found.update({str(one): id_ or one.name for one, id_ in ids.items() if id_ not in former})
    return found


def _id(context: GuardContext, address: Address) -> str | None:
    live = context.matched.live.get(address)
    return live.id if live else None


def too_much(context: GuardContext) -> Iterator[Violation]:
    """Refuse daily costs above `safety.max_daily_cost`, unless the plan reduces them."""
    exceeded = next(_exceeded(context), None)
    if exceeded is None:
        return
    settings, before, after = exceeded
    is_recorded = settings is context.inputs.recorded
    raised = Remedy("raise-daily-cost", {"dollars": ceil(after), "address": _settings(context)})
    yield Violation(
        address=f"project/{context.inputs.identity.project}",
        action="update",
        cause=Cause("daily-cost", {"dollars": after, "before": before, "allowed": settings.max_daily_cost}),
        remedies=(_apply_settings(context, "max_daily_cost") if is_recorded else raised,),
        facts={
            "allowed": settings.max_daily_cost,
            "dollars": ceil(after),
            "growth": [list(pair) for pair in context.costs.growth],
        },
    )


def _exceeded(context: GuardContext) -> Iterator[tuple[GuardSettings, float, float]]:
    """Yield the settings whose limit the plan exceeds, those of project.yaml first, with the costs by their prices."""
    inputs, stored = context.inputs, context.costs.stored
    costs = [(inputs.settings, *context.costs.per_day)]
    if inputs.recorded is not None:
        before, after = map(inputs.recorded.per_day, stored)
        costs.append((inputs.recorded, before, after))
    for settings, before, after in costs:
        most = settings.max_daily_cost
        if most is not None and after > max(most, before):
            yield settings, before, after
