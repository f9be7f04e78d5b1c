"""What applications load. Standard library only, but for S3, which takes obstore."""

import copy
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

from reconciler.bundles.documents import (
    BundleError,
    Pointer,
    blob_key,
    pointer_key,
    read_blob,
    read_pointer,
    resolved,
)
from reconciler.bundles.outlets import DirectoryOutlet

_log = logging.getLogger("reconciler.bundles")
_TIMEOUT: Final = 10.0
"""Seconds to wait for each document of a URL."""
_PASSING: Final = frozenset({"unreachable", "broken"})
"""Errors that a bundle loaded earlier can stand in for."""

_Read: TypeAlias = Callable[[str], bytes | None]


@dataclass(frozen=True)
class Bundle:
    """One published chatbot, pipeline or assistant, with everything it takes to run it.

    The copies that a release is made of (`assistant/billing@support.3`) go by the names they were made of, too, so that
    an application that asks for `assistant/billing` needs no change when another release is published.
    """

    pointer: Pointer
    content: Mapping[str, Any]
    """The content of the blob, with live ids."""
    problem: BundleError | None = None
    """Why this is an earlier bundle than the one asked for."""

    @property
    def stale(self) -> bool:
        """Whether this is the last one that could be loaded, as the source could not be read now."""
        return self.problem is not None

    @property
    def release(self) -> int | None:
        """The number of the release that this is; None for a draft, and for what is no chatbot."""
        release = self.content.get("release")
        return int(release["number"]) if release else None

    @property
    def chatbot(self) -> dict[str, Any] | None:
        """`assistant` or `pipeline`, and `starts`, as addresses; None in the bundle of anything else."""
        return copy.deepcopy(self.content.get("chatbot"))

    def pipeline(self, address: str) -> dict[str, Any]:
        """`nodes` and `edges`. Nodes name assistants by address and vector stores by live id."""
        return copy.deepcopy(self._part("pipelines", address))

    def request(self, address: str) -> dict[str, Any]:
        """The arguments of `responses.create` for an assistant of target `responses`, all but `input`."""
        assistant = self._part("assistants", address)
        if "request" not in assistant:
            raise BundleError("usage", f"{address} is a saved agent: use agent_id({address!r})")
        return copy.deepcopy(assistant["request"])

    def agent_id(self, address: str) -> str:
        """The live id of an assistant of target `agents`."""
        assistant = self._part("assistants", address)
        if "agent" not in assistant:
            raise BundleError("usage", f"{address} is no saved agent: use request({address!r})")
        return str(assistant["agent"])

    def _part(self, section: str, address: str) -> dict[str, Any]:
        parts: dict[str, dict[str, Any]] = self.content.get(section, {})
        for name in (address, self._copy_of(address)):
            if name in parts:
                return parts[name]
        there = ", ".join(sorted(parts)) or "none"
        raise BundleError("absent", f"{self.pointer.address} has no {address}; its {section}: {there}")

    def _copy_of(self, address: str) -> str:
        """What the release `chatbot/support@3` calls its copy."""
        chatbot = str(self.content["address"]).partition("/")[2].partition("@")[0]
        return f"{address}@{chatbot}.{self.release}"


class _Key(NamedTuple):
    source: str
    identity: str
    address: str


_last_good: dict[_Key, Bundle] = {}


def load(source: str | Path, identity: str, address: str, *, cache: str | Path | None = None) -> Bundle:
    """The bundle that is published at `address` (`chatbot/support`, `assistant/billing`) for `identity`.

    `source` is a folder, an http(s) URL in front of the keys, or `s3://bucket/prefix?region=…&endpoint_url=…`, which
    takes the credentials of the AWS_* variables and `pip install 'assistant-reconciler[s3]'`. While it cannot be
    reached, or holds something broken, the last bundle loaded from it takes its place and says so (`stale`): the one
    this process loaded, else the one in the folder `cache`. A bundle that was withdrawn, or is of another identity or a
    newer format, is a BundleError.
    Loading again costs one small read until something else is published.
    """
    key = _Key(str(source), identity, address)
    try:
        bundle = _fetch(_reader(source), key, cache)
    except BundleError as error:
        if error.code not in _PASSING:
            raise
        return replace(_earlier(key, cache, error), problem=error)
    _last_good[key] = bundle
    return bundle


def _fetch(read: _Read, key: _Key, cache: str | Path | None) -> Bundle:
    pointer_data = read(pointer_key(key.identity, key.address))
    pointer = read_pointer(pointer_data, key.identity, key.address)
    last = _last_good.get(key)
    if last and last.pointer == pointer:
        return last
    blob = read(blob_key(pointer.identity, pointer.blob))
    bundle = _opened(pointer, blob)
    if cache is not None:
        documents = {blob_key(pointer.identity, pointer.blob): blob, pointer_key(*key[1:]): pointer_data}
        _keep(DirectoryOutlet(Path(cache)), documents)
    return bundle


def _opened(pointer: Pointer, blob: bytes | None) -> Bundle:
    def id_of(address: str) -> str:
        if address not in pointer.ids:
            raise BundleError("broken", f"the pointer of {pointer.address} has no id for {address}")
        return pointer.ids[address]

    return Bundle(pointer, resolved(read_blob(blob, pointer.blob), id_of))


def _keep(cache: DirectoryOutlet, documents: Mapping[str, bytes | None]) -> None:
    """A cache is laid out like an outlet. That it cannot be written is no reason to have no bundle."""
    try:
        for key, data in documents.items():
            cache.write(key, data or b"")
    except OSError as error:
        _log.warning("%s keeps no bundle: %s", cache.root, error)


def _earlier(key: _Key, cache: str | Path | None, error: BundleError) -> Bundle:
    if key in _last_good:
        return _last_good[key]
    if cache is None:
        raise error
    try:
        return _fetch(_reader(cache), key, None)
    except BundleError:
        raise error from None


def _reader(source: str | Path) -> _Read:
    text = str(source)
    if text.startswith(("http://", "https://")):
        return lambda key: _get(f"{text.rstrip('/')}/{key}")
    if text.startswith("s3://"):
        from reconciler.bundles.s3 import reader

        return reader(text)
    outlet = DirectoryOutlet(Path(source))
    return lambda key: _read_file(outlet, key)


def _read_file(outlet: DirectoryOutlet, key: str) -> bytes | None:
    try:
        if not outlet.root.is_dir():
            raise BundleError("unreachable", f"there is no folder {outlet.root}")
        return outlet.read(key)
    except OSError as error:
        raise BundleError("unreachable", f"{outlet.root} cannot be read: {error}") from error


def _get(url: str) -> bytes | None:
    # Most of what importing this module would cost, and nothing to those who read a folder.
    import http.client
    import urllib.error
    import urllib.request

    try:
        with urllib.request.urlopen(url, timeout=_TIMEOUT) as response:  # noqa: S310 only http(s) gets here
            return bytes(response.read())
    except urllib.error.HTTPError as error:
        with error:
            if error.code in {404, 410}:
                return None
            raise BundleError("unreachable", f"{url} answered {error.code}") from error
    except (OSError, http.client.HTTPException) as error:
        raise BundleError("unreachable", f"{url} cannot be read: {error}") from error
