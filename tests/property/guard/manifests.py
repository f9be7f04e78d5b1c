"""Manifests of small projects as plain values, and the objects that they ask for.

Nothing of `planning` is used here: `oracle` judges an estate, `translation` makes the inputs of a plan from it.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Final, TypeAlias

from tests.property.guard.parts import LITERAL, Assistant, Automation, Bot, Manifests, Pipeline, Release, is_chatbot

KINDS: Final[Mapping[str, str]] = {
    "pipelines": "pipeline",
    "assistants": "assistant",
    "stores": "vectorstore",
    "skills": "skill",
    "vaults": "vault",
    "credentials": "credential",
    "templates": "template",
    "automations": "automation",
}
"""The parts of manifests that can be renamed, with the kinds of their addresses."""


@dataclass(frozen=True)
class Object:
    """One object that is to be live, with its references."""

    refs: tuple[tuple[str, str], ...] = ()
    """References by name: the role and the address."""
    literal: tuple[tuple[str, str], ...] = ()
    """References by live id: the role and the address of the object that has the id."""
    holds: Mapping[str, str] = field(default_factory=dict)
    """The contents of its files, by their addresses."""
    uploads: tuple[str, ...] = ()
    """The keys of uploads that it names by live id."""
    target: str = ""
    model: str = ""
    text: str = ""
    """The content of a file or a skill, the instructions of an assistant, or the server of a credential."""
    keep: int | None = None
    release: str = ""
    """The release whose chatbot it is."""

    @property
    def by_name(self) -> frozenset[str]:
        return frozenset((*self.holds, *(address for _, address in self.refs)))

    @property
    def by_id(self) -> frozenset[str]:
        """The addresses and the upload keys that it names by live id."""
        return frozenset((*self.uploads, *(address for _, address in self.literal)))

    @property
    def contents(self) -> frozenset[str]:
        """The keys of all uploads that it has, by path or by id."""
        return frozenset((*self.uploads, *(upload(address, text) for address, text in self.holds.items())))

    @property
    def refers_to(self) -> frozenset[str]:
        return self.by_name | {address for _, address in self.literal}


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def upload_name(path: str, text: str) -> str:
    """Return the name of the upload of a file: documents of stores keep theirs, data files have their digest in it."""
    name = PurePosixPath(path)
    return f"{name.stem}.{sha(text)[:12]}{name.suffix}" if path.startswith("data/") else name.name


def upload(address: str, text: str) -> str:
    """Return the key of the one upload that all paths with this base name and these bytes share."""
    path = address.removeprefix("file/").partition("@")[0]
    return f"{upload_name(path, text)} {sha(text)[:12]}"


def working(manifests: Manifests) -> dict[str, Object]:
    """Return the objects of the manifests without releases, by address; a file exists while another object names it."""
    found: dict[str, Object] = {}
    for name, bot in manifests.bots.items():
        refs = (*_answering(bot), *_published(name, bot))
        found[f"chatbot/{name}"] = _object(refs, str, keep=bot.keep)
    for name, pipeline in manifests.pipelines.items():
        found[f"pipeline/{name}"] = _object(_nodes(pipeline), str)
    for name, assistant in manifests.assistants.items():
        found[f"assistant/{name}"] = _assistant(manifests, assistant, str, "file/{path}")
    for name, store in manifests.stores.items():
        found[f"vectorstore/{name}"] = _object((), str, files=_files(manifests, store.files, "file/{path}"))
    found |= _around_agents(manifests)
    return found | _files_of(found.values())


def _around_agents(manifests: Manifests) -> dict[str, Object]:
    """Return what agents run with, and what starts them."""
    found = {f"skill/{name}": Object(text=skill.text) for name, skill in manifests.skills.items()}
    found |= {f"vault/{name}": Object() for name in manifests.vaults}
    for name, credential in manifests.credentials.items():
        made = _object([("vault", f"vault/{credential.vault}")], str)
        found[f"credential/{name}"] = replace(made, text=credential.server)
    for name, template in manifests.templates.items():
        refs = [("skill", f"skill/{skill}") for skill in template.skills]
        found[f"template/{name}"] = _object(refs, str, files=_files(manifests, template.files, "file/{path}"))
    for name, automation in manifests.automations.items():
        files = _files(manifests, automation.files, "file/{path}")
        found[f"automation/{name}"] = _object(_target(automation), str, files=files)
    return found


def _target(automation: Automation) -> Iterator[tuple[str, str]]:
    if automation.agent:
        yield "agent", automation.agent if is_chatbot(automation.agent) else f"assistant/{automation.agent}"
    if automation.template:
        yield "template", f"template/{automation.template}"
    yield from (("skill", f"skill/{name}") for name in automation.skills)
    yield from (("vault", f"vault/{name}") for name in automation.vaults)
    if not automation.agent:
        yield from (("credential", f"credential/{name}") for name in automation.credentials)


def frozen(name: str, release: Release) -> dict[str, Object]:
    """Return the objects of a release: itself, and a copy of everything that it does not use as it is."""
    content, (bot,) = release.content, release.content.bots.values()
    suffix, path = name.replace("@", "."), "file/{path}@{sha}"

    def called(address: str) -> str:
        kind, _, own = address.partition("/")
        shared = kind == "credential" or (kind == "vectorstore" and content.stores[own].releases_live)
        if "@" in address or shared:
            return address
        if kind == "skill":
            return f"{address}@{sha(content.skills[own].text)[:12]}"
        return f"{address}@{_content_of(content, own)}" if kind == "vectorstore" else f"{address}@{suffix}"

    found = {f"release/{name}": _object(_answering(bot), called, release=name)}
    for own, pipeline in content.pipelines.items():
        found[called(f"pipeline/{own}")] = _object(_nodes(pipeline), called)
    for own, assistant in content.assistants.items():
        found[called(f"assistant/{own}")] = _assistant(content, assistant, called, path)
    for own, store in content.stores.items():
        if not store.releases_live:
            found[called(f"vectorstore/{own}")] = _object((), called, files=_files(content, store.files, path))
    found |= {called(f"skill/{own}"): Object(text=skill.text) for own, skill in content.skills.items()}
    return found | _files_of(found.values())


def objects(manifests: Manifests, releases: Iterable[str]) -> dict[str, Object]:
    """Return the objects that the manifests ask for if these are the releases that are live."""
    found = working(manifests)
    for name in releases:
        found.update(frozen(name, manifests.releases[name]))
    return found


def left_objects(left: Mapping[str, str]) -> dict[str, Object]:
    """Return the uploads that an earlier plan left, by their addresses in the state: content by key."""
    return {f"file/{key.partition(' ')[0]}@{upload_id(key)}": Object(text=text) for key, text in left.items()}


def upload_id(key: str) -> str:
    """Return the live id of the upload with this key."""
    return "file-" + re.sub(r"\W", "", key)


def live_releases(manifests: Manifests, tombstones: Iterable[str] = ()) -> list[str]:
    """Return the releases that were live when all of this was applied."""
    return [name for name, release in manifests.releases.items() if not release.archived and name not in tombstones]


def moves(manifests: Manifests) -> dict[str, str]:
    """Return the present address of each renamed object, by its former one."""
    return {
        f"{kind}/{one.moved_from}": f"{kind}/{name}"
        for part, kind in KINDS.items()
        for items in [getattr(manifests, part)]
        for name, one in items.items()
        if one.moved_from and one.moved_from not in items
    }


def number_of(release: str) -> int:
    return int(release.partition("@")[2])


def released(manifests: Manifests, bot: str) -> Manifests:
    """Return what a release of the bot keeps: the bot, and everything that it uses by name and that is not a copy."""
    used = [manifests.bots[bot].answers, *(f"pipeline/{name}" for name in manifests.bots[bot].starts)]
    pipelines = {own: manifests.pipelines[own] for own in _own("pipeline", used)}
    nodes = [f"assistant/{name}" for pipeline in pipelines.values() for name in pipeline.nodes]
    assistants = {own: manifests.assistants[own] for own in _own("assistant", [*used, *nodes])}
    named = [name for pipeline in pipelines.values() for name in pipeline.searches]
    named += [name for assistant in assistants.values() for name in assistant.stores]
    stores = {name: manifests.stores[name] for name in sorted(set(named)) if not name.startswith(LITERAL)}
    files = [path for store in stores.values() for path in store.files]
    files += [path for assistant in assistants.values() for path in assistant.files]
    texts = {path: manifests.texts[path] for path in files if not path.startswith(LITERAL)}
    opened = dict.fromkeys(name for assistant in assistants.values() for name in assistant.skills)
    skills = {name: manifests.skills[name] for name in opened if not name.startswith(LITERAL)}
    return Manifests({bot: manifests.bots[bot]}, pipelines, assistants, stores, texts, skills=skills)


def _own(kind: str, addresses: Iterable[str]) -> list[str]:
    """Return the names of working objects of a kind, each once."""
    found = (address.removeprefix(f"{kind}/") for address in addresses if address.startswith(f"{kind}/"))
    return list(dict.fromkeys(name for name in found if "@" not in name and not name.startswith(LITERAL)))


Refs: TypeAlias = Iterable[tuple[str, str]]


def _object(
    refs: Refs,
    called: Callable[[str], str],
    *,
    files: tuple[Mapping[str, str], tuple[str, ...]] = ({}, ()),
    keep: int | None = None,
    release: str = "",
) -> Object:
    """Return an object, with literal ids apart from names."""
    pairs = [(how, address) for how, address in refs]
    return Object(
        refs=tuple((how, called(address)) for how, address in pairs if LITERAL not in address),
        literal=tuple((how, address.replace(LITERAL, "")) for how, address in pairs if LITERAL in address),
        holds=files[0],
        uploads=files[1],
        keep=keep,
        release=release,
    )


def _assistant(manifests: Manifests, assistant: Assistant, called: Callable[[str], str], path: str) -> Object:
    refs = [("search", f"vectorstore/{store}") for store in assistant.stores]
    refs += [("credential", f"credential/{name}") for name in assistant.credentials]
    refs += [("skill", f"skill/{name}") for name in assistant.skills]
    found = _object(refs, called, files=_files(manifests, assistant.files, path))
    return replace(found, target=assistant.target, model=assistant.model, text=assistant.text)


def _files(manifests: Manifests, files: Iterable[str], address: str) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the contents of files by their addresses, and the uploads that are named by id."""
    named = list(files)
    texts = {path: manifests.texts[path] for path in named if not path.startswith(LITERAL)}
    by_address = {address.format(path=path, sha=sha(text)[:12]): text for path, text in texts.items()}
    return by_address, tuple(path.removeprefix(LITERAL) for path in named if path.startswith(LITERAL))


def _files_of(holders: Iterable[Object]) -> dict[str, Object]:
    return {address: Object(text=text) for holder in holders for address, text in holder.holds.items()}


def _answering(bot: Bot) -> Iterator[tuple[str, str]]:
    yield bot.answers.removeprefix(LITERAL).partition("/")[0], bot.answers
    yield from (("starts", f"pipeline/{name}") for name in bot.starts)


def _published(name: str, bot: Bot) -> Iterator[tuple[str, str]]:
    if bot.published is not None:
        yield "published", f"release/{name}@{bot.published}"


def _nodes(pipeline: Pipeline) -> Iterator[tuple[str, str]]:
    yield from (("node", f"assistant/{name}") for name in pipeline.nodes)
    yield from (("search", f"vectorstore/{name}") for name in pipeline.searches)


def _content_of(content: Manifests, store: str) -> str:
    files = [(path, content.texts.get(path, "")) for path in content.stores[store].files]
    return sha(repr((store, sorted(files))))[:12]
