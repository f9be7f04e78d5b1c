"""Errors of buckets and credentials as users see them."""

import sys
from dataclasses import replace

import pytest

from reconciler.s3.location import Location
from reconciler.s3.objects import NotInstalledError, Objects, S3Error
from tests.support.servers import PASSWORD, free_port

CALLS = {
    "read": lambda objects: objects.get("a/key"),
    "write": lambda objects: objects.put("a/key", b"new"),
    "create": lambda objects: objects.create("a/key", b"new"),
    "replace": lambda objects: objects.replace("a/key", b"new", '"0"'),
    "delete": lambda objects: objects.delete(["a/key"]),
    "list": lambda objects: objects.list("a/"),
}
every_call = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)


def problem(location: Location, call=CALLS["read"]):
    with pytest.raises(S3Error) as caught:
        call(Objects(location))
    (found,) = caught.value.problems
    assert PASSWORD not in str(found)
    assert "AKIAEXAMPLE" not in str(found)
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
    assert "it cannot be reached (Connection refused)" in found.message
    assert "endpoint_url" in found.hint


def test_missing_credentials_name_the_variables_to_set(bucket, monkeypatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", f"http://127.0.0.1:{free_port()}")
    found = problem(bucket)
    assert "no credentials found" in found.message
    assert "AWS_SECRET_ACCESS_KEY" in found.hint


def test_missing_package_names_what_to_install(bucket, monkeypatch):
    monkeypatch.setitem(sys.modules, "botocore.auth", None)
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
    assert "AWS_REGION is not valid" in problem(Location(bucket.bucket)).message
