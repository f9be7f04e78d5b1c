"""Objects below one prefix, by key. Calls block; threads may share one `Objects`."""

import hashlib
import os
import random
import re
import time
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import quote, urlsplit
from xml.sax.saxutils import escape

from reconciler.resources.problems import Problem, ReconcilerError, reason
from reconciler.s3.location import Location, check_endpoint, check_region

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from reconciler.s3.requests import Answer, Server

_RETRY_SECONDS: Final = 45.0
"""Requests are not repeated after this time: with the last attempt, well before a lock expires."""
_RETRIES: Final = 5
_FIRST_DELAY: Final = 0.1
_IN_ONE_DELETE: Final = 1_000
_DEFAULT_REGION: Final = "us-east-1"
_CREATE: Final = {"If-None-Match": "*"}

_CODE: Final = re.compile(rb"<Code>(\w+)</Code>")
_MESSAGE: Final = re.compile(rb"<Message>([^<]+)</Message>")

_CREDENTIALS: Final = (
    "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and AWS_SESSION_TOKEN where there is one. "
    'To use a profile: eval "$(aws configure export-credentials --format env)"'
)
_RIGHTS: Final = "Grant s3:ListBucket on the bucket, and s3:GetObject, s3:PutObject and s3:DeleteObject on its objects."
_REGION: Final = "Set `region` or AWS_REGION to the region of the bucket."
_NETWORK: Final = "Check `endpoint_url`, `region` and the network, then run the same command again."
_REDIRECT: Final = (
    "Set `endpoint_url` or `region` to the server that has the bucket: signed requests are sent to no other."
)
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
}


class S3Error(ReconcilerError):
    """The bucket cannot be read or written."""


