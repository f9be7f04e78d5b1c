"""The changes between two versions of a chatbot: releases, or the working version."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from reconciler.planning.field_diff import leaves
from reconciler.resources.address import Address
from reconciler.resources.problems import Problem
from reconciler.resources.values import ABSENT, JSON, Absent, Fields, Keys, path_text, same


@dataclass(frozen=True)
class Version:
    """A chatbot and all objects that it uses, in one environment."""

    name: str
    """`release/support@3`, or `chatbot/support` for the working version."""
    objects: Mapping[Address, Fields]
    """Canonical fields by working address. Contents of files are in `files`, not in the fields of vector stores."""
    files: Mapping[str, str]
    """SHA-256 of the content, by path."""
    variables: Mapping[str, Mapping[str, JSON]]
    """Variables that the objects use, by environment."""


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
    """An object that was added, removed or changed."""

    address: Address
    word: Literal["added", "removed", "changed"]
    fields: tuple[ValueChange, ...]


@dataclass(frozen=True, slots=True)
class FileChange:
    """A file with the hashes of its content; None if it does not exist."""

    path: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class VariableChange:
    """A variable with its values; `ABSENT` if it is not used."""

    environment: str
    """Empty in a project without environments."""
    name: str
    before: JSON | Absent
    after: JSON | Absent


@dataclass(frozen=True)
class Comparison:
    """All changes between two versions."""

    before: str
    after: str
    environment: str | None
    """The environment whose variables are used for the fields of objects."""
    objects: tuple[ObjectChange, ...]
    files: tuple[FileChange, ...]
    variables: tuple[VariableChange, ...]
    warnings: tuple[Problem, ...] = ()
    """Warnings about the working tree, such as files that were not read."""

    @property
    def same(self) -> bool:
        return not (self.objects or self.files or self.variables)


def compare_versions(before: Version, after: Version, environment: str | None) -> Comparison:
    """Compare two versions by address, path and variable."""
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
