"""What a plan says of an estate, in the words of the oracle, and the smallest estate of which they say different
things.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pprint import pformat
from typing import Any

from reconciler.planning import build
from reconciler.planning.guard import RULES, Check
from reconciler.planning.model import Plan
from reconciler.planning.referrers import subject_text
from tests.property.guard.estates import Estate, Manifests, live_releases, objects
from tests.property.guard.oracle import Judgement, Sections, judge
from tests.property.guard.translation import world

PARTS = ("bots", "pipelines", "assistants", "stores", "releases")
MARKS = ("tombstones", "by_hand", "duplicates", "taken", "rewritten")
USUAL: Mapping[str, Any] = {"strict": False, "max_deletes": 100, "other_project": False, "on_drift": "revert"}
Verdicts = dict[tuple[str, str], Sections]


def disagreement(estate: Estate, rules: Mapping[str, tuple[Check, ...]] = RULES) -> str:
    """In what plan and oracle differ; nothing where they agree."""
    plan, judgement = build.plan(world(estate), rules=rules).plan, judge(estate)
    told: dict[str, tuple[object, object]] = {
        "refusals": (_refusals(plan), dict(judgement.refusals)),
        "archived": (_going(plan, "archive"), judgement.archived),
        "deleted": (_going(plan, "delete"), judgement.deleted),
        "order": (_out_of_order(plan, judgement), []),
    }
    differing = ((what, *sides) for what, sides in told.items() if sides[0] != sides[1])
    return "\n".join(f"{what}\n  plan:   {ours}\n  oracle: {theirs}" for what, ours, theirs in differing)


def _refusals(plan: Plan) -> Verdicts:
    """By rule and address, the sections that have entries: only `referenced` has any."""
    return {
        (refusal.rule, refusal.address): {
            section: tuple(sorted(map(subject_text, entries)))
            for section, entries in refusal.sections.items()
            if entries and refusal.rule == "referenced"
        }
        for refusal in plan.refusals
    }


def _going(plan: Plan, action: str) -> frozenset[str]:
    return frozenset(change.address for change in plan.changes if change.action == action)


def _out_of_order(plan: Plan, judgement: Judgement) -> list[tuple[str, str]]:
    going = [change.address for change in plan.changes if change.action in {"archive", "delete"}]
    at = {address: index for index, address in enumerate(going)}
    return sorted((a, b) for a, b in judgement.first if a in at and b in at and at[a] > at[b])


def smallest(estate: Estate, fails: Callable[[Estate], object]) -> Estate:
    """What is left of an estate when nothing more can be taken out of it without losing the failure."""
    while True:
        simpler = next((one for one in _simpler(estate) if is_whole(one) and fails(one)), None)
        if simpler is None:
            return estate
        estate = simpler


def is_whole(estate: Estate) -> bool:
    """Whether everything that is named is there: now, or, for what the edit names, before it."""
    try:
        live = objects(estate.before, live_releases(estate.before, estate.tombstones))
        wanted = objects(estate.after, live_releases(estate.after, estate.tombstones))
    except KeyError:
        return False
    named_before = {target for thing in live.values() for target in thing.refers_to}
    named_after = {target for thing in wanted.values() for target in thing.refers_to}
    at_rest = judge(Estate(estate.before, estate.before, tombstones=estate.tombstones))
    nothing_goes = not (at_rest.archived or at_rest.deleted)
    marked = estate.by_hand | estate.duplicates | estate.taken
    if not (marked <= live.keys() & wanted.keys() and estate.rewritten <= estate.after.releases.keys()):
        return False
    return nothing_goes and named_before <= live.keys() and named_after <= live.keys() | wanted.keys()


def readable(estate: Estate) -> str:
    """The estate, and what the edit does to it; what stays as it was is said once."""
    lines = [f"{part}: {_shown(getattr(estate.before, part))}" for part in PARTS]
    edits = [
        f"{part}/{name}: {getattr(estate.after, part).get(name, 'gone')}"
        for part in PARTS
        for name in {**getattr(estate.before, part), **getattr(estate.after, part)}
        if getattr(estate.before, part).get(name) != getattr(estate.after, part).get(name)
    ]
    rest = {name: value for name, value in vars(estate).items() if name not in {"before", "after"} and value}
    return "\n".join(["before", *lines, "edit", *edits, "besides", pformat(rest)])


def _shown(items: Mapping[str, Any]) -> str:
    return pformat(dict(items), width=160)


def _simpler(estate: Estate) -> Iterator[Estate]:
    yield from (replace(estate, unmanaged=rest) for rest in _without_one(estate.unmanaged))
    yield from (replace(estate, peers=rest) for rest in _without_one(estate.peers))
    for protected in estate.protected:
        rest = {name: how for name, how in estate.protected.items() if name != protected}
        yield replace(estate, protected=rest)
    for marks in MARKS:
        yield from (replace(estate, **{marks: getattr(estate, marks) - {name}}) for name in getattr(estate, marks))
    for part in PARTS:
        for name in {**getattr(estate.before, part), **getattr(estate.after, part)}:
            yield replace(estate, before=_less(estate.before, part, name), after=_less(estate.after, part, name))
            before = getattr(estate.before, part).get(name)
            if before is not None and getattr(estate.after, part).get(name) != before:
                yield replace(estate, after=_with(estate.after, part, name, before))
    for part in PARTS[:4]:
        for name, thing in getattr(estate.before, part).items():
            for smaller in _smaller(thing):
                same = getattr(estate.after, part).get(name) == thing
                after = _with(estate.after, part, name, smaller) if same else estate.after
                yield replace(estate, before=_with(estate.before, part, name, smaller), after=after)
    yield from (replace(estate, **{name: value}) for name, value in USUAL.items() if getattr(estate, name) != value)


def _smaller(thing: Any) -> Iterator[Any]:
    """With one of its values fewer, of those that need not be there."""
    for name, value in vars(thing).items():
        if isinstance(value, tuple):
            yield from (replace(thing, **{name: rest}) for rest in _without_one(value))
        elif value is not None and name in {"published", "keep"}:
            yield replace(thing, **{name: None})


def _without_one(items: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    yield from (items[:index] + items[index + 1 :] for index in range(len(items)))


def _less(manifests: Manifests, part: str, name: str) -> Manifests:
    return replace(manifests, **{part: {key: item for key, item in getattr(manifests, part).items() if key != name}})


def _with(manifests: Manifests, part: str, name: str, thing: Any) -> Manifests:
    return replace(manifests, **{part: {**getattr(manifests, part), name: thing}})
