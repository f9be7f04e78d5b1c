"""Files, which other kinds refer to by path. They have no manifests, and one upload is shared by all that use it."""

import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Final

from reconciler.resources.address import FILE, Address, composed
from reconciler.resources.base import Desired, LocalFile, Scope
from reconciler.resources.names import UPLOAD_ID
from reconciler.resources.problems import Finding
from reconciler.resources.references import referred
from reconciler.resources.resource_type import ResourceType
from reconciler.resources.values import JSON

_PRIVATE: Final = ("assistants", "user_data")
"""Purposes of uploads whose content cannot be downloaded."""
_REWRITTEN: Final = re.compile(r"""["\\\x00-\x1f\x7f]|\A | \Z""")


def _unchanged(_field: str, value: JSON) -> JSON:
    return value


def _upload_name(path: str, sha256: str, attached: bool) -> str:
    """Return the name of an upload. Uploads have no metadata for a mark: a file in a vector store is marked by its
    attributes and keeps the name that search results cite; other uploads have a part of their digest in the name.
    """
    name = PurePosixPath(path)
    return sent_name(name.name if attached else f"{name.stem}.{sha256[:12]}{name.suffix}")


def sent_name(name: str) -> str:
    """Return a name that multipart forms and servers do not rewrite: in the normalization form C, and with `%` and two
    digits for quotes, backslashes, control characters, and spaces at the ends. A sent name is returned unchanged.
    """
    return _REWRITTEN.sub(lambda found: f"%{ord(found[0]):02X}", composed(name))


def _is_readable(detail: Mapping[str, JSON]) -> bool:
    """Return False for uploads whose content the API refuses to return, and for those with an unknown purpose."""
    return detail.get("purpose") not in (None, *_PRIVATE)


RESOURCE_TYPE: Final = ResourceType(
    type=FILE,
    identity="content",
    canonical=_unchanged,
    render=dict,
    defaults={},
    immutable=frozenset({"sha256", "purpose"}),
    delete_ranks=(0, 0),
    serves=True,
    upload_name=_upload_name,
    is_readable=_is_readable,
)
"""The API cannot update a file: new content is a new upload."""


def is_file_id(text: str) -> bool:
    """Return True if `text` is the id of an unmanaged upload and not a path."""
    return UPLOAD_ID.fullmatch(text) is not None


def file_address(path: str) -> Address:
    return Address(FILE, path)


def file_object(local: LocalFile, scope: Scope, *, is_staged: bool = False) -> Desired:
    """Return the upload of a local file. It is equal for all objects that use the same path: a file that is copied to
    an environment has the purpose of the other objects, if there are any.
    """
    purpose = "user_data" if is_staged and local.path in scope.staged else "assistants"
    return Desired(
        address=file_address(local.path),
        type=FILE,
        fields={"sha256": local.sha256, "purpose": purpose},
        parts=(local,),
        upload_name=_upload_name(local.path, local.sha256, local.path in scope.attached),
    )


def file_objects(written: JSON, scope: Scope, *, is_staged: bool = False) -> Iterator[Desired]:
    """Return the uploads that a serialised spec refers to, each once, by path, without files that cannot be read."""
    paths = {address.name for _, address in referred(written) if address.kind == FILE}
    found = (scope.files.read(path) for path in sorted(paths))
    return (file_object(local, scope, is_staged=is_staged) for local in found if not isinstance(local, Finding))
