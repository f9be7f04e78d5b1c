"""Errors of buckets and credentials as users see them; redirects, slow and failing servers, and proxies."""

import socket
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from reconciler.s3 import objects
from reconciler.s3.location import Location
from reconciler.s3.objects import NotInstalledError, Objects, S3Error
from tests.support.recording import recording
from tests.support.servers import PASSWORD, free_port
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
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0.001)


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", PASSWORD)
    monkeypatch.setenv("AWS_SESSION_TOKEN", TOKEN)


with_credentials = pytest.mark.usefixtures("credentials")


def at(url: str) -> Location:
    return Location("acme-bundles", "team a", "eu-central-1", url.removesuffix("/v1"))


def problem(location: Location, call: Callable[[Objects], object] = CALLS["read"]):
    with pytest.raises(S3Error) as caught:
        call(Objects(location))
    (found,) = caught.value.problems
    for secret in (PASSWORD, TOKEN, "AKIAEXAMPLE"):
        assert secret not in str(found)
    assert "\n" not in found.message
    return found


@every_call
def test_missing_bucket_is_an_error(bucket, call):
    found = problem(replace(bucket, bucket="no-such-bucket"), call)
    assert "s3://no-such-bucket/team a/acme/a/: it answered NoSuchBucket" in found.message.replace("a/key", "a/")
    assert "Reconciler does not create buckets" in found.hint


@every_call
def test_unknown_access_key_is_rejected_without_showing_it(bucket, s3_server, call):
    s3_server.check_keys(True)
    try:
        found = problem(bucket, call)
    finally:
        s3_server.check_keys(False)
    assert "it answered InvalidAccessKeyId" in found.message
    assert "AWS_ACCESS_KEY_ID" in found.hint


def test_unreachable_server_is_an_error(bucket):
    found = problem(replace(bucket, endpoint_url=f"http://127.0.0.1:{free_port()}"))
    assert "Could not connect to the endpoint URL" in found.message
    assert "endpoint_url" in found.hint


