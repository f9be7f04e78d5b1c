"""Signed requests: what they contain, redirects, and servers that are slow or fail."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from reconciler.s3 import objects, requests
from reconciler.s3.location import Location
from reconciler.s3.objects import Objects, S3Error
from tests.support.recording import recording
from tests.support.silent import silent

TOKEN = "session-token-of-the-job"
CALLS: dict[str, Callable[[Objects], object]] = {
    "read": lambda found: found.get("a/key"),
    "write": lambda found: found.put("a/key", b"new"),
    "create": lambda found: found.create("a/key", b"new"),
    "replace": lambda found: found.replace("a/key", b"new", '"0"'),
    "delete": lambda found: found.delete(["a/key"]),
    "list": lambda found: found.list("a/"),
}
every_call = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret-key-of-the-job")
    monkeypatch.setenv("AWS_SESSION_TOKEN", TOKEN)
    monkeypatch.setattr(objects, "_FIRST_DELAY", 0.001)


def at(url: str) -> Objects:
    return Objects(Location("acme-bundles", "team a", "eu-central-1", url.removesuffix("/v1")))


def failed(found: Objects, call: Callable[[Objects], object] = CALLS["read"]) -> str:
    with pytest.raises(S3Error) as caught:
        call(found)
    assert "secret-key" not in str(caught.value)
    assert TOKEN not in str(caught.value)
    return caught.value.problems[0].message


class TestRedirects:
    """The session token would go to the server that is named in the answer."""

    @every_call
    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_a_redirect_is_not_followed(self, call, status):
        with recording() as other, recording(status, {"Location": f"{other.url}/acme-bundles/x"}) as server:
            message = failed(at(server.url), call)
        assert f"it answered {status}, a redirect to 127.0.0.1" in message
        assert (len(server.requests), other.requests) == (1, [])

    def test_a_redirect_of_amazon_names_the_region_to_set(self):
        body = b"<Error><Code>PermanentRedirect</Code><Message>Use another endpoint.</Message></Error>"
        location = {"Location": "https://acme.s3.eu-west-1.amazonaws.com"}
        with recording(301, location, body) as server, pytest.raises(S3Error) as caught:
            at(server.url).list("")
        assert "PermanentRedirect" in caught.value.problems[0].message
        assert "AWS_REGION" in caught.value.problems[0].hint

    def test_the_named_server_is_shown_as_text(self):
        with recording(302, {"Location": "https://evil.example/\x1b[31m"}) as server:
            assert "\x1b" not in failed(at(server.url))


class TestSlowServers:
    @every_call
    @pytest.mark.parametrize("drips", [False, True], ids=["never answers", "a byte at a time"])
    def test_a_request_ends(self, call, drips, monkeypatch):
        monkeypatch.setattr(requests, "SECONDS", 0.4)
        monkeypatch.setattr(objects, "_RETRIES", 1)
        started = time.monotonic()
        with silent(drips=drips) as url:
            assert "it did not answer in time" in failed(at(url), call)
        assert time.monotonic() - started < 5

    def test_a_head_that_comes_a_byte_at_a_time_ends_too(self, monkeypatch):
        monkeypatch.setattr(requests, "SECONDS", 0.4)
        monkeypatch.setattr(objects, "_RETRIES", 0)
        monkeypatch.setattr("tests.support.silent.HEAD", b"HTTP/1.1 200 OK\r\nX-Endless: ")
        with silent(drips=True) as url:
            assert "it did not answer in time" in failed(at(url))


class TestFailingServers:
    @every_call
    @pytest.mark.parametrize("status", [500, 503, 429])
    def test_a_failure_of_the_server_is_repeated(self, call, status):
        with recording(status) as server:
            assert f"it answered {status}" in failed(at(server.url), call)
        assert len(server.requests) == objects._RETRIES + 1

    @pytest.mark.parametrize("body", [b"", b"not xml", b"<html><body>Login</body></html>", b"<x:y/>", b"\xff\xfe"])
    def test_a_page_of_a_proxy_is_not_an_empty_list(self, body):
        with recording(200, body=body) as server:
            assert "the answer is not a list of S3" in failed(at(server.url), CALLS["list"])

    def test_an_answer_that_quotes_keys_is_not_shown(self):
        body = b"<Error><Code>SignatureDoesNotMatch</Code><StringToSign>secret-key-of-the-job</StringToSign></Error>"
        with recording(403, body=body) as server:
            assert failed(at(server.url)).endswith("it answered SignatureDoesNotMatch")


class TestProxies:
    @pytest.fixture(autouse=True)
    def once(self, monkeypatch):
        monkeypatch.setattr(objects, "_RETRIES", 0)
        for name in ("no_proxy", "NO_PROXY", "https_proxy"):
            monkeypatch.delenv(name, raising=False)

    def test_requests_to_another_machine_go_through_the_proxy(self, monkeypatch):
        with recording(403) as proxy:
            monkeypatch.setenv("HTTPS_PROXY", proxy.url.replace("://", "://kim:p%40ss@"))
            message = failed(at("https://s3.example"))
        (request,) = proxy.requests
        assert request.startswith("CONNECT s3.example:443\n")
        assert "Proxy-Authorization: Basic a2ltOnBAc3M=" in request
        assert TOKEN not in request
        assert "it cannot be reached (Tunnel connection failed: 403" in message

    def test_requests_to_this_machine_do_not(self, monkeypatch):
        with recording(403) as proxy, recording(200, {"ETag": '"1"'}) as server:
            monkeypatch.setenv("HTTP_PROXY", proxy.url)
            monkeypatch.setenv("HTTPS_PROXY", proxy.url)
            assert at(server.url).get("a/key")
        assert proxy.requests == []

    def test_a_server_without_a_certificate_receives_nothing(self):
        with recording(200) as server:
            assert "it cannot be reached" in failed(at(server.url.replace("http:", "https:")))
        assert server.requests == []


class TestRequests:
    def test_a_request_has_the_token_and_not_the_secret_key(self):
        with recording(200, {"ETag": '"1"'}) as server:
            at(server.url).put("a/key", b"new")
        (request,) = server.requests
        assert request.startswith("PUT /acme-bundles/team%20a/a/key\n")
        assert TOKEN in request
        assert "secret-key" not in request

    def test_keys_with_special_characters_are_read_as_they_were_written(self, bucket, monkeypatch):
        monkeypatch.delenv("AWS_SESSION_TOKEN")
        names = ["a+b", "a b", "ä/ö", "100%", "a&b<c>", "x?y=z", "q#r", "'\"", "a=b@c:d,e;f~g"]
        found = Objects(bucket)
        for name in names:
            found.put(name, name.encode())
        assert sorted(found.list("")) == sorted(names)
        assert [found.get(name).data for name in names] == [name.encode() for name in names]  # type: ignore[union-attr]
        found.delete([*names, "missing"])
        assert found.list("") == []

    def test_a_list_of_several_pages_is_complete(self, bucket, monkeypatch):
        monkeypatch.setattr(objects, "_IN_ONE_DELETE", 400)
        found = Objects(replace(bucket, prefix=""))
        names = [f"blobs/{number:04}.json" for number in range(1_003)]
        for name in names:
            found.put(name, b"")
        assert sorted(found.list("blobs/")) == names
        found.delete(names)
        assert found.list("") == []

    def test_threads_share_connections(self, bucket):
        found = Objects(bucket)
        found.put("key", b"here")
        threads = [threading.Thread(target=found.get, args=("key",)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found.get("key")
