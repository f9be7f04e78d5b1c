"""Histories at random: the manifests of a small project after some edits and releases, all of them applied."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import Any

from tests.property.guard.manifests import (
    Object,
    left_objects,
    live_releases,
    number_of,
    objects,
    released,
    upload,
    working,
)
from tests.property.guard.parts import (
    HOLDING,
    LITERAL,
    NEW_MODEL,
    OLD_MODEL,
    SAVED,
    Assistant,
    Bot,
    Manifests,
    Pipeline,
    Release,
    Store,
    Target,
)

DOCUMENTS = ("kb/hours.md", "kb/rates.md", "old/hours.md", "faq.md")
"""Two have one base name: with equal bytes they are one upload."""
DATA = ("data/t.csv", "data/u.csv")
PATHS = (*DOCUMENTS, *DATA)
TARGETS: Sequence[Target] = ("agents", "assistants", "responses")
KINDS = {"assistants": "assistant", "pipelines": "pipeline", "stores": "vectorstore"}
"""The parts of manifests that this history renames, with the kinds of their addresses."""


class Chances:
    def __init__(self, random: Random) -> None:
        self.random = random

    def maybe(self, probability: float) -> bool:
        return self.random.random() < probability

    def sample(self, items: Any, least: int, most: int) -> tuple[Any, ...]:
        pool = list(items)
        return tuple(self.random.sample(pool, min(len(pool), self.random.randint(least, most))))

    def text(self) -> str:
        return self.random.choice(("Open.", "Closed."))


class History(Chances):
    def __init__(self, random: Random) -> None:
        super().__init__(random)
        self.numbers: Counter[str] = Counter()
        """The last release of each chatbot: numbers are never used again."""
        self.tombstones: set[str] = set()
        self.live: Mapping[str, Object] = {}
        """What is live after the history: an edit refers to no copy that is still to be made."""
        self.past: dict[str, str] = {}
        """Renames that the manifests do not declare any longer: the new address by the former one."""
        self.left: dict[str, str] = {}
        """Uploads that an earlier plan left live: content by key."""

    def history(self) -> Manifests:
        manifests = self.first()
        for _ in range(self.random.randint(2, 7)):
            steps = (self.release, self.moved, self.rewritten, self.buried)
            (step,) = self.random.choices(steps, (9, 8, 3, 1))
            manifests = step(manifests)
        for _ in range(self.random.choices((0, 1, 2), (6, 3, 1))[0]):
            manifests = self.renamed(manifests, "new", declares=False)
            manifests = self.release(manifests) if self.maybe(0.3) else manifests
        if self.maybe(0.3):
            files = ((path, self.random.choice(("Left.", "Edited."))) for path in self.sample(DOCUMENTS, 1, 2))
            self.left = {upload(f"file/{path}", text): text for path, text in files}
        if self.maybe(0.5):
            manifests = self.with_literal_ids(manifests)
            manifests = self.release(manifests) if self.maybe(0.4) else manifests
        for name in manifests.bots:
            manifests = self.publication(manifests, name, 0.85)
        return manifests

    def renamed(self, manifests: Manifests, suffix: str = "two", *, declares: bool = True) -> Manifests:
        """Return manifests with an assistant, a pipeline or a store under another name, and references to that name."""
        parts = [part for part in KINDS if getattr(manifests, part)]
        if not parts:
            return manifests
        part = self.random.choice(parts)
        items: dict[str, Any] = getattr(manifests, part)
        former = self.random.choice(tuple(items))
        new = f"{former}-{suffix}"
        by_name = {new if name == former else name: one for name, one in items.items()}
        if declares:
            by_name[new] = replace(by_name[new], moved_from=former)
        else:
            was, now = f"{KINDS[part]}/{former}", f"{KINDS[part]}/{new}"
            self.past = {one: now if name == was else name for one, name in self.past.items()} | {was: now}
        return _pointing(replace(manifests, **{part: by_name}), f"{KINDS[part]}/{former}", f"{KINDS[part]}/{new}")

    def first(self) -> Manifests:
        texts = {path: self.text() for path in PATHS}
        stores = {
            name: Store(self.sample(DOCUMENTS, 0, 2), self.maybe(0.3))
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
        weights = (0, 2, 3) if searched else (6, 2, 3)
        (target,) = self.random.choices(TARGETS, weights)
        files = self.sample(DATA, 0, 2) if target in HOLDING else ()
        return Assistant(target, searched, model=OLD_MODEL if self.maybe(0.06) else NEW_MODEL, files=files)

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
            flow = replace(self.pipeline(manifests), moved_from=manifests.pipelines[name].moved_from)
            return replace(manifests, pipelines={**manifests.pipelines, name: flow})
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

    # Literal ids.

    def with_literal_ids(self, manifests: Manifests) -> Manifests:
        """Return manifests in which some references name live ids of managed objects."""
        live = self.live or self.all_of(manifests) | left_objects(self.left)
        for _ in range(self.random.randint(1, 3)):
            steps = (self.naming_an_upload, self.naming_a_store, self.naming_an_assistant)
            manifests = self.random.choice(steps)(manifests, live)
        return manifests

    def naming_an_upload(self, manifests: Manifests, live: Mapping[str, Object]) -> Manifests:
        """Return manifests with a store or an assistant that names an upload by id and does not have it by path."""
        holders = [f"vectorstore/{name}" for name in manifests.stores]
        holders += [f"assistant/{name}" for name, one in manifests.assistants.items() if one.target in HOLDING]
        if not holders:
            return manifests
        holder = self.random.choice(holders)
        kind, _, name = holder.partition("/")
        now = working(manifests)
        held = {key for there in (live, now) if holder in there for key in there[holder].contents}
        prefix = "file/data/" if kind == "assistant" else "file/"
        uploads = {upload(one, thing.text) for one, thing in live.items() if one.startswith(prefix)} - held
        if kind == "vectorstore":
            uploads = {key for key in uploads if not key.startswith(("t.", "u."))}
        if not uploads:
            return manifests
        left = sorted(uploads & self.left.keys())
        named = LITERAL + self.random.choice(left if left and self.maybe(0.6) else sorted(uploads))
        part = manifests.stores if kind == "vectorstore" else manifests.assistants
        one: Any = part[name]
        with_id = replace(one, files=(*(path for path in one.files if path != named), named))
        return replace(manifests, **{"stores" if kind == "vectorstore" else "assistants": {**part, name: with_id}})

    def naming_a_store(self, manifests: Manifests, live: Mapping[str, Object]) -> Manifests:
        stores = [name.partition("/")[2] for name in live if name.startswith("vectorstore/") and "@" not in name]
        searching = [name for name, one in manifests.assistants.items() if one.target in HOLDING]
        if not stores or not (searching or manifests.pipelines):
            return manifests
        named = (LITERAL + self.random.choice(stores),)
        if searching and self.maybe(0.6):
            name = self.random.choice(searching)
            assistant = replace(manifests.assistants[name], stores=named)
            return replace(manifests, assistants={**manifests.assistants, name: assistant})
        if not manifests.pipelines:
            return manifests
        name = self.random.choice(tuple(manifests.pipelines))
        pipeline = replace(manifests.pipelines[name], searches=named)
        return replace(manifests, pipelines={**manifests.pipelines, name: pipeline})

    def naming_an_assistant(self, manifests: Manifests, live: Mapping[str, Object]) -> Manifests:
        saved = [name.partition("/")[2] for name in live if is_saved(name, live)]
        if not saved:
            return manifests
        named = LITERAL + self.random.choice(saved)
        if manifests.pipelines and self.maybe(0.7):
            name = self.random.choice(tuple(manifests.pipelines))
            pipeline = manifests.pipelines[name]
            nodes = (*(node for node in pipeline.nodes if f"{LITERAL}{node}" != named), named)
            return replace(manifests, pipelines={**manifests.pipelines, name: replace(pipeline, nodes=nodes)})
        if not manifests.bots:
            return manifests
        name = self.random.choice(tuple(manifests.bots))
        bot = replace(manifests.bots[name], answers=f"assistant/{named}")
        return replace(manifests, bots={**manifests.bots, name: bot})


def is_saved(address: str, live: Mapping[str, Object]) -> bool:
    """Return True for a working assistant that is a live object."""
    return address in live and live[address].target in SAVED and "@" not in address


def _pointing(manifests: Manifests, former: str, new: str) -> Manifests:
    """Return manifests with the new name in references."""

    def named(kind: str, names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(new.partition("/")[2] if f"{kind}/{name}" == former else name for name in names)

    bots = {
        name: replace(one, answers=new if one.answers == former else one.answers, starts=named("pipeline", one.starts))
        for name, one in manifests.bots.items()
    }
    pipelines = {
        name: replace(one, nodes=named("assistant", one.nodes), searches=named("vectorstore", one.searches))
        for name, one in manifests.pipelines.items()
    }
    assistants = {
        name: replace(one, stores=named("vectorstore", one.stores)) for name, one in manifests.assistants.items()
    }
    return replace(manifests, bots=bots, pipelines=pipelines, assistants=assistants)
