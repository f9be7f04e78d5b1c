"""The dimensions of estates, and the share of estates that each of them shapes and decides.

A dimension shapes an estate if the plan has to take it into account, and decides it if the judgement is another one
without it.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from tests.property.guard import surroundings
from tests.property.guard.estates import Estate, without_literal_ids
from tests.property.guard.holders import Holding
from tests.property.guard.manifests import Object, left_objects, live_releases, upload, working
from tests.property.guard.oracle import SECTIONS, Judgement, judge
from tests.property.guard.parts import HOLDING, SAVED

DIMENSIONS: Final = (
    "content edits",
    "target changes",
    "assistants at servers",
    "targets",
    "ignored fields",
    "kept objects",
    "literal ids",
    "left uploads",
    "renames",
    "past renames",
    "moved entries",
    "strays",
    "recorded settings",
    *surroundings.SHAPES,
)
LEAST: Final = 0.1
"""The share of estates that each dimension shapes, at least."""
RARER: Final = {"replaced credentials": 0.08}
"""The same for a dimension that only the estates with objects around agents can have."""
LEAST_DECIDED: Final = 0.02
"""The share of estates that each dimension decides, at least."""
TRAITS: Final[Mapping[str, float]] = {
    "refused": 0.3,
    **dict.fromkeys((*SECTIONS, "peers", "several deletes", "allowed archiving", "released-only archiving"), 0.05),
    "held uploads": LEAST,
    "assistants of others": 0.02,
    "refused replacements": 0.03,
    **surroundings.TRAITS,
}
"""The share of estates that have it, at least."""


@dataclass
class Coverage:
    """Counts over a number of estates."""

    estates: int = 0
    shaped: Counter[str] = field(default_factory=Counter)
    decided: Counter[str] = field(default_factory=Counter)
    rules: Counter[str] = field(default_factory=Counter)
    traits: Counter[str] = field(default_factory=Counter)

    def add(self, made: Estate, judgement: Judgement) -> None:
        outcome = Holding(made)
        self.estates += 1
        self.shaped.update(name for name in DIMENSIONS if SHAPES[name](outcome))
        self.decided.update(
            name for name, without in WITHOUT.items() if (other := without(made)) != made and judge(other) != judgement
        )
        self.rules.update({rule for rule, _ in judgement.refusals})
        self.traits.update({*_traits(made, judgement), *surroundings.traits(outcome, judgement)})

    def rare(self, counts: Counter[str], least: Mapping[str, float]) -> dict[str, float]:
        """Return the shares that are below the least one."""
        shares = {name: counts[name] / self.estates for name in least}
        return {name: share for name, share in shares.items() if share < least[name]}

    def __str__(self) -> str:
        return f"{self.estates} estates: {', '.join(map(self._share, DIMENSIONS))}"

    def _share(self, name: str) -> str:
        decides = f" (decides {self.decided[name] / self.estates:.0%})" if name in WITHOUT else ""
        return f"{name} {self.shaped[name] / self.estates:.0%}{decides}"


def _has_content_edits(outcome: Holding) -> bool:
    """Return True if a live file in scope gets other bytes."""
    edited = (one for one in outcome.before.keys() & outcome.after.keys() if one.startswith("file/"))
    return any(outcome.before[one].text != outcome.after[one].text for one in edited)


def _has_kept_objects(outcome: Holding) -> bool:
    """Return True if an object stays although its manifest was removed."""
    return any(one not in outcome.manifests and outcome.in_scope(one) for one in outcome.kept)


def _has_ignored_fields(outcome: Holding) -> bool:
    """Return True if a manifest that ignores fields says something else than what is live."""
    ignoring = outcome.ignoring(filter(outcome.in_scope, outcome.manifests))
    return any(
        (live.refers_to, live.contents) != (wanted.refers_to, wanted.contents)
        for live, wanted in ((outcome.before[one], outcome.manifests[one]) for one in ignoring)
    )


def _has_literal_ids(outcome: Holding) -> bool:
    """Return True if a manifest names a live id of something that the edit removes or changes."""
    named = {id_ for thing in outcome.manifests.values() for id_ in thing.by_id}
    leaving = {one for one in outcome.before if one not in outcome.manifests or one in outcome.replaced}
    wanted = {upload(one, thing.text) for one, thing in outcome.manifests.items() if one.startswith("file/")}
    return bool(named & (leaving | (outcome.uploads.keys() - wanted)))


def _has_past_renames(outcome: Holding) -> bool:
    """Return True if a release that is live has a name from before a rename."""
    before = outcome.estate.before
    live = live_releases(before, outcome.estate.tombstones)
    return any(name in working(before.releases[one].content) for one in live for name in outcome.estate.past)


def _holds_ids(thing: Object) -> bool:
    """Return True for an assistant at a server that has the id of a store or of an upload."""
    return thing.target in SAVED & HOLDING and bool(thing.contents or thing.refs or thing.literal)


SHAPES: Final[Mapping[str, Callable[[Holding], bool]]] = {
    "content edits": _has_content_edits,
    "target changes": lambda outcome: bool(outcome.replaced),
    "assistants at servers": lambda outcome: any(map(_holds_ids, outcome.before.values())),
    "targets": lambda outcome: outcome.scope is not None and not outcome.before.keys() <= outcome.scope,
    "ignored fields": _has_ignored_fields,
    "kept objects": _has_kept_objects,
    "literal ids": _has_literal_ids,
    "left uploads": lambda outcome: bool(outcome.estate.left),
    "renames": lambda outcome: any(map(outcome.in_scope, outcome.former)),
    "past renames": _has_past_renames,
    "moved entries": lambda outcome: bool(outcome.estate.entries),
    "strays": lambda outcome: bool(outcome.estate.strays),
    "recorded settings": lambda outcome: outcome.estate.recorded is not None,
    **surroundings.SHAPES,
}


def _without_edits(made: Estate) -> Estate:
    return replace(made, after=replace(made.after, texts={**made.after.texts, **made.before.texts}))


def _without_target_changes(made: Estate) -> Estate:
    was, now = made.before.assistants, made.after.assistants
    changed = {name for name in now if name in was and was[name].target != now[name].target}
    assistants = {name: was[name] if name in changed else one for name, one in now.items()}
    return replace(made, after=replace(made.after, assistants=assistants))


def _without_left_uploads(made: Estate) -> Estate:
    left = left_objects(made.left).keys()

    def others(address: str) -> bool:
        return address not in left

    unmanaged = tuple(replace(one, refers_to=tuple(filter(others, one.refers_to))) for one in made.unmanaged)
    peers = tuple(replace(one, refers_to=tuple(filter(others, one.refers_to))) for one in made.peers)
    strays = tuple(replace(one, refers_to=tuple(filter(others, one.refers_to))) for one in made.strays)
    return replace(made, left={}, unmanaged=unmanaged, peers=peers, strays=strays)


WITHOUT: Final[Mapping[str, Callable[[Estate], Estate]]] = {
    "content edits": _without_edits,
    "target changes": _without_target_changes,
    "targets": lambda made: replace(made, targets=frozenset()),
    "ignored fields": lambda made: replace(made, ignored=frozenset()),
    "kept objects": lambda made: replace(made, kept=frozenset()),
    "literal ids": lambda made: replace(
        made, before=without_literal_ids(made.before), after=without_literal_ids(made.after)
    ),
    "left uploads": _without_left_uploads,
    "past renames": lambda made: replace(made, past={}),
    "moved entries": lambda made: replace(made, entries={}),
    "strays": lambda made: replace(made, strays=()),
    "recorded settings": lambda made: replace(made, recorded=None),
    **surroundings.WITHOUT,
}
"""The same estate without a dimension; without past renames, releases have names that nothing follows. A rename in the
edit decides nothing: its id stays."""


def _traits(made: Estate, judgement: Judgement) -> Iterator[str]:
    if judgement.refusals:
        yield "refused"
    yield from (section for sections in judgement.refusals.values() for section in sections)
    names = {document.name for document in made.peers}
    if any(names.intersection(sections.get("Other references", ())) for sections in judgement.refusals.values()):
        yield "peers"
    strangers = {one.title for one in made.unmanaged if one.type == "assistant"}
    blocking = (*judgement.held.values(), *(names for one in judgement.refusals.values() for names in one.values()))
    if any(strangers.intersection(names) for names in blocking):
        yield "assistants of others"
    if len(judgement.deleted) + len(judgement.ended) > 1:
        yield "several deletes"
    if judgement.archived and not judgement.refusals:
        yield "allowed archiving"
    if any(one.startswith("release/") and one.removeprefix("release/") in _asked(made) for one in judgement.archived):
        yield "released-only archiving"
    if judgement.held:
        yield "held uploads"
    used = {address for rule, address in judgement.refusals if rule == "referenced"}
    if not used <= judgement.deleted | judgement.archived:
        yield "refused replacements"


def _asked(made: Estate) -> set[str]:
    """Return the releases that go although their manifests ask for them, and no chatbot keeps only so many."""
    kept = {name for name, bot in made.after.bots.items() if bot.keep is None}
    releases = made.after.releases.items()
    return {name for name, one in releases if not one.archived and name.partition("@")[0] in kept}
