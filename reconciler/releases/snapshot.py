"""The content of a release: a chatbot and all it uses, as it is written, with the values of every environment."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from reconciler.manifests import Loaded
from reconciler.project.all_environments import AllEnvironments
from reconciler.resources.address import Address
from reconciler.resources.base import Desired, LocalFile, Resource, Scope
from reconciler.resources.kinds.chatbot import CHATBOT
from reconciler.resources.problems import Place, ReconcilerError
from reconciler.resources.releases.content import Content
from reconciler.resources.values import JSON
from reconciler.resources.variables import names_in

NOT_CONTENT: Final = CHATBOT.pointers | {"releases"}
"""Fields of a chatbot that say what becomes of releases."""
_ORDER: Final = ("", "release", "content")


@dataclass(frozen=True)
class Asked:
    """A file that the chatbot needs."""

    file: LocalFile
    place: Place
    """Of the manifest that asks for it."""


@dataclass(frozen=True)
class Snapshot:
    """What the working chatbot is made of."""

    chatbot: Resource
    objects: Mapping[str, Mapping[str, JSON]]
    """Specs by address: the chatbot, then assistants and pipelines, then vector stores."""
    files: Mapping[str, Asked]
    """By path."""
    variables: Mapping[str, Mapping[str, JSON]]
    """Of every environment, those that the objects use."""

    def content(self, blobs: Mapping[str, str]) -> Content:
        """With the ids of the Git blobs that keep the files, by path."""
        files = {path: _kept(asked.file, blobs.get(path)) for path, asked in sorted(self.files.items())}
        more: dict[str, JSON] = {"files": files} if files else {}
        more |= {"variables": self.variables} if self.variables else {}
        return Content.model_validate({"objects": self.objects, **more})


def snapshot(project: AllEnvironments, address: Address) -> Snapshot:
    """What the chatbot at `address` is made of, in all environments together.

    ReconcilerError where it refers to what no manifest defines: that cannot be kept.
    """
    chatbot = project.named(address)
    used = [closure(loaded, address) for loaded in project.loads]
    dangling = dict.fromkeys(
        one.problem
        for loaded, own in zip(project.loads, used, strict=True)
        for one in loaded.dangling
        if one.source in own
    )
    if dangling:
        raise ReconcilerError(*dangling)
    parts = {address: part for own in used for address, part in own.items()}
    objects = {str(part.address): _written(part) for part in sorted(parts.values(), key=_rank)}
    names = names_in(objects)
    variables = {
        environment: {name: spec.variables[name] for name in sorted(names)}
        for environment, spec in project.project.spec.environments.items()
        if names
    }
    return Snapshot(chatbot, objects, dict(_files(project, used)), variables)


def closure(loaded: Loaded, address: Address) -> dict[Address, Resource]:
    """What a release of the chatbot copies: not the copies of other releases, nor stores that are to stay live."""
    known = {resource.address: resource for resource in loaded.resources}
    found: dict[Address, Resource] = {}
    waiting = [address]
    while waiting:
        part = known.get(waiting.pop())
        if part is not None and part.address not in found and _is_copied(part, address):
            found[part.address] = part
            waiting.extend(reference.target for reference in part.kind.references(part))
    return found


def own_object(resource: Resource, scope: Scope) -> Desired:
    """The object of a manifest, without the files it needs."""
    return next(iter(resource.kind.desired(resource, scope)))


def _is_copied(part: Resource, chatbot: Address) -> bool:
    return part.address == chatbot or (bool(part.kind.frozen) and not part.kind.shared_live(part))


def _rank(part: Resource) -> tuple[int, Address]:
    return _ORDER.index(part.kind.frozen), part.address


def _written(part: Resource) -> Mapping[str, JSON]:
    if part.kind.frozen:
        return part.written()
    return {name: value for name, value in part.written().items() if name not in NOT_CONTENT}


def _files(project: AllEnvironments, used: list[dict[Address, Resource]]) -> Iterator[tuple[str, Asked]]:
    for loaded, own in zip(project.loads, used, strict=True):
        for part in own.values():
            for one in part.kind.desired(part, loaded.scope):
                for file in one.parts:
                    yield file.path, Asked(file, part.place)


def _kept(file: LocalFile, blob: str | None) -> dict[str, JSON]:
    known = {"sha256": file.sha256, "bytes": file.bytes}
    return {**known, "blob": blob} if blob else known
