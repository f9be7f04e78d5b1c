"""Objects below one prefix, by key. Calls block; threads may share one `Objects`."""

import os
import socket
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property, partial
from io import BytesIO
from threading import Thread
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from reconciler.resources.problems import Problem, ReconcilerError
from reconciler.s3.location import Location, check_endpoint, check_region, is_loopback

_ATTEMPTS: Final = 6
_SECONDS: Final = 20.0
"""The time limit of a request. Two requests that reach it end well before a lock expires."""
_CONNECT_SECONDS: Final = 5.0
_CONNECTIONS: Final = 32
_IN_ONE_DELETE: Final = 1_000

_NETWORK: Final = "Check `endpoint_url`, `region` and the network, then run the same command again."
_CREDENTIALS: Final = (
    "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and AWS_SESSION_TOKEN where there is one. "
    'To use a profile: eval "$(aws configure export-credentials --format env)"'
)
_RIGHTS: Final = "Grant s3:ListBucket on the bucket, and s3:GetObject, s3:PutObject and s3:DeleteObject on its objects."
_REDIRECT: Final = "Set `endpoint_url` or `region` to the server of the bucket: signed requests are sent to no other."
_REGION: Final = "Set `region` or AWS_REGION to the region of the bucket."
_HINTS: Final = {
    "NoSuchBucket": "Check the name and `endpoint_url`, or create the bucket: Reconciler does not create buckets.",
    **dict.fromkeys(("403", "AccessDenied"), _RIGHTS),
    **dict.fromkeys(("AuthorizationHeaderMalformed", "PermanentRedirect"), _REGION),
    **dict.fromkeys(("301", "302", "303", "307", "308"), _REDIRECT),
    **dict.fromkeys(("ExpiredToken", "InvalidAccessKeyId", "InvalidToken", "SignatureDoesNotMatch"), _CREDENTIALS),
    "SSLError": "Check `endpoint_url`, and that AWS_CA_BUNDLE names the file with the certificates of the server.",
    **dict.fromkeys(("CredentialRetrievalError", "NoCredentialsError", "PartialCredentialsError"), _CREDENTIALS),
    "ProfileNotFound": "Correct AWS_PROFILE, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
}
"""By the code of an answer, or the class of an error of botocore."""


class S3Error(ReconcilerError):
    """The bucket cannot be read or written."""


class NotInstalledError(S3Error):
    """The package `botocore` is not installed."""


