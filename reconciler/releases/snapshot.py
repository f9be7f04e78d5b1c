"""The content of a release: a chatbot and all its objects as written, with the variables of every environment."""

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

NOT_CONTENT: Final = CHATBOT.pointers | {"releases", "automations"}
"""Fields of a chatbot that control its releases, or list what runs them, and are not part of them."""
_ORDER: Final = ("", "release", "content")


@dataclass(frozen=True)
class RequiredFile:
    """A file that the chatbot requires."""

    file: LocalFile
    place: Place
    """Place of the manifest that references it."""


@dataclass(frozen=True)
class Snapshot:
    """The working version of a chatbot."""

    chatbot: Resource
    objects: Mapping[str, Mapping[str, JSON]]
    """Specs by address: the chatbot, then assistants and pipelines, then vector stores."""
    files: Mapping[str, RequiredFile]
    """Required files by path."""
    variables: Mapping[str, Mapping[str, JSON]]
    """Variables that the objects use, by environment; by an empty name in a project without environments."""
    texts: Mapping[str, Mapping[str, str]]
    """Those of the variables whose source differs from their value, as written, by environment."""

    def content(self, blobs: Mapping[str, str]) -> Content:
        """Return the content with the ids of the Git blobs of files, by path."""
        files = {path: _kept(asked.file, blobs.get(path)) for path, asked in sorted(self.files.items())}
        more: dict[str, JSON] = {"files": files} if files else {}
        more |= {"variables": self.variables} if self.variables else {}
        more |= {"texts": self.texts} if self.texts else {}
        return Content.model_validate({"objects": self.objects, **more})


def snapshot(project: AllEnvironments, address: Address) -> Snapshot:
    """Return the objects of the chatbot at `address`, in all environments together.

    Raises ReconcilerError for a reference without a manifest, which a release cannot contain.
    """
    chatbot = project.named(address)
    used = [closure(loaded, address) for loaded in project.loads]
    dangling = dict.fromkeys(
        one.problem
        for loaded, own in zip(project.loads, used, strict=True)
        for one in loaded.dangling
        if one.source in own and one.reference.path[1] not in NOT_CONTENT
    )
    if dangling:
        raise ReconcilerError(*dangling)
    parts = {address: part for own in used for address, part in own.items()}
    objects = {
        str(part.address): _written(part)
        for part in sorted(parts.values(), key=lambda one: (_ORDER.index(one.kind.frozen), one.address))
    }
    names = names_in(objects)
    variables = {
        environment: {name: values[name] for name in sorted(names)}
        for environment in project.environments or ("",)
        if names and (values := project.project.spec.variables_in(environment))
    }
    written = {
        environment: {name: texts[name] for name in sorted(names & texts.keys())}
        for environment, texts in project.project.texts.items()
    }
    texts = {environment: those for environment, those in written.items() if those}
    return Snapshot(chatbot, objects, dict(_files(project, used)), variables, texts)


def closure(loaded: Loaded, address: Address) -> dict[Address, Resource]:
    """Return the objects that a release copies, without copies of other releases and vector stores shared live."""
    known = {resource.address: resource for resource in loaded.resources}
    found: dict[Address, Resource] = {}
    waiting = [address]
    while waiting:
        part = known.get(waiting.pop())
        if part is not None and part.address not in found and _is_copied(part, address):
            found[part.address] = part
            waiting.extend(reference.target for reference in part.references)
    return found


def own_object(resource: Resource, scope: Scope) -> Desired:
    """Return the object of a manifest, without its files."""
    return next(iter(resource.kind.desired(resource, scope)))


def _is_copied(part: Resource, chatbot: Address) -> bool:
    return part.address == chatbot or (bool(part.kind.frozen) and not part.kind.shared_live(part))


def _written(part: Resource) -> Mapping[str, JSON]:
    if part.kind.frozen:
        return part.written()
    return {name: value for name, value in part.written().items() if name not in NOT_CONTENT}


def _files(project: AllEnvironments, used: list[dict[Address, Resource]]) -> Iterator[tuple[str, RequiredFile]]:
    for loaded, own in zip(project.loads, used, strict=True):
        for part in own.values():
            for one in loaded.desired_of(part):
                for file in one.parts:
                    yield file.path, RequiredFile(file, part.place)


def _kept(file: LocalFile, blob: str | None) -> dict[str, JSON]:
    known = {"sha256": file.sha256, "bytes": file.bytes}
    return {**known, "blob": blob} if blob else known
