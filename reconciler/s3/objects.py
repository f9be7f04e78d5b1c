"""Objects below one prefix, by key. Calls block; threads may share one `Objects`."""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

from reconciler.resources.problems import Problem, ReconcilerError
from reconciler.s3.location import Location, check_endpoint

if TYPE_CHECKING:
    from obstore import PutMode
    from obstore.store import S3Config, S3Store

_TIMEOUT: Final = timedelta(seconds=20)
_CONNECT_TIMEOUT: Final = timedelta(seconds=5)
_RETRY_TIMEOUT: Final = timedelta(seconds=45)
"""Requests are not retried after this time: with the last attempt, well before a lock expires."""
_RETRIES: Final = 5

_CODE: Final = re.compile(r"<Code>(\w+)</Code>")
_MESSAGE: Final = re.compile(r"<Message>([^<]+)</Message>")
_STATUS: Final = re.compile(r"status code: (\d{3})")
_CAUSE: Final = re.compile(r'(?:message|error): "([^"]+)"')

_CREDENTIALS: Final = (
    "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and AWS_SESSION_TOKEN where there is one. "
    'To use a profile: eval "$(aws configure export-credentials --format env)"'
)
_RIGHTS: Final = "Grant s3:ListBucket on the bucket, and s3:GetObject, s3:PutObject and s3:DeleteObject on its objects."
_REGION: Final = "Set `region` or AWS_REGION to the region of the bucket."
_NETWORK: Final = "Check `endpoint_url`, `region` and the network, then run the same command again."
_HINTS: Final = {
    "NoSuchBucket": "Check the name and `endpoint_url`, or create the bucket: Reconciler does not create buckets.",
    "AccessDenied": _RIGHTS,
    "InvalidAccessKeyId": _CREDENTIALS,
    "SignatureDoesNotMatch": _CREDENTIALS,
    "ExpiredToken": _CREDENTIALS,
    "InvalidToken": _CREDENTIALS,
    "PermanentRedirect": _REGION,
    "AuthorizationHeaderMalformed": _REGION,
    "403": _RIGHTS,
    "301": _REGION,
}


class S3Error(ReconcilerError):
    """The bucket cannot be read or written."""


class NotInstalledError(S3Error):
    """The package `obstore` is not installed."""


class Found(NamedTuple):
    """The content of an object and its ETag."""

    data: bytes
    etag: str


@dataclass(frozen=True)
class Objects:
    """The objects below a location. Credentials come from the AWS_* variables, or from the machine or job.

    Failures raise `S3Error`, including a missing bucket, which is not treated as an empty one.
    """

    location: Location

    def get(self, key: str) -> Found | None:
        """Return an object; None if it does not exist."""
        with self._errors("read", key):
            import obstore

            try:
                found = obstore.get(self._store, key)
                return Found(bytes(found.bytes()), found.meta["e_tag"] or "")
            except FileNotFoundError as error:
                _raise_unless_refused(error)
                return None

    def put(self, key: str, data: bytes) -> None:
        """Write an object, overwriting an existing one."""
        self._put(key, data, "overwrite")

    def create(self, key: str, data: bytes) -> str | None:
        """Write a new object and return its ETag; None if the key already exists."""
        return self._put(key, data, "create")

    def replace(self, key: str, data: bytes, etag: str) -> str | None:
        """Overwrite the object with this ETag and return the new one; None if the ETag is not the current one."""
        return self._put(key, data, {"e_tag": etag})

    def delete(self, keys: Iterable[str]) -> None:
        """Delete objects; missing ones are ignored."""
        names = list(keys)
        with self._errors("delete", ", ".join(names[:3])):
            import obstore

            if names:
                obstore.delete(self._store, names)

    def list(self, folder: str) -> list[str]:
        """Return the keys below `folder`, which is empty or ends with a slash."""
        with self._errors("list", folder):
            import obstore

            pages = obstore.list(self._store, folder.rstrip("/") or None)
            return [entry["path"] for page in pages for entry in page]

    def _put(self, key: str, data: bytes, mode: "PutMode") -> str | None:
        with self._errors("write", key):
            import obstore

            attributes = {"Content-Type": "application/json"} if key.endswith(".json") else None
            try:
                # Multipart uploads do not support conditional writes.
                done = obstore.put(self._store, key, data, mode=mode, attributes=attributes, use_multipart=False)
            except (obstore.exceptions.BaseError, OSError) as error:
                _raise_unless_refused(error)
                return None
        if not done["e_tag"]:
            raise S3Error(
                Problem("s3", f"{self.location} does not return ETags", hint="Use a store that supports them.")
            )
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
            message = f"{self.location} requires a package that is not installed"
            raise NotInstalledError(Problem("s3", message, hint="pip install 'assistant-reconciler[s3]'")) from error
        try:
            yield
        except (obstore.exceptions.BaseError, OSError) as error:
            reason, hint = _explained(error)
            raise S3Error(Problem("s3", f"cannot {verb} {self.location}/{key}: {reason}", hint=hint)) from error


def _raise_unless_refused(error: Exception) -> None:
    """Raise `error`, unless it reports that an object exists, does not exist, or has another version.

    A missing bucket is reported as "not found", too, and is raised.
    """
    from obstore.exceptions import AlreadyExistsError, PreconditionError

    known = isinstance(error, (AlreadyExistsError, PreconditionError, FileNotFoundError))
    code = _code_of(error)
    if code != "NoSuchBucket" and (known or code == "ConditionalRequestConflict"):
        return
    raise error


def _config(region: str | None, endpoint: str | None) -> "S3Config":
    """Return the settings that take precedence over the AWS_* variables."""
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
        raise S3Error(Problem("s3", f"AWS_ENDPOINT_URL is not valid: {error}", hint="Correct or unset it.")) from error


def _code_of(error: Exception) -> str:
    """Return the error code of S3, such as `NoSuchBucket`, or the HTTP status; empty if there was no answer."""
    text = str(error)
    found = _CODE.search(text) or _STATUS.search(text)
    return found[1] if found else ""


def _explained(error: Exception) -> tuple[str, str]:
    """Return the reason and the hint for an error. Quotes only code and message of an answer: it may contain keys."""
    text, code = str(error), _code_of(error)
    if code:
        message = _MESSAGE.search(text)
        return f"it answered {code}{f' ({message[1]})' if message else ''}", _HINTS.get(code, _NETWORK)
    if "/latest/api/token" in text:  # obstore asks the metadata service of the machine if no credentials are set
        return "no credentials found", _CREDENTIALS
    if "TimedOut" in text:
        return "it did not answer in time", _NETWORK
    cause = _CAUSE.search(text)
    return f"it cannot be reached{f' ({cause[1]})' if cause else ''}", _NETWORK
