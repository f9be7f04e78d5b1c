"""Signed requests to one server. Redirects are not followed: each one would pass on the session token.

The time limit of a request covers the connection, the answer and every byte of it, so that a server that sends one byte
a second does not hold up a run.
"""

import io
import os
import socket
import ssl
import time
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from queue import Empty, LifoQueue
from select import POLLIN, poll
from typing import Any, Final, NamedTuple, cast
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from reconciler.s3.location import Location, is_loopback

SECONDS: Final = 20.0
"""The time limit of one request, in seconds."""
_CONNECT_SECONDS: Final = 5.0
_IDLE_SECONDS: Final = 10.0
"""A connection is not used again after this time: servers close them after twenty seconds or more."""
_SERVICE: Final = "s3"


class Answer(NamedTuple):
    """The answer to one request."""

    status: int
    headers: Mapping[str, str]
    """By name in lower case."""
    body: bytes


class NoCredentialsError(Exception):
    """Neither the environment nor the machine or job has credentials."""


class NotSentError(Exception):
    """No connection was made, so that the request had no effect. The cause is an OSError."""


@dataclass(frozen=True)
class Server:
    """The server of a location, with reused connections. Threads may share one."""

    location: Location
    endpoint: str
    """Without a slash at the end."""
    region: str

    def send(self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Send one signed request. `path` and `query` are encoded.

        Raises NoCredentialsError, NotSentError, or OSError and HTTPException if there is no complete answer.
        """
        target = f"{self._base}{path}" + (f"?{query}" if query else "")
        signed = self._signed(method, target, headers, body)
        end = time.monotonic() + SECONDS
        connection = self._connection()
        try:
            # A limit for the whole request body, which `sendall` does not start again with each part.
            cast("socket.socket", connection.sock).settimeout(SECONDS)
            connection.request(method, target, body or None, signed)
            connection.response_class = _limited(end)
            response = connection.getresponse()
            answer = Answer(
                response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()
            )
        except BaseException:
            connection.close()
            raise
        if response.will_close:
            connection.close()
        else:
            self._idle.put((connection, time.monotonic()))
        return answer

    def _signed(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> dict[str, str]:
        from botocore.auth import S3SigV4Auth
        from botocore.awsrequest import AWSRequest

        request = AWSRequest(method=method, url=f"{self._origin}{target}", headers=dict(headers), data=body)
        S3SigV4Auth(self._credentials(), _SERVICE, self.region).add_auth(request)
        return {name: value for name, value in request.headers.items() if name.lower() != "host"}

    def _credentials(self) -> Any:
        from botocore.exceptions import BotoCoreError

        try:
            found = self._provider
            frozen = found.get_frozen_credentials() if found else None  # refreshed when they are about to expire
        except (BotoCoreError, ValueError) as error:
            raise NoCredentialsError(str(error)) from error
        if frozen is None or not frozen.access_key:
            raise NoCredentialsError
        return frozen

    @cached_property
    def _provider(self) -> Any:
        from botocore.session import Session

        return Session().get_credentials()

    def _connection(self) -> HTTPConnection:
        """Return an open connection: an idle one, unless the server has closed it, or a new one."""
        while True:
            try:
                idle, since = self._idle.get_nowait()
            except Empty:
                return self._connected()
            if time.monotonic() - since < _IDLE_SECONDS and not _is_readable(idle.sock):
                return idle
            idle.close()

    def _connected(self) -> HTTPConnection:
        connection = self._new()
        try:
            connection.connect()
        except OSError as error:
            connection.close()
            raise NotSentError from error
        return connection

    def _new(self) -> HTTPConnection:
        parts = urlsplit(self.endpoint)
        host = parts.hostname or ""
        if parts.scheme == "http":  # to this machine, without a proxy
            return HTTPConnection(host, parts.port, timeout=_CONNECT_SECONDS)
        context = ssl.create_default_context(cafile=os.environ.get("AWS_CA_BUNDLE") or None)
        proxy = None if is_loopback(host) or proxy_bypass(host) else getproxies().get("https")
        if proxy is None:
            return HTTPSConnection(host, parts.port, timeout=_CONNECT_SECONDS, context=context)
        through = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
        connection = HTTPSConnection(
            through.hostname or "", through.port or 80, timeout=_CONNECT_SECONDS, context=context
        )
        connection.set_tunnel(host, parts.port or 443, _proxy_headers(through.username, through.password))
        return connection

    @cached_property
    def _idle(self) -> "LifoQueue[tuple[HTTPConnection, float]]":
        return LifoQueue()

    @property
    def _origin(self) -> str:
        parts = urlsplit(self.endpoint)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def _base(self) -> str:
        return f"{urlsplit(self.endpoint).path}/{self.location.bucket}"


def _is_readable(sock: socket.socket) -> bool:
    """Return True if something was received that no request waits for: the end of the connection, usually."""
    found = poll()
    found.register(sock, POLLIN)
    return bool(found.poll(0))


def _proxy_headers(user: str | None, password: str | None) -> dict[str, str]:
    if user is None:
        return {}
    pair = f"{unquote(user)}:{unquote(password or '')}".encode()
    return {"Proxy-Authorization": f"Basic {b64encode(pair).decode()}"}


def _limited(end: float) -> Any:
    """Return the constructor of a response that is read until the monotonic time `end`."""

    def response(sock: socket.socket, *arguments: Any, **options: Any) -> HTTPResponse:
        return HTTPResponse(cast("socket.socket", _Limited(sock, end)), *arguments, **options)

    return response


@dataclass(frozen=True)
class _Limited:
    """A socket that is read until a time. A timeout of the socket alone starts again with each byte."""

    sock: socket.socket
    end: float

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_LimitedReader(self.sock, self.end))


class _LimitedReader(io.RawIOBase):
    def __init__(self, sock: socket.socket, end: float) -> None:
        # The socket stays open until this file is closed, although `http.client` may close the connection before.
        self._sock, self._raw, self._end = sock, sock.makefile("rb", buffering=0), end

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._sock.settimeout(left)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


INTERRUPTIONS: Final = (OSError, HTTPException)
"""Errors after which it is not known whether a request had an effect."""
