"""The smallest estate that still fails, and its text."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pprint import pformat
from typing import Any, Final

from tests.property.guard.applied import applied_objects, former_credentials
from tests.property.guard.estates import Estate
from tests.property.guard.manifests import KINDS, left_objects, live_releases, objects, upload
from tests.property.guard.oracle import judge
from tests.property.guard.parts import Manifests

WORKING: Final = ("bots", *KINDS)
PARTS: Final = (*WORKING, "releases")
MARKS: Final = (
    "tombstones",
    "by_hand",
    "duplicates",
    "taken",
    "other_lineage",
    "lost",
    "older",
    "rewritten",
    "ignored",
    "kept",
    "targets",
    "outdated",
)
USUAL: Final[Mapping[str, Any]] = {
    "strict": False,
    "max_deletes": 100,
    "max_archives": 100,
    "recorded": None,
    "other_project": False,
    "on_drift": "revert",
}


def smallest(estate: Estate, fails: Callable[[Estate], object]) -> Estate:
    """Return the estate without everything that the failure does not require."""
    while True:
        simpler = next((one for one in _simpler(estate) if is_whole(one) and fails(one)), None)
        if simpler is None:
            return estate
        estate = simpler


def is_whole(estate: Estate) -> bool:
    """Return True if everything that is named exists: now, or, for what the edit names, before it."""
    try:
        there = applied_objects(estate.before, live_releases(estate.before, estate.tombstones))
        live = there | left_objects(estate.left) | former_credentials(estate.succeeded)
        wanted = objects(estate.after, live_releases(estate.after, estate.tombstones))
        applied_objects(estate.after, ())  # automations name chatbots that exist
    except KeyError:
        return False
    ids = {*live, *(upload(name, thing.text) for name, thing in live.items() if name.startswith("file/"))}
    past = estate.past
    named_before = {past.get(name, name) for thing in live.values() for name in (*thing.by_name, *thing.by_id)}
    named_after = {past.get(name, name) for thing in wanted.values() for name in thing.by_name}
    by_id = {name for thing in wanted.values() for name in thing.by_id}
    at_rest = judge(Estate(estate.before, estate.before, estate.past, tombstones=estate.tombstones))
    nothing_goes = not (at_rest.archived or at_rest.deleted or at_rest.ended)
    marked = estate.by_hand | estate.duplicates | estate.taken | estate.other_lineage | estate.lost
    if not (marked <= live.keys() & wanted.keys() and estate.rewritten <= estate.after.releases.keys()):
        return False
    others = {name for stranger in estate.unmanaged for name in stranger.refers_to}
    others |= {name for peer in estate.peers for name in peer.refers_to}
    others |= {name for stray in estate.strays for name in stray.refers_to}
    others |= estate.entries.keys() | estate.outdated
    named = estate.targets | estate.ignored | estate.older
    if not (others | estate.kept <= live.keys() and named <= live.keys() | wanted.keys()):
        return False
    return nothing_goes and named_before | by_id <= ids and named_after <= live.keys() | wanted.keys()


def readable(estate: Estate) -> str:
    """Return the estate and its edit as text, without what the edit leaves as it was."""
    lines = [f"{part}: {_shown(getattr(estate.before, part))}" for part in (*PARTS, "texts")]
    edits = [
        f"{part}/{name}: {getattr(estate.after, part).get(name, 'gone')}"
        for part in (*PARTS, "texts")
        for name in {**getattr(estate.before, part), **getattr(estate.after, part)}
        if getattr(estate.before, part).get(name) != getattr(estate.after, part).get(name)
    ]
    rest = {name: value for name, value in vars(estate).items() if name not in {"before", "after"} and value}
    return "\n".join(["before", *lines, "edit", *edits, "besides", pformat(rest)])


def _shown(items: Mapping[str, Any]) -> str:
    return pformat(dict(items), width=160)


def _simpler(estate: Estate) -> Iterator[Estate]:
    yield from _with_fewer_around(estate)
    for part in (*PARTS, "texts"):
        for name in {**getattr(estate.before, part), **getattr(estate.after, part)}:
            if part != "texts":
                yield replace(estate, before=_less(estate.before, part, name), after=_less(estate.after, part, name))
            before = getattr(estate.before, part).get(name)
            if before is not None and getattr(estate.after, part).get(name) != before:
                yield replace(estate, after=_with(estate.after, part, name, before))
    for part in WORKING:
        for name, thing in getattr(estate.before, part).items():
            for smaller in _smaller(thing):
                same = getattr(estate.after, part).get(name) == thing
                after = _with(estate.after, part, name, smaller) if same else estate.after
                yield replace(estate, before=_with(estate.before, part, name, smaller), after=after)
    yield from (replace(estate, **{name: value}) for name, value in USUAL.items() if getattr(estate, name) != value)


def _with_fewer_around(estate: Estate) -> Iterator[Estate]:
    """Yield the estate with one thing less of what is not in the manifests."""
    yield from (replace(estate, unmanaged=rest) for rest in _without_one(estate.unmanaged))
    yield from (replace(estate, peers=rest) for rest in _without_one(estate.peers))
    yield from (replace(estate, strays=rest) for rest in _without_one(estate.strays))
    yield from (replace(estate, past=rest) for rest in _without_key(estate.past))
    yield from (replace(estate, succeeded=rest) for rest in _without_key(estate.succeeded))
    yield from (replace(estate, entries=rest) for rest in _without_key(estate.entries))
    for key in estate.left:
        yield replace(estate, left={one: text for one, text in estate.left.items() if one != key})
    for key in estate.protected:
        yield replace(estate, protected={one: how for one, how in estate.protected.items() if one != key})
    for marks in MARKS:
        yield from (replace(estate, **{marks: getattr(estate, marks) - {name}}) for name in getattr(estate, marks))


def _smaller(thing: Any) -> Iterator[Any]:
    """Yield the object with one value fewer."""
    for name, value in vars(thing).items():
        if isinstance(value, tuple):
            yield from (replace(thing, **{name: rest}) for rest in _without_one(value))
        elif value is not None and name in {"published", "keep"}:
            yield replace(thing, **{name: None})


def _without_key(items: Mapping[str, str]) -> Iterator[dict[str, str]]:
    yield from ({key: item for key, item in items.items() if key != one} for one in items)


def _without_one(items: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    yield from (items[:index] + items[index + 1 :] for index in range(len(items)))


def _less(manifests: Manifests, part: str, name: str) -> Manifests:
    return replace(manifests, **{part: {key: item for key, item in getattr(manifests, part).items() if key != name}})


def _with(manifests: Manifests, part: str, name: str, thing: Any) -> Manifests:
    return replace(manifests, **{part: {**getattr(manifests, part), name: thing}})
