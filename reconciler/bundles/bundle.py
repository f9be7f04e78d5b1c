"""Loading of published bundles by applications. Uses only the standard library, and botocore for S3."""

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
    with_ids,
)
from reconciler.bundles.outlets import DirectoryOutlet
from reconciler.resources.model_names import has_instructions_last

_log = logging.getLogger("reconciler.bundles")
_TIMEOUT: Final = 10.0
"""Timeout in seconds for each document read from a URL."""
_PASSING: Final = frozenset({"unreachable", "broken"})
"""Codes of errors on which a bundle loaded earlier is returned instead."""

_MEMBERS: Final = {"responses": "request", "agents": "agent", "assistants": "assistant"}
"""The member of an assistant in a blob that has its request or its id, by target."""
_METHODS: Final = {"responses": "request", "agents": "agent_id", "assistants": "assistant_id"}
"""The method of a bundle that returns it."""

_Read: TypeAlias = Callable[[str], bytes | None]


@dataclass(frozen=True)
class Bundle:
    """A published chatbot, pipeline or assistant with everything that is required to run it.

    The frozen copies in a release (`assistant/billing@support.3`) are also available under their original addresses, so
    that an application that uses `assistant/billing` does not change when another release is published.
    """

    pointer: Pointer
    content: Mapping[str, Any]
    """The content of the blob with live ids."""
    problem: BundleError | None = None
    """The error because of which an earlier bundle was returned; None for the current one."""

    @property
    def stale(self) -> bool:
        """True if the source could not be read, and this is the last bundle loaded from it."""
        return self.problem is not None

    @property
    def release(self) -> int | None:
        """The number of the release; None for a working chatbot and for other kinds."""
        release = self.content.get("release")
        return int(release["number"]) if release else None

    @property
    def chatbot(self) -> dict[str, Any] | None:
        """The chatbot's `assistant` or `pipeline`, and `starts`, as addresses; None in bundles of other kinds."""
        return copy.deepcopy(self.content.get("chatbot"))

    def pipeline(self, address: str) -> dict[str, Any]:
        """Return `nodes` and `edges` of a pipeline. Nodes name assistants by address and vector stores by live id."""
        return copy.deepcopy(self._part("pipelines", address))

    def request(self, address: str, *, input: str | list[Any] | None = None) -> dict[str, Any]:  # noqa: A002
        """Return the arguments of `responses.create` for an assistant of target `responses`.

        With an `input`, they contain it. From GPT-6.2 on, the API puts `instructions` after the input, which makes the
        cached prefix useless: for these models, the instructions become the first item of the input, a developer
        message (OpenAI's guide "Latest model").
        """
        request: dict[str, Any] = copy.deepcopy(self._of_target("responses", address))
        return request if input is None else _with_input(request, input)

    def agent_id(self, address: str) -> str:
        """Return the live id of an assistant of target `agents`, for sessions."""
        return str(self._of_target("agents", address))

    def assistant_id(self, address: str) -> str:
        """Return the live id of an assistant of target `assistants`, for runs of threads."""
        return str(self._of_target("assistants", address))

    def _of_target(self, target: str, address: str) -> Any:
        """Return the request, or the id of the live object, of an assistant; BundleError if it has another target."""
        assistant = self._part("assistants", address)
        if _MEMBERS[target] not in assistant:
            found = str(assistant.get("target"))
            hint = f": use {_METHODS[found]}({address!r})" if found in _METHODS else ""
            raise BundleError("usage", f"{address} has the target {found}{hint}")
        return assistant[_MEMBERS[target]]

    def _part(self, section: str, address: str) -> dict[str, Any]:
        parts: dict[str, dict[str, Any]] = self.content.get(section, {})
        for name in (address, self._copy_of(address)):
            if name in parts:
                return parts[name]
        there = ", ".join(sorted(parts)) or "none"
        raise BundleError("absent", f"{self.pointer.address} does not contain {address}; its {section}: {there}")

    def _copy_of(self, address: str) -> str:
        """Return the address of the release's copy: `assistant/billing@support.3` for `assistant/billing`."""
        chatbot = str(self.content["address"]).partition("/")[2].partition("@")[0]
        return f"{address}@{chatbot}.{self.release}"


def _with_input(request: dict[str, Any], given: str | list[Any]) -> dict[str, Any]:
    if not has_instructions_last(request.get("model")) or not request.get("instructions"):
        return {**request, "input": given}
    turn = [{"role": "user", "content": given}] if isinstance(given, str) else given
    standing = {"role": "developer", "content": request.pop("instructions")}
    return {**request, "input": [standing, *turn]}


class _Key(NamedTuple):
    source: str
    identity: str
    address: str


_last_good: dict[_Key, Bundle] = {}


def load(source: str | Path, identity: str, address: str, *, cache: str | Path | None = None) -> Bundle:
    """Load the bundle published at `address` (`chatbot/support`, `assistant/billing`) for `identity`.

    `source` is a folder, an http(s) URL to prepend to the keys, or `s3://bucket/prefix?region=…&endpoint_url=…`, which
    requires the extra `s3` and uses the credentials in the AWS_* variables. If the source
    cannot be reached, or holds a damaged document, the last bundle loaded from it is returned with `stale` set: the one
    loaded by this process, otherwise the one in the folder `cache`. BundleError if the bundle was withdrawn, belongs to
    another identity, or has a newer format.
    Loading again takes one small read until something else is published.
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

    return Bundle(pointer, with_ids(read_blob(blob, pointer.blob), id_of))


def _keep(cache: DirectoryOutlet, documents: Mapping[str, bytes | None]) -> None:
    """Write a bundle to the cache, which has the layout of an outlet. Failures are logged, not raised."""
    try:
        for key, data in documents.items():
            cache.write(key, data or b"")
    except OSError as error:
        _log.warning("cannot write the bundle to the cache %s: %s", cache.root, error)


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
            raise BundleError("unreachable", f"the folder {outlet.root} does not exist")
        return outlet.read(key)
    except OSError as error:
        raise BundleError("unreachable", f"{outlet.root} cannot be read: {error}") from error


def _get(url: str) -> bytes | None:
    # Imported here, because these are most of the import time and not needed to read a folder.
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
