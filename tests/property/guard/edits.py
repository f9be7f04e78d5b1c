"""Edits at random: removals, replacements and other changes of the manifests, some of which the guard must refuse."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from typing import Any

from tests.property.guard.history import DATA, PATHS, TARGETS, History
from tests.property.guard.manifests import released
from tests.property.guard.parts import HOLDING, LITERAL, Manifests


class Edits(History):
    def edited(self, before: Manifests) -> Manifests:
        deletes = self.random.choices((0, 1, 2, 3, 4), (1, 6, 4, 2, 1))[0]
        after = before
        for _ in range(deletes):
            after = self.random.choices(*zip(*self.deletions(), strict=True))[0](after)
        for _ in range(self.random.randint(0, 3)):
            steps = (self.moved_on, self.republished, self.retained, self.released, self.reworded)
            after = self.random.choice(steps)(after)
        if self.maybe(0.2):
            after = self.renamed(after)
        if self.maybe(0.5):
            after = self.with_new_contents(after)
        if self.maybe(0.25):
            after = self.retargeted(after)
        if self.maybe(0.25):
            after = self.with_literal_ids(after)
        return self.repaired(after) if self.maybe(0.6) else after

    def with_new_contents(self, manifests: Manifests) -> Manifests:
        """Return manifests with other bytes in some files."""
        edited = {path: self.random.choice(("Edited.", "Edited.", self.text())) for path in self.sample(PATHS, 1, 4)}
        return replace(manifests, texts={**manifests.texts, **edited})

    def retargeted(self, manifests: Manifests) -> Manifests:
        """Return manifests with an assistant that gets another target."""
        if not manifests.assistants:
            return manifests
        name = self.random.choice(tuple(manifests.assistants))
        assistant = manifests.assistants[name]
        other = replace(assistant, target=self.random.choice([one for one in TARGETS if one != assistant.target]))
        if other.target not in HOLDING:
            other = replace(other, stores=(), files=())
        elif not assistant.files:
            other = replace(other, files=self.sample(DATA, 0, 1))
        return replace(manifests, assistants={**manifests.assistants, name: other})

    def deletions(self) -> Iterator[tuple[Callable[[Manifests], Manifests], int]]:
        yield lambda after: self.without(after, "assistants"), 9
        yield lambda after: self.without(after, "bots"), 2
        yield lambda after: self.without(after, "pipelines"), 3
        yield lambda after: self.without(after, "stores"), 2
        yield lambda after: self.without(after, "releases"), 4
        yield self.without_bot_and_releases, 1
        yield self.archived, 2
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
        """Return manifests with other instructions of one of these assistants, or of any."""
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
        """Return manifests with a new release of a bot whose references all exist."""
        whole = [name for name in manifests.bots if _is_whole(manifests, name)]
        if not whole:
            return manifests
        only = replace(manifests, bots={name: manifests.bots[name] for name in whole})
        return replace(manifests, releases=self.release(only).releases)

    def repaired(self, manifests: Manifests) -> Manifests:
        """Return manifests in which nothing refers to what the edit removes; literal ids stay."""
        if not manifests.assistants:
            return replace(manifests, bots={}, pipelines={})
        there = self.all_of(manifests)
        for name, pipeline in manifests.pipelines.items():
            nodes = tuple(node for node in pipeline.nodes if node.startswith(LITERAL) or f"assistant/{node}" in there)
            searches = tuple(store for store in pipeline.searches if _names_a(store, manifests.stores))
            repaired = replace(pipeline, nodes=nodes, searches=searches)
            manifests = replace(manifests, pipelines={**manifests.pipelines, name: repaired})
        for name, bot in manifests.bots.items():
            fresh = bot if LITERAL in bot.answers or bot.answers in there else self.bot(manifests, bot)
            starts = tuple(one for one in fresh.starts if one in manifests.pipelines)
            manifests = replace(manifests, bots={**manifests.bots, name: replace(fresh, starts=starts)})
        for name, assistant in manifests.assistants.items():
            stores = tuple(one for one in assistant.stores if _names_a(one, manifests.stores))
            manifests = replace(manifests, assistants={**manifests.assistants, name: replace(assistant, stores=stores)})
        return manifests


def _names_a(store: str, stores: Collection[str]) -> bool:
    return store.startswith(LITERAL) or store in stores


def _is_whole(manifests: Manifests, bot: str) -> bool:
    try:
        released(manifests, bot)
    except KeyError:
        return False
    return True
