"""The differences between the plan of an estate and the judgement of the oracle."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, TypeAlias

from reconciler.bundles.documents import needs
from reconciler.bundles.render import contents
from reconciler.planning.build import Planned, seal
from reconciler.planning.difference import diff
from reconciler.planning.guard import RULES, Check, guard
from reconciler.planning.model import CREATES, INVALIDATES_ID, RELEASES_OWNERSHIP, Change, Plan, Refusal
from reconciler.planning.published import Bundle
from reconciler.planning.referrers import subject_text
from reconciler.planning.resolution import resolve
from reconciler.resources.address import Address
from reconciler.resources.values import JSON, digest
from tests.property.guard.estates import Estate
from tests.property.guard.manifests import upload_id
from tests.property.guard.oracle import PROJECT, Judgement, Sections, judge
from tests.property.guard.translation import plan_inputs
from tests.support.skipping import with_digests

Verdicts: TypeAlias = dict[tuple[str, str], Sections]
Rules: TypeAlias = Mapping[str, tuple[Check, ...]]
FILES: Final = "file/"
HELD: Final = "still-held"
"""The code of the reason of a change that leaves an upload live because others hold it."""


def planned(estate: Estate, rules: Rules = RULES, *, skips: bool = False) -> Planned:
    """Return the plan of an estate with its bundles, by the stages of the command. With `skips`, objects that are as
    they were applied have the digests that prove it, so that they are not compared.
    """
    inputs = plan_inputs(estate)
    resolution = resolve(with_digests(inputs) if skips else inputs)
    bundles = {address: _bundle(content) for address, content in contents(resolution.inputs.desired).items()}
    difference = diff(resolution.with_bundles(bundles))
    return seal(difference, guard(difference, rules), commit=None, created_at="")


def _bundle(content: JSON) -> Bundle:
    return Bundle(digest(content), frozenset(map(Address.parse, needs(content))))


def disagreement(estate: Estate, rules: Rules = RULES, *, skips: bool = False) -> str:
    """Return the differences between plan and oracle as text; an empty text where they agree."""
    found, judgement = planned(estate, rules, skips=skips), judge(estate)
    plan = found.plan
    told: dict[str, tuple[object, object]] = {
        "refusals": (_refusals(plan), dict(judgement.refusals)),
        "archived": (_going(plan, "archive"), judgement.archived),
        "deleted": (_going(plan, "delete"), judgement.deleted),
        "uploads ended": (_ended(found), _ids(judgement.ended)),
        "uploads held": (
            {id_: names for id_, names in _held(found).items() if id_ not in _ids(judgement.disowned)},
            {upload_id(key): names for key, names in judgement.held.items()},
        ),
        "credentials kept": (_kept(plan), dict(judgement.kept)),
        "orphans": (_orphans(found) - _ids(judgement.disowned | judgement.ended), frozenset()),
        "new uploads": (_uploaded(found), judgement.uploaded),
        "settings": (_settings(plan), judgement.settings),
        "order": (_out_of_order(plan, judgement), []),
        "order of creates": (_made_too_late(plan, judgement), []),
    }
    differing = ((what, *sides) for what, sides in told.items() if sides[0] != sides[1])
    return "\n".join(f"{what}\n  plan:   {ours}\n  oracle: {theirs}" for what, ours, theirs in differing)


def _ids(keys: Iterable[str]) -> frozenset[str]:
    return frozenset(map(upload_id, keys))


def _refusals(plan: Plan) -> Verdicts:
    """Return the sections with entries by rule and address: only `referenced` has any."""
    return {
        (_judged(refusal), refusal.address): {
            section: tuple(sorted(map(subject_text, entries)))
            for section, entries in refusal.sections.items()
            if entries and refusal.rule == "referenced"
        }
        for refusal in plan.refusals
    }


def _judged(refusal: Refusal) -> str:
    """Return the rule of a refusal; of a threshold, which are two, with what it counts."""
    return f"threshold of {refusal.action}s" if refusal.rule == "threshold" else refusal.rule


def _going(plan: Plan, action: str) -> frozenset[str]:
    """Return the addresses of these changes, without files, which may share an upload."""
    found = (change.address for change in plan.changes if change.action == action)
    return frozenset(address for address in found if not address.startswith(FILES))


def _ended(planned: Planned) -> frozenset[str]:
    """Return the ids of the uploads that the plan deletes: every path of such an upload lets go of it."""
    changes = {(change.address, change.id): change for change in _of_files(planned.plan)}
    ending = {id_ for (_, id_), change in changes.items() if change.action in INVALIDATES_ID and not _is_held(change)}
    return frozenset(
        id_
        for id_ in ending
        if id_ and all(_lets_go(changes.get((str(path), id_))) for path in planned.matched.addresses.get(id_, ()))
    )


def _held(planned: Planned) -> dict[str, frozenset[str]]:
    """Return the ids of the uploads that stay because others hold them, each with the holders that the plan names."""
    reasons = (reason for change in _of_files(planned.plan) for reason in change.reasons if reason.code == HELD)
    return {reason.args["id"]: frozenset(reason.args["holders"]) for reason in reasons}


def _kept(plan: Plan) -> dict[str, frozenset[str]]:
    """Return the credentials that stay beside those that replace them, each with the holders that the plan names."""
    replaced = [change for change in plan.work if change.action == "replace" and not change.address.startswith(FILES)]
    held = ((change.address, reason) for change in replaced for reason in change.reasons if reason.code == HELD)
    return {address: frozenset(reason.args["holders"]) for address, reason in held}


def _orphans(planned: Planned) -> frozenset[str]:
    """Return the ids of the uploads that the state has before the plan, and no longer has after it."""
    files = {str(one): applied.id for one, applied in planned.inputs.applied.items() if str(one).startswith(FILES)}
    after: dict[str, str | None] = dict(files)
    for change in _of_files(planned.plan):
        if change.action in INVALIDATES_ID | RELEASES_OWNERSHIP:
            after.pop(change.address, None)
        if change.action == "adopt" or _is_held(change):
            after[change.address] = change.id
    return frozenset(files.values()) - set(after.values())


def _uploaded(planned: Planned) -> frozenset[str]:
    """Return the keys of the uploads that the plan makes."""
    made = (Address.parse(change.address) for change in _of_files(planned.plan) if change.action in CREATES)
    wanted = (planned.inputs.desired[address] for address in made)
    return frozenset(f"{one.upload_name} {str(one.fields['sha256'])[:12]}" for one in wanted)


def _lets_go(change: Change | None) -> bool:
    return change is not None and change.action in INVALIDATES_ID | RELEASES_OWNERSHIP and not _is_held(change)


def _is_held(change: Change) -> bool:
    return any(reason.code == HELD for reason in change.reasons)


def _of_files(plan: Plan) -> Iterator[Change]:
    return (change for change in plan.work if change.address.startswith(FILES))


def _settings(plan: Plan) -> frozenset[tuple[str, bool]]:
    """Return the settings that the plan changes, the last of its changes, each with whether a risk names it."""
    found = [change for change in plan.changes[-1:] if (change.action, change.address) == ("update", PROJECT)]
    weaker = [name for risk in plan.risks if risk.rule == "guard-weakened" for name in risk.args["settings"]]
    return frozenset((item.path, item.path in weaker) for change in found for item in change.fields)


def _made_too_late(plan: Plan, judgement: Judgement) -> list[tuple[str, str]]:
    made = [change.address for change in plan.changes if change.action in CREATES]
    at = {address: index for index, address in enumerate(made)}
    return sorted((a, b) for a, b in judgement.made_first if a in at and b in at and at[a] > at[b])


def _out_of_order(plan: Plan, judgement: Judgement) -> list[tuple[str, str]]:
    going = [change.address for change in plan.changes if change.action in {"archive", "delete"}]
    at = {address: index for index, address in enumerate(going)}
    return sorted((a, b) for a, b in judgement.first if a in at and b in at and at[a] > at[b])
