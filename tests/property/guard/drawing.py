"""Estates at random: a history, an edit, strangers around it, and one trouble at most that is not about references."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import Any, Literal

from tests.property.guard.edits import Edits
from tests.property.guard.environments import with_environment
from tests.property.guard.estates import Estate, PeerDocument, Recorded, Stranger, Stray
from tests.property.guard.history import is_saved
from tests.property.guard.manifests import Object, left_objects, live_releases
from tests.property.guard.parts import SAVED, Manifests

PLENTY = 100
WORKING = ("assistant/", "chatbot/", "pipeline/", "vectorstore/")


def estate(seed: int) -> Estate:
    """Return the same estate for the same seed."""
    return with_environment(_Drawing(Random(seed)).estate(), Random(f"around agents {seed}"))


class _Drawing(Edits):
    def estate(self) -> Estate:
        before = self.history()
        live = self.live = self.all_of(before) | left_objects(self.left)
        after = self.edited(before)
        made = Estate(
            before=before,
            after=after,
            past=self.past,
            ignored=frozenset(self.ignored(after)) if self.maybe(0.4) else frozenset(),
            kept=frozenset(self.some(self.working(live), 0.5)) if self.maybe(0.4) else frozenset(),
            left=self.left,
            unmanaged=tuple(self.unmanaged(live)),
            protected=dict(self.protection(live)),
            tombstones=frozenset(self.tombstones),
            strict=self.maybe(0.17),
            max_deletes=self.most(),
        )
        made = self.troubled(made, [name for name in live if is_saved(name, live)])
        made = replace(made, peers=tuple(self.peers(live)), strays=tuple(self.strays(live)))
        if not (made.duplicates or made.taken or made.by_hand or made.rewritten) and self.maybe(0.9):
            made = replace(made, entries=dict(self.entries(made, live)))
        made = replace(made, targets=frozenset(self.targets(made))) if self.maybe(0.25) else made
        if made.duplicates or made.taken:
            return self.of_lineages(made, live)
        made = replace(
            made,
            max_archives=self.random.choice(
                (self.most(), self.most(), self.most(), self.most(), self.random.randint(0, 1))
            ),
        )
        made = replace(made, recorded=self.recorded()) if self.maybe(0.2) else made
        return self.of_lineages(made, live)

    def recorded(self) -> Recorded:
        return Recorded(
            strict=self.maybe(0.06),
            max_deletes=self.most(),
            max_archives=self.most(),
            other_project=self.maybe(0.03),
        )

    def of_lineages(self, made: Estate, live: Mapping[str, Object]) -> Estate:
        """Return the estate with labels of another state of the identity, and of versions without lineages."""
        field = self.random.choice(("taken", "other_lineage", "lost"))
        marks: Mapping[str, Any] = {"taken": frozenset(), field: made.taken}
        made = replace(made, **marks)
        labelled = [name for name in live if is_saved(name, live) or name.startswith("vectorstore/")]
        return replace(made, older=frozenset(self.some(labelled, 0.3))) if self.maybe(0.2) else made

    def most(self) -> int | None:
        """Return a limit; most are so large that other rules decide."""
        return self.random.choice((PLENTY, PLENTY, PLENTY, None, self.random.randint(0, 2)))

    def working(self, live: Mapping[str, Object]) -> list[str]:
        return [name for name in live if name.startswith(WORKING) and "@" not in name]

    def ignored(self, after: Manifests) -> list[str]:
        """Return objects that ignore their references, most of which the edit changes."""
        wanted = self.all_of(after)
        there = [name for name in self.working(self.live) if name in wanted]
        changed = [name for name in there if _references(wanted[name]) != _references(self.live[name])]
        return [*self.sample(changed, 1, 2), *self.some(there, 0.2)]

    def some(self, items: Sequence[str], probability: float) -> list[str]:
        return [item for item in items if self.maybe(probability)]

    def targets(self, made: Estate) -> Sequence[str]:
        """Return targets, most of which are objects that the edit removes or changes."""
        wanted = self.all_of(made.after)
        changed = [name for name in {**self.live, **wanted} if self.live.get(name) != wanted.get(name)]
        anything = [*self.live, *wanted]
        return (*self.sample(changed, 1, 3), *self.sample(anything, 0 if changed else 1, 1))

    def troubled(self, made: Estate, saved: Sequence[str]) -> Estate:
        """Return the estate with at most one thing that is not about references."""
        staying = frozenset(name for name in saved if _has_its_target_still(made, name.partition("/")[2]))
        same = frozenset(name for name in staying if _is_same(made, name.partition("/")[2]))
        releases = [name for name in live_releases(made.after, made.tombstones) if f"release/{name}" in self.live]
        troubles: Sequence[tuple[int, Mapping[str, Any]]] = (
            (12, {}),
            (3, {"other_project": True}),
            (94, {"duplicates": same, "max_deletes": PLENTY}),
            (140, {"taken": same, "max_deletes": PLENTY}),
            (84, {"by_hand": staying, "on_drift": "refuse"}),
            (104, {"by_hand": staying, "on_drift": "keep"}),
            (80, {"by_hand": staying, "on_drift": "revert"}),
            (4, {"rewritten": frozenset(releases)}),
        )
        possible = [trouble for trouble in troubles if frozenset() not in trouble[1].values()]
        weights, marks = zip(*possible, strict=True)
        (chosen,) = self.random.choices(marks, weights)
        if chosen.get("on_drift") == "keep" and self.maybe(0.95):
            made = replace(made, after=self.reworded(made.after, staying))
        for probability in (0.95, 0.9) if "by_hand" in chosen else ():
            if self.maybe(probability):
                made = replace(made, after=self.released(made.after))
        return replace(made, **chosen)

    # What stands around.

    def unmanaged(self, live: Mapping[str, Object]) -> Iterator[Stranger]:
        agents = tuple(name for name, thing in live.items() if thing.target == "agents")
        files = tuple(name for name in live if name.startswith("file/"))
        if agents and self.maybe(0.15):
            yield Stranger("automation", "nightly", self.sample(agents, 1, 1))
        if agents and self.maybe(0.1):
            yield Stranger("session", "in progress", self.sample(agents, 1, 1))
        if files and self.maybe(0.15):
            yield Stranger("vector_store", "theirs", self.sample(files, 1, 2), self.random.choice((None, "globex")))
        if files and self.maybe(0.1):
            yield Stranger("environment_template", "desk", self.sample(files, 1, 1))
        held = tuple(name for name in live if name.startswith(("vectorstore/", "file/")))
        if held and self.maybe(0.15):
            yield Stranger("assistant", "foreign", self.sample(held, 1, 2), self.random.choice((None, "globex")))

    def peers(self, live: Mapping[str, Object]) -> Iterator[PeerDocument]:
        """What they have is called like what we have, and their projects may be called like kinds."""
        known = [name for name, thing in live.items() if thing.target in SAVED or name.startswith(("vecto", "file/"))]
        for identity in ("globex", "pipeline/live"):
            if known and self.maybe(0.15):
                address = self.random.choice(("assistant/triage", "pipeline/flow@support.1", "release/support@1"))
                yield PeerDocument(identity, address, self.sample(known, 1, 3))

    def strays(self, live: Mapping[str, Object]) -> Iterator[Stray]:
        """Documents of a restored backup, with ids that are still live."""
        known = [name for name, thing in live.items() if thing.target in SAVED or name.startswith(("vecto", "file/"))]
        if known and self.maybe(0.14):
            yield Stray("assistant/restored", self.sample(known, 1, 3))

    def entries(self, made: Estate, live: Mapping[str, Object]) -> Iterator[tuple[str, str]]:
        """Copies of saved assistants whose entry in the state has the address of a release that never was. No manifest
        names them: the name would mean the moved copy by its label, which the oracle does not have.
        """
        contents = (made.after, *(release.content for release in made.after.releases.values()))
        named = {name for content in contents for name in _named(content)}
        copies = [name for name, thing in live.items() if thing.target in SAVED and "@" in name]
        copies = [name for name in copies if name not in named]
        for number, name in enumerate(self.sample(copies, 1, 2)):
            yield name, f"assistant/moved@gone.{number + 1}"

    def protection(self, live: Mapping[str, Object]) -> Iterator[tuple[str, Literal["state", "label"]]]:
        """Of what manifests may say it; a request is a document, and has no label."""
        for name, thing in live.items():
            if name.startswith(("assistant/", "vectorstore/")) and "@" not in name and self.maybe(0.15):
                yield name, "state" if thing.target == "responses" else self.random.choice(("state", "label"))


def _named(content: Manifests) -> Iterator[str]:
    """Yield the addresses that chatbots and pipelines name."""
    for bot in content.bots.values():
        yield from (bot.answers, *bot.starts)
    for pipeline in content.pipelines.values():
        yield from (f"assistant/{node}" for node in pipeline.nodes)


def _references(thing: Object) -> object:
    return thing.refs, thing.literal, thing.contents


def _has_its_target_still(made: Estate, assistant: str) -> bool:
    before, after = made.before.assistants, made.after.assistants
    return assistant in after and after[assistant].target == before[assistant].target


def _is_same(made: Estate, assistant: str) -> bool:
    return made.before.assistants[assistant] == made.after.assistants[assistant]