def test_missing_credentials_name_the_variables_to_set(bucket, monkeypatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", f"http://127.0.0.1:{free_port()}")
    found = problem(bucket)
    assert "Unable to locate credentials" in found.message
    assert "AWS_SECRET_ACCESS_KEY" in found.hint


def test_missing_package_names_what_to_install(bucket, monkeypatch):
    monkeypatch.setitem(sys.modules, "botocore.exceptions", None)
    with pytest.raises(NotInstalledError, match=r"pip install '\.\[s3\]'"):
        Objects(bucket).get("key")


@pytest.mark.parametrize("variable", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"])
def test_endpoint_and_region_may_come_from_the_environment(bucket, monkeypatch, variable):
    Objects(bucket).put("key", b"here")
    monkeypatch.setenv(variable, bucket.endpoint_url)
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    found = Objects(Location(bucket.bucket, bucket.prefix)).get("key")
    assert found
    assert found.data == b"here"


def test_a_location_wins_over_the_environment(bucket, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://elsewhere.invalid")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "https://elsewhere.invalid")
    assert Objects(bucket).create("key", b"here")
    assert Objects(bucket).create("key", b"again") is None


def test_plain_http_endpoint_is_rejected(bucket, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://s3.example")
    found = problem(Location(bucket.bucket))
    assert "AWS_ENDPOINT_URL is not valid" in found.message


@pytest.mark.parametrize("region", ["evil.example/", "eu-central-1.evil.example#", "eu@evil"])
@pytest.mark.parametrize("variable", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_a_region_of_the_environment_that_is_part_of_no_server_name_is_rejected(bucket, monkeypatch, variable, region):
    monkeypatch.setenv(variable, region)
    assert f"{variable} is not valid" in problem(Location(bucket.bucket)).message


class TestCredentials:
    @pytest.fixture(autouse=True)
    def profiles(self, monkeypatch, tmp_path):
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.delenv(name, raising=False)
        path = tmp_path / "credentials"
        path.write_text(f"[ci]\naws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = {PASSWORD}\n")
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(path))
        monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))

    def test_credentials_come_from_a_profile(self, monkeypatch):
        monkeypatch.setenv("AWS_PROFILE", "ci")
        with recording() as server:
            assert Objects(at(server.url)).get("a/key") is None
        assert "Credential=AKIAEXAMPLE/" in server.requests[0]

    @every_call
    def test_a_service_of_credentials_that_is_not_found_is_not_a_missing_object(self, call, monkeypatch, tmp_path):
        (tmp_path / "token").write_text("token")
        monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(tmp_path / "token"))
        monkeypatch.setenv("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/ci")
        body = b"<ErrorResponse><Error><Code>NotFound</Code></Error></ErrorResponse>"
        with recording(404, body=body) as service, recording() as server:
            monkeypatch.setenv("AWS_ENDPOINT_URL_STS", service.url)
            assert "it answered NotFound" in problem(at(server.url), call).message
        assert service.requests
        assert server.requests == []

    @pytest.mark.parametrize(
        ("environ", "message"),
        [
            ({"AWS_PROFILE": "other"}, r"The config profile \(other\) could not be found[^\0]*Correct AWS_PROFILE"),
            ({"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE"}, "Partial credentials found in env, missing: AWS_SECRET_ACCESS_KEY"),
            (
                {"AWS_PROFILE": "ci", "AWS_CA_BUNDLE": "/no/such"},
                r"No such file[^\0]*that AWS_CA_BUNDLE names the file",
            ),
        ],
    )
    def test_wrong_settings_are_errors_before_a_request(self, monkeypatch, environ, message):
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        with recording() as server, pytest.raises(S3Error, match=message):
            Objects(at(server.url.replace("http:", "https:"))).get("a/key")
        assert server.requests == []


@with_credentials
class TestRedirects:
    """The session token would go to the server that is named in the answer."""

    @every_call
    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_a_redirect_is_not_followed(self, call, status):
        with recording() as other, recording(status, {"Location": f"{other.url}/acme-bundles/x"}) as server:
            found = problem(at(server.url), call)
        assert f"it answered {status}" in found.message
        assert "signed requests are sent to no other" in found.hint
        assert (len(server.requests), other.requests) == (1, [])

    @every_call
    @pytest.mark.parametrize(
        ("status", "code"),
        [(301, "PermanentRedirect"), (307, "TemporaryRedirect"), (400, "AuthorizationHeaderMalformed")],
    )
    def test_a_redirect_of_amazon_to_another_region_is_not_followed(self, call, status, code):
        body = f"<Error><Code>{code}</Code><Message>Use another.</Message><Region>eu-west-1</Region></Error>".encode()
        headers = {"Location": "https://acme.s3.eu-west-1.amazonaws.com", "x-amz-bucket-region": "eu-west-1"}
        with recording(status, headers, body) as server:
            found = problem(at(server.url), call)
        assert f"it answered {code} (Use another.)" in found.message
        assert "`region`" in found.hint
        assert len(server.requests) == 1

    @every_call
    def test_a_failure_that_names_another_region_is_repeated_at_the_same_server(self, call):
        body = b"<Error><Code>PermanentRedirect</Code><Region>eu-west-1</Region></Error>"
        with recording(500, {"x-amz-bucket-region": "eu-west-1"}, body) as server:
            problem(at(server.url), call)
        assert len(server.requests) == objects._ATTEMPTS


@with_credentials
class TestSlowServers:
    @every_call
    @pytest.mark.parametrize("drips", [False, True], ids=["never answers", "a byte at a time"])
    def test_a_request_ends(self, call, drips, monkeypatch):
        monkeypatch.setattr(objects, "_SECONDS", 0.4)
        started = time.monotonic()
        with silent(drips=drips) as url:
            assert "Read timeout on endpoint URL" in problem(at(url), call).message
        assert time.monotonic() - started < 15

    def test_a_head_that_comes_a_byte_at_a_time_ends_too(self, monkeypatch):
        monkeypatch.setattr(objects, "_SECONDS", 0.4)
        monkeypatch.setattr("tests.support.silent.HEAD", b"HTTP/1.1 200 OK\r\nX-Endless: ")
        with silent(drips=True) as url:
            assert "Read timeout on endpoint URL" in problem(at(url)).message


@with_credentials
class TestFailingServers:
    @every_call
    @pytest.mark.parametrize("status", [500, 503, 429])
    def test_a_failure_of_the_server_is_repeated(self, call, status):
        with recording(status) as server:
            assert f"it answered {status}" in problem(at(server.url), call).message
        assert len(server.requests) == objects._ATTEMPTS

    @pytest.mark.parametrize(("name", "times"), [(name, 1 if name in {"create", "replace"} else 6) for name in CALLS])
    def test_a_conditional_write_without_an_answer_is_not_repeated(self, name, times):
        """It may have had an effect: the next one would find the condition unmet."""
        with recording(None) as server:
            assert "Connection was closed" in problem(at(server.url), CALLS[name]).message
        assert len(server.requests) == times

    @every_call
    def test_a_request_that_was_not_sent_is_repeated(self, call, monkeypatch):
        tries: list[object] = []

        def refuse(*words: object, **_: object) -> None:
            tries.append(words)
            raise socket.gaierror(socket.EAI_NONAME, "unknown")

        monkeypatch.setattr(socket, "getaddrinfo", refuse)
        problem(at("https://s3.example"), call)
        assert len(tries) == objects._ATTEMPTS

    @pytest.mark.parametrize("body", [b"", b"not xml", b"<html><body>Login</body></html>", b"<x:y/>", b"\xff\xfe"])
    def test_a_page_of_a_proxy_is_not_an_empty_list(self, body):
        with recording(200, body=body) as server:
            assert problem(at(server.url), CALLS["list"])

    def test_a_page_of_a_proxy_is_not_written_to(self):
        with recording(200, body=b"<html><body>Login</body></html>") as server:
            assert "does not return ETags" in problem(at(server.url), CALLS["write"]).message

    def test_an_answer_that_quotes_keys_is_not_shown(self):
        quoted = f"<StringToSign>{PASSWORD}</StringToSign>".encode()
        body = b"<Error><Code>SignatureDoesNotMatch</Code>" + quoted + b"</Error>"
        with recording(403, body=body) as server:
            assert problem(at(server.url)).message.endswith("it answered SignatureDoesNotMatch")

    def test_an_answer_is_shown_as_text(self):
        body = "<Error><Code>Other</Code><Message>a\x85\u202eb\nc</Message></Error>".encode()
        with recording(403, body=body) as server:
            assert problem(at(server.url)).message.endswith("it answered Other (abc)")


@with_credentials
class TestProxies:
    @pytest.fixture(autouse=True)
    def once(self, monkeypatch):
        monkeypatch.setattr(objects, "_ATTEMPTS", 1)
        for name in ("no_proxy", "NO_PROXY", "https_proxy"):
            monkeypatch.delenv(name, raising=False)

    def test_requests_to_another_machine_go_through_the_proxy(self, monkeypatch):
        with recording(403) as proxy:
            monkeypatch.setenv("HTTPS_PROXY", proxy.url.replace("://", "://kim:p%40ss@"))
            found = problem(at("https://s3.example"))
        (request,) = proxy.requests
        assert request.startswith("CONNECT s3.example:443\n")
        assert "a2ltOnBAc3M=" in request  # kim:p@ss
        assert TOKEN not in request
        assert "Failed to connect to proxy URL" in found.message
        assert "p%40ss" not in found.message

    def test_requests_to_this_machine_do_not(self, monkeypatch):
        with recording(403) as proxy, recording(200, {"ETag": '"1"'}) as server:
            monkeypatch.setenv("HTTP_PROXY", proxy.url)
            monkeypatch.setenv("HTTPS_PROXY", proxy.url)
            assert Objects(at(server.url)).get("a/key")
        assert proxy.requests == []


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Return a file with a self-signed certificate for this machine, and its key."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "acme")])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem, path = serialization.Encoding.PEM, tmp_path / "certificate.pem"
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(made.public_bytes(pem) + secret)
    return path


@with_credentials
class TestCertificates:
    def test_a_server_without_a_certificate_receives_nothing(self):
        with recording(200) as server:
            assert "SSL validation failed" in problem(at(server.url.replace("http:", "https:"))).message
        assert server.requests == []

    def test_a_certificate_of_the_bundle_in_the_environment_is_accepted(self, monkeypatch, certificate):
        with recording(200, {"ETag": '"1"'}, certificate=certificate) as server:
            assert "CERTIFICATE_VERIFY_FAILED" in problem(at(server.url)).message
            monkeypatch.setenv("AWS_CA_BUNDLE", str(certificate))
            assert Objects(at(server.url)).get("a/key")
        assert len(server.requests) == 1


class TestRequests:
    @with_credentials
    def test_a_request_has_the_token_and_not_the_secret_key(self):
        with recording(200, {"ETag": '"1"'}) as server:
            Objects(at(server.url)).put("a/key", b"new")
        (request,) = server.requests
        assert request.startswith("PUT /acme-bundles/team%20a/a/key\n")
        assert TOKEN in request
        assert PASSWORD not in request

    def test_keys_with_special_characters_are_read_as_they_were_written(self, bucket):
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
