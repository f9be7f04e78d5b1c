"""The `s3` backend: documents as objects below a prefix in a bucket."""

import re
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final

from reconciler.resources.problems import Problem, ReconcilerError
from reconciler.s3.location import Location
from reconciler.s3.objects import Objects, S3Error
from reconciler.state.store import (
    BackendConfig,
    Store,
    StoreError,
    Versioned,
    bad_state,
    check_key,
    check_prefix,
    conflict_error,
    exists_error,
    runs_in_ci,
)

_SEAL: Final = re.compile(rb'\n"[0-9a-f]{32}"\n')
_SEAL_LENGTH: Final = 36


class S3Store:
    """A `Store` in an existing bucket. The version of a document is its ETag.

    An ETag may be a content hash, so each write appends a line with a unique seal: a JSON string, so that the object
    remains a readable stream of JSON values.
    """

    is_quick: Final = False

    def __init__(self, location: Location) -> None:
        self.location = str(location)
        self._objects = Objects(location)

    def read(self, key: str) -> Versioned | None:
        with _errors():
            found = self._objects.get(check_key(key))
            return Versioned(self._opened(key, found.data), found.etag) if found else None

    def create(self, key: str, data: bytes) -> str:
        with _errors():
            version = self._objects.create(check_key(key), _sealed(data))
        if version is None:
            raise exists_error(self.location, key)
        return version

    def replace(self, key: str, data: bytes, version: str) -> str:
        with _errors():
            new = self._objects.replace(check_key(key), _sealed(data), version)
        if new is None:
            raise conflict_error(self.location, key)
        return new

    def delete(self, keys: Iterable[str]) -> None:
        with _errors():
            self._objects.delete([check_key(key) for key in keys])

    def list(self, prefix: str) -> list[str]:
        with _errors():
            return sorted(self._objects.list(check_prefix(prefix)))

    def check_writable(self, key: str) -> None:
        """Send a write of a version that does not exist, which the bucket refuses if it may be written."""
        with _errors():
            if self._objects.replace(check_key(key), _sealed(b""), '"0"') is None:
                return
            self._objects.delete([key])
        message = f"{self.location} ignores the conditions of writes"
        raise StoreError(Problem("state-unconditional", message, hint="Use a store that supports `If-Match`."))

    def _opened(self, key: str, data: bytes) -> bytes:
        if not _SEAL.fullmatch(data[-_SEAL_LENGTH:]):
            message = f"{self.location}/{key} was not written by Reconciler, or is truncated"
            raise StoreError(Problem("state-damaged", message, hint="Restore an earlier version of the object."))
        return data[:-_SEAL_LENGTH]


def open_store(config: BackendConfig) -> Store:
    """Open the store at `s3://bucket/prefix?region=…&endpoint_url=…`."""
    try:
        location = Location.parse(config.url)
        if config.of_manifest and location.endpoint_url and runs_in_ci(config.environ):
            message = f"the endpoint {location.endpoint_url} of the state is set in project.yaml only"
            hint = (
                "A pull request must not choose where credentials are sent. "
                f"To allow it, set RECONCILER_STATE={location.url} in the workflow. (CI is set in the environment.)"
            )
            raise ReconcilerError(Problem("state-not-allowed", message, hint=hint))
        return S3Store(location)
    except ValueError as error:
        raise bad_state(str(error), "Write it as s3://bucket/prefix?region=…&endpoint_url=…") from error


def _sealed(data: bytes) -> bytes:
    return data + b'\n"' + secrets.token_hex(16).encode() + b'"\n'


@contextmanager
def _errors() -> Iterator[None]:
    try:
        yield
    except S3Error as error:
        raise StoreError(*error.problems) from error
