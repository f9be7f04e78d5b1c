"""Objects below one prefix, by key. Calls block; several threads may share one `Objects`."""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

from reconciler.resources.problems import Problem, ReconcilerError
from reconciler.s3.failures import code_of, explained
from reconciler.s3.location import Location, check_endpoint

if TYPE_CHECKING:
    from obstore import PutMode
    from obstore.store import S3Config, S3Store

_TIMEOUT: Final = timedelta(seconds=20)
_CONNECT_TIMEOUT: Final = timedelta(seconds=5)
_RETRY_TIMEOUT: Final = timedelta(seconds=45)
"""After this no request is tried again: with the last one, well within the time that a lock lasts."""
_RETRIES: Final = 5


class S3Error(ReconcilerError):
    """The bucket cannot be read or written."""


class NotInstalledError(S3Error):
    """The package for that is missing."""


class Found(NamedTuple):
    """An object."""

    data: bytes
    etag: str


@dataclass(frozen=True)
class Objects:
    """The objects below a location. Credentials are those of the AWS_* variables, or of the machine or job it runs on.

    What fails is an S3Error; a bucket that is missing is never taken for an empty one.
    """

    location: Location

    def get(self, key: str) -> Found | None:
        """An object; None where there is none."""
        with self._errors("read", key):
            import obstore

            try:
                found = obstore.get(self._store, key)
                return Found(bytes(found.bytes()), found.meta["e_tag"] or "")
            except FileNotFoundError as error:
                _raise_unless_refused(error)
                return None

    def put(self, key: str, data: bytes) -> None:
        """Write an object, whatever was there."""
        self._put(key, data, "overwrite")

    def create(self, key: str, data: bytes) -> str | None:
        """Write an object that is not there yet, and give its etag; None where it is there."""
        return self._put(key, data, "create")

    def replace(self, key: str, data: bytes, etag: str) -> str | None:
        """Write over exactly the object with that etag, and give the new one; None where that is not there."""
        return self._put(key, data, {"e_tag": etag})

    def delete(self, keys: Iterable[str]) -> None:
        """Remove objects; those that are gone are fine."""
        names = list(keys)
        with self._errors("delete", ", ".join(names[:3])):
            import obstore

            if names:
                obstore.delete(self._store, names)

    def list(self, folder: str) -> list[str]:
        """The keys below `folder`, which is empty or ends with a slash."""
        with self._errors("list", folder):
            import obstore

            pages = obstore.list(self._store, folder.rstrip("/") or None)
            return [entry["path"] for page in pages for entry in page]

    def _put(self, key: str, data: bytes, mode: "PutMode") -> str | None:
        with self._errors("write", key):
            import obstore

            attributes = {"Content-Type": "application/json"} if key.endswith(".json") else None
            try:
                # In parts, an object is not written on condition.
                done = obstore.put(self._store, key, data, mode=mode, attributes=attributes, use_multipart=False)
            except (obstore.exceptions.BaseError, OSError) as error:
                _raise_unless_refused(error)
                return None
        if not done["e_tag"]:
            raise S3Error(Problem("s3", f"{self.location} gives no etags", hint="Use a store that has them."))
        return done["e_tag"]

    @cached_property
    def _store(self) -> "S3Store":
        from obstore.store import S3Store

        endpoint = self.location.endpoint_url or _ambient_endpoint(os.environ)
        return S3Store(
            self.location.bucket,
            prefix=self.location.prefix or None,
            config=_config(self.location.region, endpoint),
            client_options={
                "allow_http": (endpoint or "").startswith("http://"),
                "connect_timeout": _CONNECT_TIMEOUT,
                "timeout": _TIMEOUT,
            },
            retry_config={"max_retries": _RETRIES, "retry_timeout": _RETRY_TIMEOUT},
        )

    @contextmanager
    def _errors(self, verb: str, key: str) -> Iterator[None]:
        try:
            import obstore
        except ImportError as error:
            message = f"{self.location} takes a package that is not installed"
            raise NotInstalledError(Problem("s3", message, hint="pip install 'assistant-reconciler[s3]'")) from error
        try:
            yield
        except (obstore.exceptions.BaseError, OSError) as error:
            reason, hint = explained(error)
            raise S3Error(Problem("s3", f"cannot {verb} {self.location}/{key}: {reason}", hint=hint)) from error


def _raise_unless_refused(error: Exception) -> None:
    """Raise what is more than the answer that an object is, or is not, there, or not in that version.

    That there is no bucket comes as "not found", too.
    """
    from obstore.exceptions import AlreadyExistsError, PreconditionError

    known = isinstance(error, (AlreadyExistsError, PreconditionError, FileNotFoundError))
    code = code_of(error)
    if code != "NoSuchBucket" and (known or code == "ConditionalRequestConflict"):
        return
    raise error


def _config(region: str | None, endpoint: str | None) -> "S3Config":
    """What wins over the AWS_* variables."""
    config: S3Config = {"conditional_put": "etag"}
    if region:
        config["region"] = region
    if endpoint:
        config["aws_endpoint_url_s3"] = endpoint
    return config


def _ambient_endpoint(environ: Mapping[str, str]) -> str | None:
    endpoint = environ.get("AWS_ENDPOINT_URL_S3") or environ.get("AWS_ENDPOINT_URL")
    try:
        return check_endpoint(endpoint) if endpoint else None
    except ValueError as error:
        raise S3Error(
            Problem("s3", f"AWS_ENDPOINT_URL cannot be used: {error}", hint="Correct or unset it.")
        ) from error