class _RefusedError(S3Error):
    """The object does not exist, or a condition is not met."""


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
        with suppress(_RefusedError), self._errors("read", key):
            answer = self._client.get_object(Bucket=self.location.bucket, Key=self._name(key))
            return Found(answer["Body"].read(), answer.get("ETag", ""))
        return None

    def put(self, key: str, data: bytes) -> None:
        """Write an object, overwriting an existing one."""
        self._put(key, data)

    def create(self, key: str, data: bytes) -> str | None:
        """Write a new object and return its ETag; None if the key already exists."""
        with suppress(_RefusedError):
            return self._put(key, data, IfNoneMatch="*")
        return None

    def replace(self, key: str, data: bytes, etag: str) -> str | None:
        """Overwrite the object with this ETag and return the new one; None if the ETag is not the current one."""
        with suppress(_RefusedError):
            return self._put(key, data, IfMatch=etag)
        return None

    def delete(self, keys: Iterable[str]) -> None:
        """Delete objects; missing ones are ignored."""
        names = list(keys)
        with self._errors("delete", ", ".join(names[:3])):
            from botocore.exceptions import ClientError

            for first in range(0, len(names), _IN_ONE_DELETE):
                batch = [{"Key": self._name(key)} for key in names[first : first + _IN_ONE_DELETE]]
                answer = self._client.delete_objects(Bucket=self.location.bucket, Delete={"Objects": batch})
                for error in answer.get("Errors", ()):
                    if error.get("Code") != "NoSuchKey":
                        raise ClientError({"Error": error}, "DeleteObjects")

    def list(self, folder: str) -> list[str]:
        """Return the keys below `folder`, which is empty or ends with a slash."""
        below, keys = self._name(""), []
        with self._errors("list", folder):
            from botocore.parsers import ResponseParserError

            pages = self._client.get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=self.location.bucket, Prefix=below + folder):
                if "Name" not in page:  # the page of a proxy, for example
                    raise ResponseParserError
                keys += [one["Key"].removeprefix(below) for one in page.get("Contents", ())]
        return [key for key in keys if not key.endswith("/")]  # without folders that a console made

    def _put(self, key: str, data: bytes, **condition: str) -> str:
        kind = "application/json" if key.endswith(".json") else "application/octet-stream"
        with self._errors("write", key):
            place = {"Bucket": self.location.bucket, "Key": self._name(key)}
            answer = self._client.put_object(**place, Body=data, ContentType=kind, **condition)
        if etag := answer.get("ETag"):
            return str(etag)
        raise S3Error(Problem("s3", f"{self.location} does not return ETags", hint="Use a store that supports them."))

    def _name(self, key: str) -> str:
        return f"{self.location.prefix}/{key}" if self.location.prefix else key

    @cached_property
    def _client(self) -> Any:
        from botocore.config import Config
        from botocore.httpsession import URLLib3Session
        from botocore.session import Session
        from botocore.utils import get_environ_proxies

        region = self.location.region or _variable(check_region, "AWS_REGION", "AWS_DEFAULT_REGION") or "us-east-1"
        endpoint = self.location.endpoint_url or _variable(check_endpoint, "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
        # Without an explicit endpoint, botocore may choose another one, also after an answer.
        endpoint = endpoint or f"https://s3.{region}.amazonaws.com"
        config = Config(
            signature_version="s3v4",
            s3={"addressing_style": "path"},
            retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
            request_checksum_calculation="when_required",  # other stores support fewer than Amazon
            response_checksum_validation="when_required",
        )
        session = Session()
        client = session.create_client("s3", region_name=region, endpoint_url=endpoint, config=config)
        http = URLLib3Session(
            verify=session.get_config_variable("ca_bundle") or True,
            proxies={} if is_loopback(urlsplit(endpoint).hostname or "") else get_environ_proxies(endpoint),
            timeout=(_CONNECT_SECONDS, _SECONDS),
            max_pool_connections=_CONNECTIONS,
            socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
        )
        client.meta.events.register("before-send.s3", partial(_send, http))
        client.meta.events.register_first("needs-retry.s3", _check_repeatable)
        return client

    @contextmanager
    def _errors(self, verb: str, key: str) -> Iterator[None]:
        try:
            from botocore.exceptions import BotoCoreError, ClientError
            from botocore.parsers import ResponseParserError
        except ImportError as error:
            message = f"{self.location} requires a package that is not installed"
            hint = "Install the extra, in a checkout of Reconciler: pip install '.[s3]'"
            raise NotInstalledError(Problem("s3", message, hint=hint)) from error
        kind: type[S3Error] = S3Error
        try:
            yield
        except ClientError as error:
            # Quotes only code and message of the answer: it may contain keys.
            answer, status = error.response["Error"], error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
            code, message = str(answer.get("Code") or status), answer.get("Message")
            refused = (
                status == 412 or code == "ConditionalRequestConflict" or (status == 404 and code != "NoSuchBucket")
            )
            if refused and error.operation_name in {"GetObject", "PutObject"}:  # and not one for credentials
                kind = _RefusedError
            why = f"it answered {code} ({message})" if message else f"it answered {code}"
        except ResponseParserError:
            code, why = "", "the answer is not one of S3"
        except (BotoCoreError, OSError, ValueError) as error:
            code, why = type(error).__name__, str(error)
        else:
            return
        why = "".join(letter for letter in why if letter.isprintable())
        raise kind(Problem("s3", f"cannot {verb} {self.location}/{key}: {why}", hint=_HINTS.get(code, _NETWORK)))


def _send(http: Any, request: Any, **_: Any) -> Any:
    """Send a request within a time limit. The timeout of `http` alone starts again with each byte of the answer."""
    from botocore.exceptions import ReadTimeoutError

    done: Future[Any] = Future()
    # As text: with bytes, urllib3 fails at the status 303. `Expect` costs a round trip, and a second with some servers.
    headers = {name: value.decode() if isinstance(value, bytes) else value for name, value in request.headers.items()}
    request.headers = {name: value for name, value in headers.items() if name != "Expect"}

    def send() -> None:
        try:
            request.stream_output = False  # to read all of the answer here
            answer = http.send(request)
            answer.raw = BytesIO(answer.content)
            done.set_result(answer)
        except Exception as error:  # noqa: BLE001 - raised where the result is used
            done.set_exception(error)

    Thread(target=send, daemon=True).start()
    try:
        return done.result(_SECONDS)
    except TimeoutError:
        raise ReadTimeoutError(endpoint_url=request.url) from None


def _check_repeatable(
    response: Any, caught_exception: Any, request_dict: Any, operation: Any, attempts: int, **_: Any
) -> None:
    """Raise the error of a request that botocore must not repeat.

    That is a redirect or another error of the request, the interruption of a conditional write that the server may have
    received, and the second time limit.
    """
    from botocore import exceptions

    if response and 300 <= response[0].status_code < 500 and response[0].status_code != 429:
        raise exceptions.ClientError(response[1], operation.name)
    not_sent = (exceptions.ConnectTimeoutError, exceptions.EndpointConnectionError, exceptions.ProxyConnectionError)
    is_conditional = {"If-Match", "If-None-Match"} & request_dict["headers"].keys()
    is_late = attempts > 1 and isinstance(caught_exception, exceptions.ReadTimeoutError)
    if caught_exception and (is_late or (is_conditional and not isinstance(caught_exception, not_sent))):
        raise caught_exception


def _variable(check: Callable[[str], str], *names: str) -> str | None:
    """Return the first of the environment variables that is set, checked."""
    for name in names:
        if value := os.environ.get(name):
            try:
                return check(value)
            except ValueError as error:
                raise S3Error(Problem("s3", f"{name} is not valid: {error}", hint="Correct or unset it.")) from error
    return None