class NotInstalledError(S3Error):
    """The package `botocore` is not installed."""


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
            answer = self._call("GET", key)
            if _is_missing(answer):
                return None
            return Found(_checked(answer).body, answer.headers.get("etag", ""))

    def put(self, key: str, data: bytes) -> None:
        """Write an object, overwriting an existing one."""
        self._put(key, data, {})

    def create(self, key: str, data: bytes) -> str | None:
        """Write a new object and return its ETag; None if the key already exists."""
        return self._put(key, data, _CREATE)

    def replace(self, key: str, data: bytes, etag: str) -> str | None:
        """Overwrite the object with this ETag and return the new one; None if the ETag is not the current one."""
        return self._put(key, data, {"If-Match": etag})

    def delete(self, keys: Iterable[str]) -> None:
        """Delete objects; missing ones are ignored."""
        names = list(keys)
        with self._errors("delete", ", ".join(names[:3])):
            for first in range(0, len(names), _IN_ONE_DELETE):
                self._delete(names[first : first + _IN_ONE_DELETE])

    def list(self, folder: str) -> list[str]:
        """Return the keys below `folder`, which is empty or ends with a slash."""
        with self._errors("list", folder):
            return list(self._listed(folder))

    def _put(self, key: str, data: bytes, condition: Mapping[str, str]) -> str | None:
        with self._errors("write", key):
            kind = "application/json" if key.endswith(".json") else "application/octet-stream"
            answer = self._call("PUT", key, headers={"Content-Type": kind, **condition}, body=data)
            refused = answer.status == 412 or _code_of(answer) == "ConditionalRequestConflict" or _is_missing(answer)
            if condition and refused:
                return None
            etag = _checked(answer).headers.get("etag")
        if not etag:
            raise S3Error(
                Problem("s3", f"{self.location} does not return ETags", hint="Use a store that supports them.")
            )
        return etag

    def _delete(self, keys: Iterable[str]) -> None:
        named = "".join(f"<Object><Key>{escape(self._name(key))}</Key></Object>" for key in keys)
        body = f"<Delete><Quiet>true</Quiet>{named}</Delete>".encode()
        # S3 requires this checksum of a list of keys.
        checksum = b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()
        headers = {"Content-MD5": checksum, "Content-Type": "application/xml"}
        answer = _checked(self._call("POST", query="delete=", headers=headers, body=body))
        if set(_CODE.findall(answer.body)) - {b"NoSuchKey"}:
            raise _AnswerError(answer)

    def _listed(self, folder: str) -> Iterator[str]:
        below = f"{self.location.prefix}/" if self.location.prefix else ""
        query = {"list-type": "2", "prefix": below + folder}
        while True:
            words = sorted(f"{name}={quote(value, safe='')}" for name, value in query.items())
            page, space = _list_of(_checked(self._call("GET", query="&".join(words))))
            yield from (
                (one.text or "").removeprefix(below)
                for one in page.iterfind(f"{space}Contents/{space}Key")
                if one.text and not one.text.endswith("/")  # a folder that a console made
            )
            following = page.findtext(f"{space}NextContinuationToken")
            if not following:
                return
            query["continuation-token"] = following

    def _call(
        self,
        method: str,
        key: str = "",
        *,
        query: str = "",
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> "Answer":
        """Send a request, again after errors of the server or the network. A conditional write is repeated only if the
        server cannot have received it, or has answered that it failed.
        """
        from reconciler.s3.requests import INTERRUPTIONS, NotSentError

        path = f"/{quote(self._name(key), safe='/-_.~')}" if key else ""
        repeatable = not {"If-Match", "If-None-Match"} & (headers or {}).keys()
        end = time.monotonic() + _RETRY_SECONDS
        for attempt in count():
            delay = _FIRST_DELAY * 2.0**attempt * random.uniform(0.5, 1.5)  # noqa: S311 - no secret
            last = attempt == _RETRIES or time.monotonic() + delay > end
            try:
                answer = self._server.send(method, path, query, headers or {}, body)
                if last or not (answer.status >= 500 or answer.status == 429):
                    return answer
            except (NotSentError, *INTERRUPTIONS) as error:
                if last or not (repeatable or isinstance(error, NotSentError)):
                    raise
            time.sleep(delay)
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _name(self, key: str) -> str:
        return f"{self.location.prefix}/{key}" if self.location.prefix else key

    @cached_property
    def _server(self) -> "Server":
        from reconciler.s3.requests import Server

        region = self.location.region or _ambient_region(os.environ)
        endpoint = self.location.endpoint_url or _ambient_endpoint(os.environ)
        return Server(self.location, (endpoint or f"https://s3.{region}.amazonaws.com").rstrip("/"), region)

    @contextmanager
    def _errors(self, verb: str, key: str) -> Iterator[None]:
        try:
            import botocore.auth  # noqa: F401 - only checks that it is installed

            from reconciler.s3.requests import INTERRUPTIONS, NoCredentialsError, NotSentError
        except ImportError as error:
            message = f"{self.location} requires a package that is not installed"
            hint = "Install the extra, in a checkout of Reconciler: pip install '.[s3]'"
            raise NotInstalledError(Problem("s3", message, hint=hint)) from error
        try:
            yield
        except _AnswerError as error:
            why, hint = _explained(error.answer)
        except _NotAListError as error:
            why, hint = f"the answer is not a list of S3: {error}", _NETWORK
        except NoCredentialsError:
            why, hint = "no credentials found", _CREDENTIALS
        except NotSentError as error:
            why, hint = _unreached(error.__cause__), _NETWORK
        except INTERRUPTIONS as error:
            why, hint = _unreached(error), _NETWORK
        else:
            return
        raise S3Error(Problem("s3", f"cannot {verb} {self.location}/{key}: {why}", hint=hint))


class _NotAListError(Exception):
    """The answer is not a list of objects, but the page of a proxy, for example."""


class _AnswerError(Exception):
    """The server answered with an error."""

    def __init__(self, answer: "Answer") -> None:
        self.answer = answer
        super().__init__(answer.status)


def _checked(answer: "Answer") -> "Answer":
    if not 200 <= answer.status < 300:
        raise _AnswerError(answer)
    return answer


def _list_of(answer: "Answer") -> tuple["Element", str]:
    """Return a page of a list, and the namespace of its elements."""
    from xml.etree import ElementTree as ET

    try:
        page = ET.fromstring(answer.body)  # noqa: S314 - of a trusted server, and expat limits expansion
    except SyntaxError as error:
        raise _NotAListError(str(error)) from error
    space, _, name = page.tag.rpartition("}")
    if name != "ListBucketResult":
        raise _NotAListError(f"<{_printable(name)}>")
    return page, f"{space}}}" if space else ""


def _is_missing(answer: "Answer") -> bool:
    """Return True if the object does not exist. A missing bucket has the same status."""
    return answer.status == 404 and _code_of(answer) != "NoSuchBucket"


def _ambient_region(environ: Mapping[str, str]) -> str:
    region = environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or _DEFAULT_REGION
    try:
        return check_region(region)
    except ValueError as error:
        raise S3Error(Problem("s3", f"AWS_REGION is not valid: {error}", hint="Correct or unset it.")) from error


def _ambient_endpoint(environ: Mapping[str, str]) -> str | None:
    endpoint = environ.get("AWS_ENDPOINT_URL_S3") or environ.get("AWS_ENDPOINT_URL")
    try:
        return check_endpoint(endpoint) if endpoint else None
    except ValueError as error:
        raise S3Error(Problem("s3", f"AWS_ENDPOINT_URL is not valid: {error}", hint="Correct or unset it.")) from error


def _code_of(answer: "Answer") -> str:
    """Return the error code of S3, such as `NoSuchBucket`, or the HTTP status."""
    found = _CODE.search(answer.body)
    return found[1].decode() if found else str(answer.status)


def _explained(answer: "Answer") -> tuple[str, str]:
    """Return the reason and the hint for an error. Quotes only code and message of an answer: it may contain keys."""
    code, message = _code_of(answer), _MESSAGE.search(answer.body)
    if 300 <= answer.status < 400:
        host = _printable(urlsplit(answer.headers.get("location", "")).hostname or "")
        return f"it answered {code}{f', a redirect to {host}' if host else ''}", _HINTS.get(code, _REDIRECT)
    quoted = _printable(message[1].decode("utf-8", "replace")) if message else ""
    return f"it answered {code}{f' ({quoted})' if quoted else ''}", _HINTS.get(code, _NETWORK)


def _printable(text: str) -> str:
    return "".join(letter for letter in text if letter.isprintable())


def _unreached(error: BaseException | None) -> str:
    if isinstance(error, TimeoutError):
        return "it did not answer in time"
    certificate = getattr(error, "verify_message", "")
    cause = certificate or (reason(error) if isinstance(error, OSError) else "")
    return f"it cannot be reached ({cause or 'the connection was closed'})"
