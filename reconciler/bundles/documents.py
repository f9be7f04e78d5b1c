"""The two documents of a bundle: an immutable blob, and the pointer to the current blob.

`IDENTITY/blobs/SHA256.json` is the content as canonical JSON, with `{"$address": "kind/name"}` in place of live ids.
`IDENTITY/KIND/NAME.json` names a blob and maps addresses to live ids.

Applications import this module: it uses only the standard library.
"""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeGuard

BLOB_FORMAT: Final = "reconciler/bundle/v1"
POINTER_FORMAT: Final = "reconciler/pointer/v1"
KINDS: Final = ("assistant", "chatbot", "pipeline")
"""The kinds that can be published."""
DRAFT: Final = "working"
"""The suffix after `@` in the pointer of a working chatbot. The plain address is that of the published release."""

_ADDRESS_KEY: Final = "$address"
_ADDRESS: Final = re.compile(rf"({'|'.join(KINDS)})/[a-z0-9][-a-z0-9]*(@[a-z0-9][-.a-z0-9]*)?")
_IDENTITY: Final = re.compile(r"[a-z0-9][-a-z0-9]*(/[a-z0-9][-a-z0-9]*)?")
_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")


class BundleError(Exception):
    """A bundle that cannot be loaded.

    `code` is `missing` (nothing is published at the address, or it was withdrawn), `unreachable`, `broken` (not JSON,
    or bytes that do not match the digest), `identity` (published for another project or environment), `format` (written
    by a newer version), `absent` (the bundle lacks the part), or `usage`.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Pointer:
    """A pointer: the bundle published at an address."""

    identity: str
    address: str
    blob: str
    """`sha256:` and the hexadecimal digest of the blob's bytes."""
    ids: Mapping[str, str] = field(default_factory=dict)
    """The live ids of the addresses in the blob."""
    holds: Mapping[str, str] = field(default_factory=dict)
    """Of a release, the live ids of the objects that it was made from, when it was published. Applications do not need
    them. Empty if it was written by a version without them."""

    def document(self) -> dict[str, Any]:
        document = {
            "format": POINTER_FORMAT,
            "identity": self.identity,
            "address": self.address,
            "blob": self.blob,
            "ids": dict(sorted(self.ids.items())),
        }
        return {**document, "holds": dict(sorted(self.holds.items()))} if self.holds else document


def pointer_key(identity: str, address: str) -> str:
    if not _IDENTITY.fullmatch(identity) or not _ADDRESS.fullmatch(address):
        raise BundleError("usage", f"{identity!r} and {address!r} are not a valid identity and bundle address")
    return f"{identity}/{address}.json"


def blob_key(identity: str, digest: str) -> str:
    return f"{identity}/blobs/{digest.removeprefix('sha256:')}.json"


def read_pointer(data: bytes | None, identity: str, address: str) -> Pointer:
    """Decode a pointer; BundleError unless it is the one for this identity and address."""
    if data is None:
        raise BundleError("missing", f"nothing is published at {address} of {identity}")
    document = _document(data, POINTER_FORMAT, f"the pointer of {address}")
    found = document.get("identity")
    if found != identity:
        raise BundleError("identity", f"{address} was published for {found}, not for {identity}")
    blob, ids = document.get("blob"), document.get("ids")
    if document.get("address") != address or not isinstance(blob, str) or not _DIGEST.fullmatch(blob):
        raise BundleError("broken", f"the pointer of {address} does not name a blob for this address")
    if not _is_table(ids):
        raise BundleError("broken", f"the pointer of {address} does not contain a table of ids")
    holds = document.get("holds")
    return Pointer(identity, address, blob, ids, holds if _is_table(holds) else {})


def _is_table(value: Any) -> TypeGuard[dict[str, str]]:
    return isinstance(value, dict) and all(isinstance(live, str) for live in value.values())


def read_blob(data: bytes | None, digest: str) -> dict[str, Any]:
    """Decode a blob; BundleError unless `data` matches `digest`."""
    if data is None:
        raise BundleError("broken", f"the blob {digest} is missing")
    if f"sha256:{hashlib.sha256(data).hexdigest()}" != digest:
        raise BundleError("broken", f"the blob {digest} was altered: its bytes do not match the digest")
    content = _document(data, BLOB_FORMAT, f"the blob {digest}")
    if not _is_bundle(content):
        raise BundleError("broken", f"the blob {digest} is not a bundle")
    return content


def _is_bundle(content: Mapping[str, Any]) -> bool:
    """Return True if every part of a blob that an application reads has the expected type."""
    address, release, chatbot = content.get("address"), content.get("release"), content.get("chatbot")
    sections = (content.get("assistants"), content.get("pipelines", {}))
    return (
        isinstance(address, str)
        and _ADDRESS.fullmatch(address) is not None
        and (release is None or (isinstance(release, dict) and isinstance(release.get("number"), int)))
        and (chatbot is None or isinstance(chatbot, dict))
        and all(isinstance(parts, dict) and all(isinstance(one, dict) for one in parts.values()) for parts in sections)
    )


def _document(data: bytes, expected: str, what: str) -> dict[str, Any]:
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise BundleError("broken", f"{what} is not valid JSON: {error}") from error
    written = document.get("format") if isinstance(document, dict) else None
    if written == expected:
        found: dict[str, Any] = document
        return found
    if isinstance(written, str) and written.rpartition("/")[0] == expected.rpartition("/")[0]:
        raise BundleError(
            "format",
            f"{what} has the format {written}, and this version reads {expected}: upgrade assistant-reconciler",
        )
    raise BundleError("broken", f"{what} does not have the format {expected}")


def with_ids(content: Mapping[str, Any], id_of: Callable[[str], Any]) -> dict[str, Any]:
    """Return `content` with live ids. Assistants and pipelines named by chatbots and pipelines stay addresses."""

    def part_of(address: str) -> Any:
        return address if address.partition("/")[0] in KINDS else id_of(address)

    try:
        return {
            key: _replaced(value, part_of if key in {"chatbot", "pipelines"} else id_of)
            for key, value in content.items()
        }
    except RecursionError as error:
        raise BundleError("broken", "the bundle is nested too deeply") from error


def needs(content: Mapping[str, Any]) -> frozenset[str]:
    """Return the addresses whose live ids are required to use `content`: the `ids` of its pointer."""
    found: set[str] = set()
    with_ids(content, found.add)
    return frozenset(found)


def _replaced(value: Any, replace: Callable[[str], Any]) -> Any:
    if isinstance(value, dict):
        if len(value) == 1 and _ADDRESS_KEY in value:
            address = value[_ADDRESS_KEY]
            if not isinstance(address, str):
                raise BundleError("broken", f"`{_ADDRESS_KEY}` is not a text in the bundle")
            return replace(address)
        return {key: _replaced(item, replace) for key, item in value.items()}
    return [_replaced(item, replace) for item in value] if isinstance(value, list) else value
