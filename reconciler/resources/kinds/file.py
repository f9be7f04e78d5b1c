"""Files: no manifest of their own. Other kinds ask for them by path, and one upload serves everything that uses it."""

import re
from pathlib import PurePosixPath
from typing import Final

from reconciler.resources.address import FILE, Address
from reconciler.resources.base import Desired, LocalFile, ResourceType, Scope
from reconciler.resources.values import JSON

_ID: Final = re.compile(r"file-[A-Za-z0-9]+")


def _unchanged(_field: str, value: JSON) -> JSON:
    return value


RESOURCE_TYPE: Final = ResourceType(
    type=FILE,
    canonical=_unchanged,
    render=dict,
    defaults={},
    immutable=frozenset({"sha256", "purpose"}),
)
"""The API has no update of a file: new bytes are a new upload."""


def is_file_id(text: str) -> bool:
    """Whether a manifest that writes `text` for a file means an upload that nobody here manages, and no path."""
    return _ID.fullmatch(text) is not None


def file_address(path: str) -> Address:
    return Address(FILE, path)


def file_object(local: LocalFile, scope: Scope) -> Desired:
    """The upload of `local`. Everything that asks for the same path gets an equal object."""
    return Desired(
        address=file_address(local.path),
        type=FILE,
        fields={"sha256": local.sha256, "purpose": "assistants"},
        local=local,
        upload_name=upload_name(local.path, local.sha256, attached=local.path in scope.attached),
    )


def upload_name(path: str, sha256: str, *, attached: bool) -> str:
    """A file has no metadata to mark it with. One in a vector store is marked by its attributes there, and keeps the
    name that search results cite; any other carries its content in its name.
    """
    name = PurePosixPath(path)
    return name.name if attached else f"{name.stem}.{sha256[:12]}{name.suffix}"
