"""Small estates, in plain values: what manifests asked for before an edit, what they ask for after it, and who else is
there. Everything of before is applied and live.

Nothing of planning is used here: `oracle` judges an estate, `translation` makes a world of it.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Literal

NEW_MODEL = "gpt-6-luna"
OLD_MODEL = "gpt-5-nova"
"""Its last day is past."""


@dataclass(frozen=True)
class Bot:
    answers: str
    """The address of a pipeline or an assistant, or of a frozen copy of one."""
    starts: tuple[str, ...] = ()
    """Pipelines that its triggers start."""
    published: int | None = None
    keep: int | None = None


@dataclass(frozen=True)
class Pipeline:
    nodes: tuple[str, ...] = ()
    """The assistants that its nodes use, by name or as a frozen copy (`triage@support.1`)."""
    searches: tuple[str, ...] = ()
    """Stores that its nodes search."""


@dataclass(frozen=True)
class Assistant:
    target: Literal["agents", "responses"] = "agents"
    stores: tuple[str, ...] = ()
    text: str = "Help."
    model: str = NEW_MODEL


@dataclass(frozen=True)
class Store:
    files: tuple[str, ...] = ()
    releases_live: bool = False
    """Whether releases go on using it, instead of a copy."""


@dataclass(frozen=True)
class Manifests:
    """The working tree."""

    bots: Mapping[str, Bot] = field(default_factory=dict)
    pipelines: Mapping[str, Pipeline] = field(default_factory=dict)
    assistants: Mapping[str, Assistant] = field(default_factory=dict)
    stores: Mapping[str, Store] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    """What files contain, by path."""
    releases: "Mapping[str, Release]" = field(default_factory=dict)
    """By chatbot and number: `support@3`."""


@dataclass(frozen=True)
class Release:
    content: Manifests
    """The chatbot as it was then, and all that it used."""
    archived: bool = False
    """Whether its manifest says so."""


@dataclass(frozen=True)
class Stranger:
    """A live object that is not ours."""

    type: str
    name: str
    refers_to: tuple[str, ...]
    """Addresses of ours, whose live ids it has."""
    owner: str | None = None
    """The identity that it is labelled with, if any."""

    @property
    def id(self) -> str:
        return f"{self.type}_{self.name}"


@dataclass(frozen=True)
class PeerDocument:
    """What another identity has in its outlets, as its state tells."""

    identity: str
    address: str
    refers_to: tuple[str, ...]
    """Addresses of ours, whose live ids it has."""

    @property
    def name(self) -> str:
        return f"{self.identity}: {self.address}"


@dataclass(frozen=True)
class Estate:
    before: Manifests
    after: Manifests
    unmanaged: tuple[Stranger, ...] = ()
    peers: tuple[PeerDocument, ...] = ()
    protected: Mapping[str, Literal["state", "label"]] = field(default_factory=dict)
    """What is protected as applied, and where that is known; manifests that are still there say so too."""
    tombstones: frozenset[str] = frozenset()
    """Releases that were archived once; the manifests of some are there again, or still."""
    strict: bool = False
    max_deletes: int | None = None
    by_hand: frozenset[str] = frozenset()
    """Agents whose instructions somebody has changed at OpenAI."""
    on_drift: Literal["revert", "keep", "refuse"] = "revert"
    duplicates: frozenset[str] = frozenset()
    """Agents that are there twice, and state knows neither."""
    taken: frozenset[str] = frozenset()
    """Agents that somebody else has labelled."""
    rewritten: frozenset[str] = frozenset()
    """Releases whose manifests are not what was released."""
    other_project: bool = False
    """Whether the key is one of another OpenAI project."""


@dataclass(frozen=True)
class Object:
    """One thing that is to be live, and what it refers to: `(how, address)`."""

    refs: tuple[tuple[str, str], ...] = ()
    target: str = ""
    model: str = ""
    text: str = ""
    """What a file contains, or the instructions of an assistant."""
    holds: Mapping[str, str] = field(default_factory=dict)
    """What the files of a store contain, by their addresses."""
    keep: int | None = None
    release: str = ""
    """The release whose chatbot it is."""

    @property
    def refers_to(self) -> frozenset[str]:
        return frozenset((*self.holds, *(address for _, address in self.refs)))


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def working(manifests: Manifests) -> dict[str, Object]:
    """What manifests ask for, by address, releases left out. Files are there as long as a store names them."""
    found: dict[str, Object] = {}
    for name, bot in manifests.bots.items():
        found[f"chatbot/{name}"] = Object((*_answering(bot, str), *_published(name, bot)), keep=bot.keep)
    for name, pipeline in manifests.pipelines.items():
        found[f"pipeline/{name}"] = Object(tuple(_nodes(pipeline, str)))
    for name, assistant in manifests.assistants.items():
        refs = tuple(("search", f"vectorstore/{store}") for store in assistant.stores)
        found[f"assistant/{name}"] = Object(refs, assistant.target, assistant.model, assistant.text)
    for name, store in manifests.stores.items():
        held = {f"file/{path}": manifests.texts[path] for path in store.files}
        found[f"vectorstore/{name}"] = Object(holds=held)
        found.update((address, Object(text=text)) for address, text in held.items())
    return found


def frozen(name: str, release: Release) -> dict[str, Object]:
    """What a release asks for: itself, and a copy of everything that is not a copy already, or used as it is live."""
    content, (bot,) = release.content, release.content.bots.values()
    suffix = name.replace("@", ".")

    def called(address: str) -> str:
        kind, _, own = address.partition("/")
        if "@" in address or (kind == "vectorstore" and content.stores[own].releases_live):
            return address
        return f"{address}@{_content_of(content, own)}" if kind == "vectorstore" else f"{address}@{suffix}"

    found = {f"release/{name}": Object(tuple(_answering(bot, called)), release=name)}
    for own, pipeline in content.pipelines.items():
        found[called(f"pipeline/{own}")] = Object(tuple(_nodes(pipeline, called)))
    for own, assistant in content.assistants.items():
        refs = tuple(("search", called(f"vectorstore/{store}")) for store in assistant.stores)
        found[called(f"assistant/{own}")] = Object(refs, assistant.target, assistant.model, assistant.text)
    for own, store in content.stores.items():
        if not store.releases_live:
            held = {f"file/{path}@{sha(content.texts[path])[:12]}": content.texts[path] for path in store.files}
            found[called(f"vectorstore/{own}")] = Object(holds=held)
            found.update((address, Object(text=text)) for address, text in held.items())
    return found


def objects(manifests: Manifests, releases: Iterable[str]) -> dict[str, Object]:
    """Everything that these manifests ask for if these are the releases that are live."""
    found = working(manifests)
    for name in releases:
        found.update(frozen(name, manifests.releases[name]))
    return found


def live_releases(manifests: Manifests, tombstones: Iterable[str] = ()) -> list[str]:
    """The releases that were live when all of this was applied."""
    return [name for name, release in manifests.releases.items() if not release.archived and name not in tombstones]


def upload(address: str, thing: Object) -> str:
    """The one upload that all paths with this base name and these bytes share."""
    path = address.removeprefix("file/").partition("@")[0]
    return f"{PurePosixPath(path).name} {sha(thing.text)[:12]}"


def number_of(release: str) -> int:
    return int(release.partition("@")[2])


def released(manifests: Manifests, bot: str) -> Manifests:
    """What a release of the bot keeps: the bot, and everything that it uses and that is no copy."""
    used = [manifests.bots[bot].answers, *(f"pipeline/{name}" for name in manifests.bots[bot].starts)]
    pipelines = {own: manifests.pipelines[own] for own in _own("pipeline", used)}
    nodes = [f"assistant/{name}" for pipeline in pipelines.values() for name in pipeline.nodes]
    assistants = {own: manifests.assistants[own] for own in _own("assistant", [*used, *nodes])}
    names = {name for pipeline in pipelines.values() for name in pipeline.searches}
    names.update(name for assistant in assistants.values() for name in assistant.stores)
    stores = {name: manifests.stores[name] for name in sorted(names)}
    texts = {path: manifests.texts[path] for store in stores.values() for path in store.files}
    return Manifests({bot: manifests.bots[bot]}, pipelines, assistants, stores, texts)


def _own(kind: str, addresses: Iterable[str]) -> list[str]:
    """Names of working objects of a kind, each once."""
    found = (address.removeprefix(f"{kind}/") for address in addresses if address.startswith(f"{kind}/"))
    return list(dict.fromkeys(name for name in found if "@" not in name))


def _answering(bot: Bot, called: Callable[[str], str]) -> Iterator[tuple[str, str]]:
    yield bot.answers.partition("/")[0], called(bot.answers)
    yield from (("starts", called(f"pipeline/{name}")) for name in bot.starts)


def _published(name: str, bot: Bot) -> Iterator[tuple[str, str]]:
    if bot.published is not None:
        yield "published", f"release/{name}@{bot.published}"


def _nodes(pipeline: Pipeline, called: Callable[[str], str]) -> Iterator[tuple[str, str]]:
    yield from (("node", called(f"assistant/{name}")) for name in pipeline.nodes)
    yield from (("search", called(f"vectorstore/{name}")) for name in pipeline.searches)


def _content_of(content: Manifests, store: str) -> str:
    files = [(path, content.texts[path]) for path in content.stores[store].files]
    return sha(repr((store, sorted(files))))[:12]
