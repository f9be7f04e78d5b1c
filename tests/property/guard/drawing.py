"""Estates at random: a history of edits and releases, then one edit that deletes things, and strangers around it."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import Any, Literal, TypeVar

from tests.property.guard.estates import (
    NEW_MODEL,
    OLD_MODEL,
    Assistant,
    Bot,
    Estate,
    Manifests,
    Object,
    PeerDocument,
    Pipeline,
    Release,
    Store,
    Stranger,
    live_releases,
    number_of,
    objects,
    released,
)

T = TypeVar("T")
PATHS = ("kb/hours.md", "kb/rates.md", "old/hours.md", "faq.md")
"""Two have one base name: with equal bytes they are one upload."""
PLENTY = 100


def estate(seed: int) -> Estate:
    """The same for the same seed."""
    return _Drawing(Random(seed)).estate()


class _Drawing:
    def __init__(self, random: Random) -> None:
        self.random = random
        self.numbers: Counter[str] = Counter()
        """The last release of each chatbot: numbers are never used again."""
        self.tombstones: set[str] = set()
        self.live: Mapping[str, Object] = {}
        """What is live once the history is over: an edit pins no copy that is still to be made."""

    def estate(self) -> Estate:
        before = self.history()
        live = self.live = self.all_of(before)
        after = self.edited(before)
        made = Estate(
            before=before,
            after=after,
            unmanaged=tuple(self.unmanaged(live)),
            protected=dict(self.protection(live)),
            tombstones=frozenset(self.tombstones),
            strict=self.maybe(0.2),
            max_deletes=self.random.choice((PLENTY, PLENTY, PLENTY, None, self.random.randint(0, 2))),
        )
        made = self.troubled(made, [name for name, thing in live.items() if is_agent(name, thing)])
        return replace(made, peers=tuple(self.peers(live)))

    def troubled(self, made: Estate, agents: Sequence[str]) -> Estate:
        """With something that is not about what goes, at most one thing at a time."""
        staying = frozenset(name for name in agents if name.partition("/")[2] in made.after.assistants)
        same = frozenset(name for name in staying if _is_same(made, name.partition("/")[2]))
        releases = [name for name in live_releases(made.after, made.tombstones) if f"release/{name}" in self.live]
        troubles: Sequence[tuple[int, Mapping[str, Any]]] = (
            (50, {}),
            (8, {"other_project": True}),
            (26, {"duplicates": same, "max_deletes": PLENTY}),
            (22, {"taken": same, "max_deletes": PLENTY}),
            (17, {"by_hand": staying, "on_drift": "refuse"}),
            (20, {"by_hand": staying, "on_drift": "keep"}),
            (10, {"by_hand": staying, "on_drift": "revert"}),
            (10, {"rewritten": frozenset(releases)}),
        )
        possible = [trouble for trouble in troubles if frozenset() not in trouble[1].values()]
        weights, marks = zip(*possible, strict=True)
        (chosen,) = self.random.choices(marks, weights)
        if chosen.get("on_drift") == "keep" and staying and self.maybe(0.8):
            made = replace(made, after=self.reworded(made.after, staying))
        if "by_hand" in chosen and self.maybe(0.8):
            made = replace(made, after=self.released(made.after))
        return replace(made, **chosen)

    # Before.

    def history(self) -> Manifests:
        manifests = self.first()
        for _ in range(self.random.randint(2, 7)):
            steps = (self.release, self.moved, self.rewritten, self.buried)
            (step,) = self.random.choices(steps, (9, 8, 3, 1))
            manifests = step(manifests)
        for name in manifests.bots:
            manifests = self.publication(manifests, name, 0.85)
        return manifests

    def first(self) -> Manifests:
        texts = {path: self.text() for path in PATHS}
        stores = {
            name: Store(self.sample(PATHS, 0, 2), self.maybe(0.3))
            for name in self.sample(("handbook", "tariffs"), 0, 2)
        }
        names = self.sample(("triage", "billing", "moving"), 1, 3)
        assistants = {name: self.assistant(tuple(stores)) for name in names}
        bare = Manifests(assistants=assistants, stores=stores, texts=texts)
        flows = {name: self.pipeline(bare) for name in self.sample(("flow", "checkin"), 0, 2)}
        with_flows = replace(bare, pipelines=flows)
        return replace(
            with_flows, bots={name: self.bot(with_flows) for name in self.sample(("support", "coach"), 1, 2)}
        )

    def assistant(self, stores: Sequence[str]) -> Assistant:
        searched = self.sample(stores, 0, 1)
        target: Literal["agents", "responses"] = "responses" if searched or self.maybe(0.3) else "agents"
        return Assistant(target, searched, model=OLD_MODEL if self.maybe(0.2) else NEW_MODEL)

    def pipeline(self, manifests: Manifests) -> Pipeline:
        names = (*manifests.assistants, *manifests.assistants, *self.copies(manifests, "assistant/"))
        searches = self.sample(tuple(manifests.stores), 0, 1) if self.maybe(0.3) else ()
        return Pipeline(self.sample(dict.fromkeys(names), 0, 2), searches)

    def bot(self, manifests: Manifests, former: Bot | None = None) -> Bot:
        starts = self.sample(tuple(manifests.pipelines), 1, 1) if manifests.pipelines and self.maybe(0.3) else ()
        return replace(former or Bot(""), answers=self.answer(manifests), starts=starts)

    def answer(self, manifests: Manifests) -> str:
        if manifests.pipelines and self.maybe(0.7):
            copies = self.copies(manifests, "pipeline/") if self.maybe(0.1) else ()
            return f"pipeline/{self.random.choice(copies or tuple(manifests.pipelines))}"
        copies = self.copies(manifests, "assistant/") if self.maybe(0.2) else ()
        return f"assistant/{self.random.choice(copies or tuple(manifests.assistants))}"

    def copies(self, manifests: Manifests, prefix: str) -> tuple[str, ...]:
        """Frozen copies that may be named."""
        there = self.all_of(manifests).keys()
        live = there & self.live.keys() if self.live else there
        return tuple(sorted(name.removeprefix(prefix) for name in live if name.startswith(prefix) and "@" in name))

    def all_of(self, manifests: Manifests) -> dict[str, Object]:
        return objects(manifests, live_releases(manifests, self.tombstones))

    def release(self, manifests: Manifests) -> Manifests:
        bot = self.random.choice(tuple(manifests.bots))
        self.numbers[bot] += 1
        name = f"{bot}@{self.numbers[bot]}"
        return replace(manifests, releases={**manifests.releases, name: Release(released(manifests, bot))})

    def buried(self, manifests: Manifests) -> Manifests:
        """Released, and archived long ago; its manifest does not say so."""
        made = self.release(manifests)
        self.tombstones |= made.releases.keys() - manifests.releases.keys()
        return made

    def moved(self, manifests: Manifests) -> Manifests:
        """Something points elsewhere."""
        if manifests.pipelines and self.maybe(0.5):
            name = self.random.choice(tuple(manifests.pipelines))
            return replace(manifests, pipelines={**manifests.pipelines, name: self.pipeline(manifests)})
        if not manifests.bots:
            return manifests
        name = self.random.choice(tuple(manifests.bots))
        return replace(manifests, bots={**manifests.bots, name: self.bot(manifests, manifests.bots[name])})

    def rewritten(self, manifests: Manifests) -> Manifests:
        return replace(manifests, texts={path: self.text() for path in PATHS})

    def publication(self, manifests: Manifests, bot: str, probability: float) -> Manifests:
        live = live_releases(manifests, self.tombstones)
        numbers = [number_of(name) for name in live if name.startswith(f"{bot}@")]
        number = self.random.choice(numbers) if numbers and self.maybe(probability) else None
        return replace(manifests, bots={**manifests.bots, bot: replace(manifests.bots[bot], published=number)})

    # The edit.

    def edited(self, before: Manifests) -> Manifests:
        deletes = self.random.choices((0, 1, 2, 3, 4), (1, 6, 4, 2, 1))[0]
        after = before
        for _ in range(deletes):
            after = self.random.choices(*zip(*self.deletions(), strict=True))[0](after)
        for _ in range(self.random.randint(0, 3)):
            steps = (self.moved_on, self.republished, self.retained, self.released, self.reworded)
            after = self.random.choice(steps)(after)
        return self.repaired(after) if self.maybe(0.5) else after

    def deletions(self) -> Iterator[tuple[Callable[[Manifests], Manifests], int]]:
        yield lambda after: self.without(after, "assistants"), 6
        yield lambda after: self.without(after, "bots"), 2
        yield lambda after: self.without(after, "pipelines"), 3
        yield lambda after: self.without(after, "stores"), 2
        yield lambda after: self.without(after, "releases"), 3
        yield self.without_bot_and_releases, 1
        yield self.archived, 1
        yield self.detached, 1

    def without(self, manifests: Manifests, what: str) -> Manifests:
        there: dict[str, Any] = dict(getattr(manifests, what))
        if there:
            del there[self.random.choice(tuple(there))]
        return replace(manifests, **{what: there})

    def without_bot_and_releases(self, manifests: Manifests) -> Manifests:
        bots = self.without(manifests, "bots").bots
        releases = {name: one for name, one in manifests.releases.items() if name.partition("@")[0] in bots}
        return replace(manifests, bots=bots, releases=releases)

    def archived(self, manifests: Manifests) -> Manifests:
        if not manifests.releases:
            return manifests
        name = self.random.choice(tuple(manifests.releases))
        marked = replace(manifests.releases[name], archived=True)
        return replace(manifests, releases={**manifests.releases, name: marked})

    def detached(self, manifests: Manifests) -> Manifests:
        held = [name for name, store in manifests.stores.items() if store.files]
        if not held:
            return manifests
        name = self.random.choice(held)
        store = manifests.stores[name]
        return replace(manifests, stores={**manifests.stores, name: replace(store, files=store.files[1:])})

    def moved_on(self, manifests: Manifests) -> Manifests:
        return self.moved(manifests) if manifests.assistants else manifests

    def republished(self, manifests: Manifests) -> Manifests:
        if not manifests.bots:
            return manifests
        return self.publication(manifests, self.random.choice(tuple(manifests.bots)), 0.8)

    def reworded(self, manifests: Manifests, addresses: Collection[str] = ()) -> Manifests:
        """One of these assistants, or any, says something else."""
        names = [address.partition("/")[2] for address in sorted(addresses)] or list(manifests.assistants)
        if not names:
            return manifests
        name = self.random.choice(names)
        reworded = replace(manifests.assistants[name], text="Help more.")
        return replace(manifests, assistants={**manifests.assistants, name: reworded})

    def retained(self, manifests: Manifests) -> Manifests:
        if not manifests.bots:
            return manifests
        name = self.random.choice(tuple(manifests.bots))
        bot = replace(manifests.bots[name], keep=self.random.randint(1, 2))
        return replace(manifests, bots={**manifests.bots, name: bot})

    def released(self, manifests: Manifests) -> Manifests:
        """A release of today, where all that the bot uses is there."""
        whole = [name for name in manifests.bots if _is_whole(manifests, name)]
        if not whole:
            return manifests
        only = replace(manifests, bots={name: manifests.bots[name] for name in whole})
        return replace(manifests, releases=self.release(only).releases)

    def repaired(self, manifests: Manifests) -> Manifests:
        """Nothing in the working tree points at what the edit takes away."""
        if not manifests.assistants:
            return replace(manifests, bots={}, pipelines={})
        there = self.all_of(manifests)
        for name, pipeline in manifests.pipelines.items():
            nodes = tuple(node for node in pipeline.nodes if f"assistant/{node}" in there)
            searches = tuple(store for store in pipeline.searches if store in manifests.stores)
            manifests = replace(manifests, pipelines={**manifests.pipelines, name: Pipeline(nodes, searches)})
        for name, bot in manifests.bots.items():
            fresh = bot if bot.answers in there else self.bot(manifests, bot)
            starts = tuple(one for one in fresh.starts if one in manifests.pipelines)
            manifests = replace(manifests, bots={**manifests.bots, name: replace(fresh, starts=starts)})
        for name, assistant in manifests.assistants.items():
            stores = tuple(one for one in assistant.stores if one in manifests.stores)
            manifests = replace(manifests, assistants={**manifests.assistants, name: replace(assistant, stores=stores)})
        return manifests

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

    def peers(self, live: Mapping[str, Object]) -> Iterator[PeerDocument]:
        """What they have is called like what we have, and their projects may be called like kinds."""
        known = [
            name for name, thing in live.items() if thing.target == "agents" or name.startswith(("vecto", "file/"))
        ]
        for identity in ("globex", "pipeline/live"):
            if known and self.maybe(0.15):
                address = self.random.choice(("assistant/triage", "pipeline/flow@support.1", "release/support@1"))
                yield PeerDocument(identity, address, self.sample(known, 1, 3))

    def protection(self, live: Mapping[str, Object]) -> Iterator[tuple[str, Literal["state", "label"]]]:
        """Of what manifests may say it; a request is a document, and has no label."""
        for name, thing in live.items():
            if name.startswith(("assistant/", "vectorstore/")) and "@" not in name and self.maybe(0.15):
                yield name, "state" if thing.target == "responses" else self.random.choice(("state", "label"))

    # Chances.

    def maybe(self, probability: float) -> bool:
        return self.random.random() < probability

    def some(self, items: Any, probability: float) -> list[Any]:
        return [item for item in items if self.maybe(probability)]

    def sample(self, items: Any, least: int, most: int) -> tuple[Any, ...]:
        pool = list(items)
        return tuple(self.random.sample(pool, min(len(pool), self.random.randint(least, most))))

    def text(self) -> str:
        return self.random.choice(("Open.", "Closed."))


def is_agent(address: str, thing: Object) -> bool:
    """Whether it is a working assistant that is live as a saved agent."""
    return thing.target == "agents" and "@" not in address


def _is_same(made: Estate, assistant: str) -> bool:
    return made.before.assistants[assistant] == made.after.assistants[assistant]


def _is_whole(manifests: Manifests, bot: str) -> bool:
    try:
        released(manifests, bot)
    except KeyError:
        return False
    return True
