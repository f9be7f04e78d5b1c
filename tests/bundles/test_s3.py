import subprocess
import sys
from dataclasses import replace

import pytest

from reconciler.bundles import BundleError, load
from reconciler.bundles.publish import read_all, withdraw
from reconciler.bundles.render import contents
from reconciler.bundles.s3 import S3Outlet
from reconciler.resources.address import Address
from reconciler.s3.objects import S3Error
from tests.support.publishing import publish
from tests.support.servers import S3Server

PRODUCTION, DRAFT = "acme/production", "chatbot/support@working"


@pytest.fixture
def outlet(bucket):
    return S3Outlet(bucket)


@pytest.fixture
def published(outlet, identity, objects, ids):
    publish([outlet], identity, Address.parse(DRAFT), contents(objects)[Address("chatbot", "support")], ids)
    return outlet


class TestOutlet:
    def test_what_is_written_is_read_until_it_is_deleted(self, outlet):
        assert outlet.read("acme/a.json") is None
        outlet.write("acme/a.json", b"one")
        outlet.write("acme/a.json", b"two")
        assert outlet.read("acme/a.json") == b"two"
        outlet.delete("acme/a.json")
        outlet.delete("acme/a.json")
        assert outlet.list("") == []

    def test_keys_are_listed_by_prefix(self, outlet):
        for key in ("acme/chatbot/b.json", "acme/chatbot/a.json", "acme/blobs/1.json", "acme2/chatbot/a.json"):
            outlet.write(key, b"")
        assert outlet.list("acme/") == ["acme/blobs/1.json", "acme/chatbot/a.json", "acme/chatbot/b.json"]
        assert outlet.list("acme/chatbot/a") == ["acme/chatbot/a.json"]
        assert outlet.list("ac") == outlet.list("") != []

    @pytest.mark.parametrize("key", ["../a", "a/../../b", "/etc/passwd", "", "a//b", ".hidden", "a\\b", "a\0b", "a/"])
    def test_invalid_key_is_rejected(self, outlet, key):
        for use in (outlet.read, outlet.delete, lambda key: outlet.write(key, b"")):
            with pytest.raises(ValueError, match="not a valid outlet key"):
                use(key)

    def test_missing_bucket_is_an_error(self, bucket):
        with pytest.raises(S3Error, match="NoSuchBucket"):
            S3Outlet(replace(bucket, bucket="no-such-bucket")).list("acme/")

    def test_what_is_published_is_found_again(self, published, identity):
        assert [str(address) for address in read_all(published, identity)] == [DRAFT]
        withdraw([published], identity, Address.parse(DRAFT))
        assert read_all(published, identity) == {}


class TestLoad:
    def test_a_bundle_is_loaded_from_its_url(self, bucket, published):
        bundle = load(bucket.url, PRODUCTION, DRAFT)
        assert bundle.agent_id("assistant/technical") == "agent_1"
        assert load(bucket.url, PRODUCTION, DRAFT) is bundle

    def test_load_unpublished_bundle_is_missing(self, bucket):
        with pytest.raises(BundleError) as caught:
            load(bucket.url, PRODUCTION, DRAFT)
        assert caught.value.code == "missing"

    @pytest.mark.parametrize("url", ["s3://a", "s3://acme?regoin=x", "s3://acme?endpoint_url=http://s3.example"])
    def test_load_from_invalid_url_is_an_error(self, url):
        with pytest.raises(BundleError) as caught:
            load(url, PRODUCTION, DRAFT)
        assert caught.value.code == "usage"

    def test_missing_package_names_what_to_install(self, bucket, monkeypatch):
        monkeypatch.setitem(sys.modules, "botocore.exceptions", None)
        with pytest.raises(BundleError, match=r"pip install '\.\[s3\]'") as caught:
            load(bucket.url, PRODUCTION, DRAFT)
        assert caught.value.code == "usage"

    def test_unreachable_server_returns_the_last_bundle(self, bucket, identity, objects, ids, tmp_path):
        server = S3Server()
        server.start()
        server.make_bucket("acme-bundles")
        location = replace(bucket, bucket="acme-bundles", endpoint_url=server.url)
        blob = contents(objects)[Address("chatbot", "support")]
        publish([S3Outlet(location)], identity, Address.parse(DRAFT), blob, ids)
        assert not load(location.url, PRODUCTION, DRAFT, cache=tmp_path).stale
        server.stop()
        earlier = load(location.url, PRODUCTION, DRAFT)
        assert earlier.problem
        assert earlier.problem.code == "unreachable"
        assert in_another_process(location.url, str(tmp_path)) == "True unreachable agent_1"


def in_another_process(url: str, cache: str) -> str:
    script = (
        "import sys; from reconciler.bundles import load; bundle = load(*sys.argv[1:4], cache=sys.argv[4]);"
        "print(bundle.stale, bundle.problem.code, bundle.agent_id('assistant/technical'))"
    )
    command = [sys.executable, "-c", script, url, PRODUCTION, DRAFT, cache]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
