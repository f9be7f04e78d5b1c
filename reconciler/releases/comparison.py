"""What changed between two versions of a chatbot: two releases, or a release and the manifests as they are."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from reconciler.planning.diff import leaves
from reconciler.resources.address import Address
from reconciler.resources.values import ABSENT, JSON, Absent, Fields, Keys, path_text, same


@dataclass(frozen=True)
class Version:
    """A chatbot and all it uses, in one environment."""

    name: str
    """`release/support@3`, or `chatbot/support` for the working one."""
    objects: Mapping[Address, Fields]
    """Canonical, by working address. Files are told apart: what a store says of a file has no bytes in it."""
    files: Mapping[str, str]
    """SHA-256 of the bytes, by path."""
    variables: Mapping[str, Mapping[str, JSON]]
    """By environment, those that the objects use."""


@dataclass(frozen=True, slots=True)
class ValueChange:
    """A value of an object in both versions; `ABSENT` where there is none."""

    keys: Keys
    before: JSON | Absent
    after: JSON | Absent

    @property
    def path(self) -> str:
        return path_text(self.keys)


@dataclass(frozen=True)
class ObjectChange:
    """One object that came, went, or has other fields."""

    address: Address
    word: Literal["added", "removed", "changed"]
    fields: tuple[ValueChange, ...]


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file, by the hash of its bytes; None where it is not there."""

    path: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class VariableChange:
    """The value of one variable; `ABSENT` where it is not used."""

    environment: str
    name: str
    before: JSON | Absent
    after: JSON | Absent


@dataclass(frozen=True)
class Comparison:
    """Everything that differs."""

    before: str
    after: str
    environment: str | None
    """Whose values of the variables the objects are compared with."""
    objects: tuple[ObjectChange, ...]
    files: tuple[FileChange, ...]
    variables: tuple[VariableChange, ...]

    @property
    def same(self) -> bool:
        return not (self.objects or self.files or self.variables)


def compare_versions(before: Version, after: Version, environment: str | None) -> Comparison:
    """What changed from one version to the other, by address, path and name."""
    return Comparison(
        before.name,
        after.name,
        environment,
        tuple(_objects(before.objects, after.objects)),
        tuple(_files(before.files, after.files)),
        tuple(_variables(before.variables, after.variables)),
    )


def _objects(before: Mapping[Address, Fields], after: Mapping[Address, Fields]) -> Iterator[ObjectChange]:
    for address in sorted(before.keys() | after.keys()):
        fields = tuple(_fields(before.get(address, {}), after.get(address, {})))
        if address not in before:
            yield ObjectChange(address, "added", fields)
        elif address not in after:
            yield ObjectChange(address, "removed", fields)
        elif fields:
            yield ObjectChange(address, "changed", fields)


def _fields(before: Fields, after: Fields) -> Iterator[ValueChange]:
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name, ABSENT), after.get(name, ABSENT)
        if old is ABSENT or new is ABSENT or not same(old, new):
            for keys, was, becomes in leaves(old, new):
                yield ValueChange((name, *keys), was, becomes)


def _files(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[FileChange]:
    for path in sorted(before.keys() | after.keys()):
        if before.get(path) != after.get(path):
            yield FileChange(path, before.get(path), after.get(path))


def _variables(
    before: Mapping[str, Mapping[str, JSON]], after: Mapping[str, Mapping[str, JSON]]
) -> Iterator[VariableChange]:
    for environment in sorted(before.keys() | after.keys()):
        old, new = before.get(environment, {}), after.get(environment, {})
        for name in sorted(old.keys() | new.keys()):
            was, becomes = old.get(name, ABSENT), new.get(name, ABSENT)
            if was is ABSENT or becomes is ABSENT or not same(was, becomes):
                yield VariableChange(environment, name, was, becomes)
