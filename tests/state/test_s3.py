from functools import partial

import pytest

from reconciler.resources.address import Address, Identity
from reconciler.resources.base import Applied
from reconciler.resources.problems import ReconcilerError
from reconciler.s3.location import Location
from reconciler.s3.objects import Objects
from reconciler.state.backend import Backend, open_store
from reconciler.state.lock import this_process
from reconciler.state.model import Completed
from reconciler.state.s3 import S3Store
from reconciler.state.store import StoreError
from tests.state.contract import SharedStoreContract
from tests.support.recording import recording
from tests.support.servers import S3Server

ACME = Identity("acme", "production")


class TestS3Store(SharedStoreContract):
    @pytest.fixture
    def opener(self, bucket):
        return partial(S3Store, bucket)


def test_reading_makes_nothing(bucket):
    store = S3Store(bucket)
    assert store.read("state/acme/state.json") is None
    assert store.list("") == []
    assert Objects(Location(bucket.bucket, "", bucket.region, bucket.endpoint_url)).list("") == []


def test_everything_lies_below_the_prefix(bucket):
    S3Store(bucket).create("state/acme/production/state.json", b"{}")
    whole = Objects(Location(bucket.bucket, "", bucket.region, bucket.endpoint_url))
    assert whole.list("") == ["team a/acme/state/acme/production/state.json"]


def test_every_valid_key_is_accepted(bucket):
    store = S3Store(bucket)
    key = "bundles/acme/chatbot/a.b_C@2+x=y-z.json"
    store.create(key, b"{}")
    assert store.list("") == [key]


@pytest.mark.parametrize("data", [b"{}", b"", b'{}\n"0123"\n', b'{"half": '])
def test_foreign_object_is_an_error(bucket, data):
    Objects(bucket).put("state/acme/state.json", data)
    with pytest.raises(StoreError, match=r"state/acme/state\.json was not written by Reconciler, or is truncated"):
        S3Store(bucket).read("state/acme/state.json")


def test_missing_bucket_is_an_error(bucket):
    with pytest.raises(StoreError, match="NoSuchBucket"):
        Backend(S3Store(Location("no-such-bucket", "", bucket.region, bucket.endpoint_url)), ACME).read()


def test_a_redirect_is_not_followed(bucket):
    with recording() as other, recording(307, {"Location": other.url}) as server:
        store = S3Store(Location(bucket.bucket, "", bucket.region, server.url))
        for call in (
            lambda: store.read("state/acme/state.json"),
            lambda: store.create("state/acme/state.json", b"{}"),
            lambda: store.replace("state/acme/state.json", b"{}", '"1"'),
            lambda: store.list(""),
        ):
            with pytest.raises(StoreError, match="it answered 307"):
                call()
    assert (len(server.requests), other.requests) == (4, [])


def test_an_endpoint_of_the_manifest_is_refused_in_ci(bucket, tmp_path):
    assert open_store(tmp_path, bucket.url, {}, embedded=False).location == f"s3://{bucket.bucket}/team a/acme"
    with pytest.raises(ReconcilerError, match=r"state-not-allowed[^\0]*set RECONCILER_STATE=s3://"):
        open_store(tmp_path, bucket.url, {"CI": "true"}, embedded=False)


def test_open_store_from_s3_url(bucket, tmp_path):
    store = open_store(tmp_path, "local", {"RECONCILER_STATE": bucket.url, "CI": "true"}, embedded=False)
    assert store.location == f"s3://{bucket.bucket}/team a/acme"
    with pytest.raises(ReconcilerError, match=r"bad-state.*unknown option 'regoin'"):
        open_store(tmp_path, f"s3://{bucket.bucket}?regoin=x", {}, embedded=False)


def test_a_server_that_stops_in_the_middle_of_a_run(bucket, monkeypatch):
    server = S3Server()
    server.start()
    try:
        server.make_bucket("acme-state")
        location = Location("acme-state", "acme", "eu-central-1", server.url)
        backend = Backend(S3Store(location), ACME)
        with backend.lock(this_process({})) as lease:
            run = backend.begin(backend.read(), [], lease)
            run.record(Completed(Address("assistant", "a"), Applied("agent_1", "agent", {})))
            run.flush()
            kept = {key: Objects(location).get(key) for key in Objects(location).list("")}
            server.stop()
            run.record(Completed(Address("assistant", "b"), Applied("agent_2", "agent", {})))
            with pytest.raises(StoreError, match="Could not connect"):
                run.flush()
            server.start()
            server.make_bucket("acme-state")
            for key, found in kept.items():
                assert found
                Objects(location).put(key, found.data)
            run.close("complete")
        assert [str(address) for address in backend.read().state.objects] == ["assistant/a", "assistant/b"]
    finally:
        server.stop()
