"""Desired objects of a release: frozen copies of everything in its content."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from graphlib import TopologicalSorter

from reconciler.resources.address import Address, release_number
from reconciler.resources.base import Desired, Resource, Scope, Spec
from reconciler.resources.kind import Kind, written_for
from reconciler.resources.kinds.file import file_address
from reconciler.resources.registry import kinds, resource_types, upload_types
from reconciler.resources.releases.content import ChatbotVersionSpec, Content, KeptFiles
from reconciler.resources.values import JSON, Fields, digest, reference
from reconciler.resources.variables import substituted

Names = dict[Address, Address]
"""Addresses in the release, by working address."""


def parts(resource: Resource, scope: Scope) -> list[Resource]:
    """Return the manifests in a release, with the variables of one environment; raises ValidationError if one is not
    valid.
    """
    content = _content(resource)
    values = content.variables.get(scope.environment or "", {})
    return [_part(resource, Address.parse(text), written, values) for text, written in content.objects.items()]


def frozen(resource: Resource, scope: Scope) -> Iterator[Desired]:
    """Yield the copies of a release, the uploads that they need, and last the chatbot that refers to them."""
    content, found = _content(resource), parts(resource, scope)
    inner = replace(scope, files=KeptFiles(content.files))
    inner = replace(inner, attached=frozenset(_attached(found, inner)))
    names: Names = {
        file_address(path): file_address(f"{path}@{kept.sha256[:12]}") for path, kept in content.files.items()
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


def _part(release: Resource, address: Address, written: Mapping[str, JSON], values: Mapping[str, JSON]) -> Resource:
    kind, path = _kind(address), ("spec", "content", "objects", str(address))
    return Resource(
        kind=kind,
        address=address,
        spec=_spec(kind, substituted(written, values)),
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
        part.address: [one.target for one in part.kind.references(part) if one.target in by_address]
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
