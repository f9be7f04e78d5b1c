import hashlib
import json
from dataclasses import dataclass, field

import jsonschema  # type: ignore[import-untyped]
import pytest

from reconciler.bundles.outlets import DirectoryOutlet
from reconciler.bundles.publish import identities_in, read_all, withdraw
from reconciler.bundles.render import contents, pointer_address
from reconciler.bundles.schema import POINTER
from reconciler.resources.address import Address, Identity
from reconciler.resources.values import digest
from tests.support.publishing import publish

BILLING = Address("assistant", "billing")
DRAFT = Address("chatbot", "support@working")
PRODUCTION = "acme/production"


@pytest.fixture
def blobs(objects):
    return contents(objects)


@pytest.fixture
def published(outlet, identity, blobs, ids):
    for address, blob in blobs.items():
        publish([outlet], identity, pointer_address(address), blob, ids)
    return outlet


@dataclass(frozen=True)
class Log(DirectoryOutlet):
    """A folder outlet that records its writes in order."""

    written: list[str] = field(default_factory=list)

    def write(self, key, data):
        self.written.append(key)
        super().write(key, data)


def problem_of(outlet, identity, address):
    problem = read_all(outlet, identity)[address].problem
    return problem.code if problem else None


def test_publish_writes_the_pointer_last_and_nothing_twice(tmp_path, identity, blobs, ids):
    log = Log(tmp_path)
    publish([log], identity, BILLING, blobs[BILLING], ids)
    sha256 = digest(blobs[BILLING]).removeprefix("sha256:")
    assert log.written == [f"{PRODUCTION}/blobs/{sha256}.json", f"{PRODUCTION}/assistant/billing.json"]
    publish([log], identity, BILLING, blobs[BILLING], ids)
    assert len(log.written) == 2
    publish([log], identity, BILLING, blobs[BILLING], ids | {"vectorstore/handbook": "vs_2"})
    assert log.written[2:] == [f"{PRODUCTION}/assistant/billing.json"]


def test_a_blob_is_named_by_its_bytes(published):
    for key in published.list(f"{PRODUCTION}/blobs/"):
        assert key == f"{PRODUCTION}/blobs/{hashlib.sha256(published.read(key)).hexdigest()}.json"


def test_a_pointer_has_the_ids_that_are_needed_and_no_others(published):
    pointer = json.loads(published.read(f"{PRODUCTION}/assistant/billing.json"))
    jsonschema.validate(pointer, POINTER)
    assert pointer["ids"] == {"file/data/tariffs.csv": "file-1", "vectorstore/handbook": "vs_1"}
    assert (pointer["identity"], pointer["address"]) == (PRODUCTION, "assistant/billing")


def test_publish_without_required_id_is_an_error(outlet, identity, blobs):
    with pytest.raises(ValueError, match=r"without the ids of file/data/tariffs\.csv, vectorstore/handbook"):
        publish([outlet], identity, BILLING, blobs[BILLING], {})
    assert outlet.list("") == []


def test_publish_draft_at_release_address_is_an_error(outlet, identity, blobs, ids):
    with pytest.raises(ValueError, match="the working chatbot is published at chatbot/support@working"):
        publish([outlet], identity, Address("chatbot", "support"), blobs[Address("chatbot", "support")], ids)


def test_all_of_an_identity_is_read_back(published, identity, blobs):
    found = read_all(published, identity)
    assert {address: each.content for address, each in found.items()} == {
        pointer_address(address): blob for address, blob in blobs.items()
    }
    assert all(each.problem is None for each in found.values())


def test_identities_do_not_see_each_other(published, blobs, ids):
    unlucky = Identity("acme", "assistant")
    publish([published], unlucky, BILLING, blobs[BILLING], ids)
    assert read_all(published, Identity("acme")) == {}
    assert read_all(published, unlucky).keys() == {BILLING}


def test_withdraw_deletes_the_pointer_and_keeps_the_blob(published, identity):
    withdraw([published], identity, DRAFT)
    withdraw([published], identity, DRAFT)
    assert DRAFT not in read_all(published, identity)
    assert published.list(f"{PRODUCTION}/blobs/")


def test_a_blob_that_was_altered_is_reported_and_repaired(published, identity, blobs, ids):
    key = f"{PRODUCTION}/blobs/{digest(blobs[BILLING]).removeprefix('sha256:')}.json"
    published.write(key, published.read(key).replace(b"gold", b"lead"))
    assert problem_of(published, identity, BILLING) == "bundle-broken"
    assert read_all(published, identity)[BILLING].content is None
    publish([published], identity, BILLING, blobs[BILLING], ids)
    assert problem_of(published, identity, BILLING) is None


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda pointer: {**pointer, "blob": "sha256:" + "0" * 64}, "bundle-broken"),
        (lambda pointer: {**pointer, "blob": "../../secret"}, "bundle-broken"),
        (lambda pointer: {**pointer, "ids": {"vectorstore/x": 1}}, "bundle-broken"),
        (lambda pointer: {**pointer, "identity": "acme/staging"}, "bundle-identity"),
        (lambda pointer: {**pointer, "address": "assistant/other"}, "bundle-broken"),
        (lambda pointer: {**pointer, "format": "reconciler/pointer/v2"}, "bundle-format"),
        (lambda pointer: [], "bundle-broken"),
    ],
)
def test_read_all_reports_invalid_pointer(published, identity, change, code):
    key = f"{PRODUCTION}/assistant/billing.json"
    published.write(key, json.dumps(change(json.loads(published.read(key)))).encode())
    found = read_all(published, identity)
    assert problem_of(published, identity, BILLING) == code
    assert sum(each.problem is not None for each in found.values()) == 1


@pytest.mark.parametrize("data", [b"", b"{", b"\xff", b"[" * 100_000])
def test_read_all_reports_invalid_json(published, identity, data):
    published.write(f"{PRODUCTION}/assistant/billing.json", data)
    assert problem_of(published, identity, BILLING) == "bundle-broken"


def test_publish_writes_to_every_outlet(tmp_path, identity, blobs, ids):
    outlets = [DirectoryOutlet(tmp_path / name) for name in "ab"]
    publish(outlets, identity, BILLING, blobs[BILLING], ids)
    assert outlets[0].list("") == outlets[1].list("") != []


class Broken(DirectoryOutlet):
    """An outlet that cannot delete documents."""

    def delete(self, key):
        raise PermissionError(key)


def test_withdraw_deletes_from_the_first_outlet_last(published, identity, tmp_path):
    with pytest.raises(PermissionError):
        withdraw([published, Broken(tmp_path)], identity, DRAFT)
    assert DRAFT in read_all(published, identity)


def test_identities_with_and_without_an_environment_are_in_one_outlet(tmp_path, blobs, ids):
    outlet = DirectoryOutlet(tmp_path)
    for identity in (Identity("acme", "staging"), Identity("globex"), Identity("acme"), Identity("acme", "production")):
        publish([outlet], identity, BILLING, blobs[BILLING], ids)
    assert list(map(str, identities_in(outlet))) == ["acme", "acme/production", "acme/staging", "globex"]
