"""Content of a release, before variables are replaced, and the desired objects that are its frozen copies."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from graphlib import TopologicalSorter
from pathlib import PurePosixPath
from typing import Annotated, Any, Final

from pydantic import AfterValidator, Field, StrictBool, StrictFloat, StrictInt, StrictStr, model_validator
from pydantic_core import PydanticCustomError

from reconciler.resources.address import Address, composed, is_name, release_number
from reconciler.resources.base import Desired, LocalFile, Resource, Scope, Spec
from reconciler.resources.kind import Kind, written_for
from reconciler.resources.kinds.file import file_address
from reconciler.resources.patterns import matches
from reconciler.resources.problems import Finding
from reconciler.resources.registry import kinds, resource_types, upload_types
from reconciler.resources.values import ADDRESS_KEY, JSON, Fields, digest, has_reserved_key, reference
from reconciler.resources.variables import names_in, substituted

SHA256: Final = r"[0-9a-f]{64}"
Value = StrictBool | StrictInt | StrictFloat | StrictStr


class KeptFile(Spec):
    """A file of the project folder as it was when the release was made."""

    sha256: Annotated[str, Field(pattern=f"^{SHA256}$")]
    """SHA-256 of the content, as 64 hexadecimal digits."""
    bytes: int = Field(ge=0)
    """Size of the content, in bytes."""
    blob: Annotated[str, Field(pattern="^([0-9a-f]{40}|[0-9a-f]{64})?$")] = ""
    """Id of the Git blob that has the content. Empty if only `releases/files/` has it. Default: empty."""


def _of_release(text: str) -> str:
    """Return the address of a part of a release."""
    kind, _, name = text.partition("/")
    known = sorted(one.prefix for one in kinds().values())
    if kind not in known or not is_name(name):
        raise PydanticCustomError(
            "release_part",
            "{address} is not the address of a part of a release: write KIND/NAME with one of the kinds {kinds}",
            {"address": repr(text), "kinds": ", ".join(known)},
        )
    return text


def _without_references(spec: dict[str, Any]) -> dict[str, Any]:
    """Return a spec; a manifest refers to objects by name."""
    if has_reserved_key(spec):
        raise PydanticCustomError("reserved_key", "the key `{key}` is reserved", {"key": ADDRESS_KEY})
    return spec


class Content(Spec):
    """The complete content of a release."""

    objects: dict[
        Annotated[str, AfterValidator(_of_release)], Annotated[dict[str, Any], AfterValidator(_without_references)]
    ]
    """Specs by address: the chatbot, and the pipelines, assistants and vector stores that it uses, before variables are
    replaced."""
    files: dict[str, KeptFile] = Field(default_factory=dict)
    """Files that the objects use, by path in the project folder. Default: none."""
    variables: dict[str, dict[str, Value]] = Field(default_factory=dict)
    """Values of the variables that the objects use, by environment; by an empty name in a project without
    environments. Default: none."""
    texts: dict[str, dict[str, str]] = Field(default_factory=dict)
    """Values inside other text, such as `"1.10"` of the number 1.1, of those variables whose source differs from the
    value, by environment. Default: none."""


class ChatbotVersionSpec(Spec):
    """A release of a chatbot. Written by `reconciler release`; only `archived` may be edited afterwards."""

    message: str = ""
    """Description of the release. Default: empty."""
    archived: bool = False
    """Remove everything that was created for this release. `content` may be left out then; the number stays in use.
    Default: `false`."""
    digest: Annotated[str, Field(pattern=f"^sha256:{SHA256}$")]
    """Digest of `content`: `sha256:` and 64 hexadecimal digits. An edited release is refused."""
    content: Content | None = None
    """Complete content of the release. Required unless `archived` is `true`."""

    @model_validator(mode="after")
    def _whole(self) -> "ChatbotVersionSpec":
        if self.content is None and not self.archived:
            raise PydanticCustomError("release_content", "`content` is required unless `archived` is true")
        return self


def content_digest(content: Content) -> str:
    return digest(content.model_dump(mode="json", exclude_unset=True))


def lacking(content: Content, environment: str | None) -> list[str]:
    """Return the variables of a release without values in an environment."""
    return sorted(names_in(content.objects) - content.variables.get(environment or "", {}).keys())


def environment_text(environment: str | None) -> str:
    """Return the name of an environment in messages."""
    return environment or "a project without environments"


@dataclass(frozen=True)
class KeptFiles:
    """The files of a release as a project folder."""

    files: Mapping[str, KeptFile]

    @cached_property
    def _composed(self) -> Mapping[str, KeptFile]:
        return {composed(path): kept for path, kept in self.files.items()}

    def glob(self, pattern: str) -> list[str]:
        parts = PurePosixPath(composed(pattern)).parts
        return sorted(path for path in self._composed if matches(path, parts))

    def read(self, path: str) -> LocalFile | Finding:
        kept = self._composed.get(composed(path))
        if kept is None:
            return Finding((), "missing-file", f"the release does not contain {path}", "release the chatbot again")
        return LocalFile(path, kept.sha256, kept.bytes, kept.blob)

    def text(self, path: str) -> str | Finding:
        return Finding((), "not-read", f"the text of {path} is not read, because it is part of a release")


Names = dict[Address, Address]
"""Addresses in the release, by working address."""


def parts(resource: Resource, scope: Scope) -> list[Resource]:
    """Return the manifests in a release, with the variables of one environment; raises ValidationError if one is not
    valid.
    """
    content = _content(resource)
    values = content.variables.get(scope.environment or "", {})
    texts = content.texts.get(scope.environment or "", {})
    return [
        _part(resource, Address.parse(text), substituted(written, values, texts))
        for text, written in content.objects.items()
    ]


def frozen(resource: Resource, scope: Scope) -> Iterator[Desired]:
    """Yield the copies of a release, the uploads that they need, and last the chatbot that refers to them."""
    content, found = _content(resource), parts(resource, scope)
    inner = replace(scope, files=KeptFiles(content.files))
    inner = replace(inner, attached=frozenset(_attached(found, inner)))
    names: Names = {
        file_address(composed(path)): file_address(f"{composed(path)}@{kept.sha256[:12]}")
        for path, kept in content.files.items()
    }
    uploads: dict[Address, Desired] = {}
    for part in _in_order(_frozen_by(found, "content")):
        own, *needed = part.kind.desired(part, inner)
        uploads.update(_uploads(resource, needed, names))
        copy = _copy(own, own.address, names)
        shared = digest({"fields": dict(copy.fields), "write_only": dict(copy.write_only)}).removeprefix("sha256:")
        names[part.address] = replace_name(part.address, shared[:12])
        yield replace(copy, address=names[part.address])
    of_release = _frozen_by(found, "release")
    names.update((part.address, replace_name(part.address, _suffix(resource.address))) for part in of_release)
    for part in of_release:
        renamed = replace(part, address=names[part.address])
        own, *needed = part.kind.desired(renamed, inner)
        uploads.update(_uploads(resource, needed, names))
        yield _copy(own, renamed.address, names)
    yield from uploads.values()
    for part in _frozen_by(found, ""):
        own, *_ = part.kind.desired(part, inner)
        yield _answering(resource, own, names)


def provided(resource: Resource) -> Iterator[Address]:
    """Yield the addresses of the copies that manifests may refer to, such as `triage@support.3`."""
    spec: ChatbotVersionSpec = resource.spec
    for text in spec.content.objects if spec.content and not spec.archived else ():
        address = Address.parse(text)
        if _kind(address).frozen == "release":
            yield replace_name(address, _suffix(resource.address))


def replace_name(address: Address, suffix: str) -> Address:
    return Address(address.kind, f"{address.name}@{suffix}")


def _content(resource: Resource) -> Content:
    spec: ChatbotVersionSpec = resource.spec
    if spec.content is None:
        raise ValueError(f"{resource.address} has no content")
    return spec.content


def _suffix(release: Address) -> str:
    """Return the suffix of the copies of a release, such as `support.3`."""
    return f"{release.family.name}.{release_number(release)}"


def _kind(address: Address) -> Kind:
    return next(kind for kind in kinds().values() if kind.prefix == address.kind)


def _part(release: Resource, address: Address, written: Mapping[str, JSON]) -> Resource:
    kind, path = _kind(address), ("spec", "content", "objects", str(address))
    return Resource(
        kind=kind,
        address=address,
        spec=_spec(kind, written),
        labels={},
        lifecycle=type(release.lifecycle)(),
        place=release.where(path),
        where=lambda inside: release.where((*path, *inside[1:])),  # without `spec`: a part has no envelope
    )


def _spec(kind: Kind, written: Mapping[str, JSON]) -> Spec:
    target = "" if "" in kind.models else str(written.get("target", ""))
    model = kind.models[target]
    return model.model_validate(written_for(model, written, target) if target else written)


def _frozen_by(found: Iterable[Resource], how: str) -> list[Resource]:
    return [part for part in found if part.kind.frozen == how]


def _in_order(found: Iterable[Resource]) -> list[Resource]:
    """Return the parts with dependencies first. The name of a copy depends on its content, which includes the names of
    its dependencies.
    """
    by_address = {part.address: part for part in found}
    needs = {
        part.address: [one.target for one in part.references if one.target in by_address]
        for part in by_address.values()
    }
    return [by_address[address] for address in TopologicalSorter(needs).static_order()]


def _attached(found: Iterable[Resource], scope: Scope) -> Iterator[str]:
    """Yield the paths of the files in the stores of the release, which keep their names."""
    for part in _frozen_by(found, "content"):
        yield from (one.address.name for one in part.kind.desired(part, scope) if one.type in upload_types())


def _uploads(release: Resource, needed: Iterable[Desired], names: Names) -> Iterator[tuple[Address, Desired]]:
    for one in needed:
        place = release.where(("spec", "content", "files", one.address.name))
        yield names[one.address], replace(one, address=names[one.address], place=place, whole=True)


def _copy(own: Desired, address: Address, names: Names) -> Desired:
    """Return a copy of an object with all fields, because copies are managed completely."""
    resource_type = resource_types()[own.type]
    fields = resource_type.complete(
        resource_type, resource_type.rename(own.fields, lambda target: names.get(target, target))
    )
    return replace(own, address=address, fields=fields, whole=True)


def _answering(release: Resource, chatbot: Desired, names: Names) -> Desired:
    spec: ChatbotVersionSpec = release.spec
    resource_type = resource_types()[chatbot.type]
    renamed = resource_type.rename(chatbot.fields, lambda target: names.get(target, target))
    fields: Fields = {name: value for name, value in renamed.items() if name not in resource_type.pointers}
    return Desired(
        address=release.address,
        type=release.address.kind,
        fields={**fields, "digest": spec.digest},
        place=release.place,
        lifecycle=release.lifecycle,
        whole=True,
        options={"chatbot": reference(chatbot.address)},
    )
