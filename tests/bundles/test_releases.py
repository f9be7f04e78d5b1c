"""Tests of bundles of releases: an immutable blob for each, and a pointer that moves between them."""

import json

import jsonschema  # type: ignore[import-untyped]
import pytest

from reconciler.bundles import BundleError, load
from reconciler.bundles.publish import withdraw
from reconciler.bundles.render import contents, object_address, own_fields, pointer_address
from reconciler.bundles.schema import BLOB, POINTER
from reconciler.resources.address import Address
from tests.support.publishing import publish

FIRST, SECOND = Address("release", "support@1"), Address("release", "support@2")
SUPPORT = Address("chatbot", "support")
IDENTITY = "acme/production"


@pytest.fixture(scope="module")
def blobs(releases):
    return contents(releases)


@pytest.fixture
def published(outlet, identity, blobs, kept_ids):
    """Publish both releases, and the first under the name of the chatbot."""
    for address in (FIRST, SECOND):
        publish([outlet], identity, pointer_address(address), blobs[address], kept_ids)
    publish([outlet], identity, SUPPORT, blobs[FIRST], kept_ids)
    return outlet


def pointer(outlet, name):
    return json.loads(outlet.read(f"{IDENTITY}/chatbot/{name}.json"))


class TestBlob:
    def test_blob_has_number_and_digest_of_the_release(self, blobs, releases):
        assert blobs[SECOND]["address"] == "chatbot/support@2"
        assert blobs[SECOND]["release"] == {"number": 2, "digest": releases[SECOND].fields["digest"]}

    def test_has_the_copies_of_the_release_and_nothing_else(self, blobs):
        assert list(blobs[FIRST]["assistants"]) == [
            "assistant/billing@support.1",
            "assistant/followup@support.1",
            "assistant/greeter@support.1",
            "assistant/technical@support.1",
        ]
        assert list(blobs[FIRST]["pipelines"]) == ["pipeline/checkin@support.1", "pipeline/flow@support.1"]

    def test_usage_of_a_request_is_attributed_to_the_release(self, blobs):
        request = blobs[FIRST]["assistants"]["assistant/billing@support.1"]["request"]
        assert request["metadata"] == {
            "tier": "gold",
            "reconciler-address": "assistant/billing@support.1",
            "reconciler-release": "support@1",
        }

    def test_two_releases_differ_in_what_was_changed(self, blobs):
        def instructions(release, number):
            return blobs[release]["assistants"][f"assistant/billing@support.{number}"]["request"]["instructions"]

        assert instructions(FIRST, 1) == "Answer questions on bills."
        assert instructions(SECOND, 2) == "Answer questions on bills, with sources."

    def test_own_fields_equals_desired_fields(self, blobs, releases):
        found = own_fields("release", json.loads(json.dumps(blobs[SECOND])))
        assert {name: found[name] for name in releases[SECOND].fields} == releases[SECOND].fields

    def test_every_release_has_a_pointer_of_its_own(self):
        assert pointer_address(FIRST) == Address("chatbot", "support@1")
        assert object_address(Address("chatbot", "support@1")) == FIRST
        assert object_address(SUPPORT) is None


class TestSchema:
    def test_blobs_of_releases_match(self, blobs):
        for blob in blobs.values():
            jsonschema.validate(blob, BLOB)

    def test_pointers_of_releases_match(self, published):
        for name in ("support", "support@1", "support@2"):
            jsonschema.validate(pointer(published, name), POINTER)

    @pytest.mark.parametrize(
        "broken",
        [
            {"release": {"number": 0, "digest": "sha256:" + "0" * 64}},
            {"release": {"number": "1", "digest": "sha256:" + "0" * 64}},
            {"release": {"number": 1, "digest": "0" * 64}},
            {"release": {"number": 1}},
            {"release": {"number": 1, "digest": "sha256:" + "0" * 64, "message": "spring"}},
            {"release": None},
            {"chatbot": {"pipeline": "pipeline/flow", "digest": "sha256:" + "0" * 64}},
        ],
    )
    def test_invalid_release_blob_is_rejected(self, blobs, broken):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(blobs[FIRST] | broken, BLOB)

    @pytest.mark.parametrize("part", ["chatbot", "pipelines", "assistants"])
    def test_release_without_a_part_is_rejected(self, blobs, part):
        without = {name: value for name, value in blobs[FIRST].items() if name != part}
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(without, BLOB)


class TestPublished:
    def test_publishing_moves_the_pointer_and_a_rollback_moves_it_back(self, published, identity, blobs, kept_ids):
        before = published.list("")
        for release, number in ((SECOND, 2), (FIRST, 1)):
            publish([published], identity, SUPPORT, blobs[release], kept_ids)
            assert pointer(published, "support")["blob"] == pointer(published, f"support@{number}")["blob"]
        assert published.list("") == before

    def test_an_application_follows_without_a_change(self, published, identity, blobs, kept_ids):
        def answer():
            bundle = load(published.root, IDENTITY, "chatbot/support")
            return bundle.release, bundle.request("assistant/billing")["instructions"]

        assert answer() == (1, "Answer questions on bills.")
        publish([published], identity, SUPPORT, blobs[SECOND], kept_ids)
        assert answer() == (2, "Answer questions on bills, with sources.")

    def test_an_application_may_hold_on_to_one_release(self, published):
        bundle = load(published.root, IDENTITY, "chatbot/support@2")
        assert (bundle.release, bundle.agent_id("assistant/technical")) == (2, "agent_kept")

    def test_copies_are_found_by_own_and_original_address(self, published):
        bundle = load(published.root, IDENTITY, "chatbot/support")
        assert bundle.chatbot == {"pipeline": "pipeline/flow@support.1", "starts": ["pipeline/checkin@support.1"]}
        assert bundle.pipeline("pipeline/flow") == bundle.pipeline("pipeline/flow@support.1")
        assert bundle.request("assistant/billing") == bundle.request("assistant/billing@support.1")
        with pytest.raises(BundleError, match=r"does not contain assistant/billing@support\.2; its assistants: "):
            bundle.request("assistant/billing@support.2")

    def test_kept_stores_and_files_are_live_ids(self, published):
        request = load(published.root, IDENTITY, "chatbot/support").request("assistant/billing")
        tools = {tool["type"]: tool for tool in request["tools"]}
        assert tools["file_search"]["vector_store_ids"] == ["vs_kept"]
        assert tools["code_interpreter"]["container"]["file_ids"] == ["file-kept"]

    def test_release_of_working_chatbot_is_none(self, outlet, identity, objects, ids):
        draft = Address("chatbot", "support@working")
        publish([outlet], identity, draft, contents(objects)[SUPPORT], ids)
        assert load(outlet.root, IDENTITY, str(draft)).release is None

    def test_withdrawing_a_release_leaves_the_others(self, published, identity):
        withdraw([published], identity, Address("chatbot", "support@2"))
        assert load(published.root, IDENTITY, "chatbot/support").release == 1
        with pytest.raises(BundleError, match="nothing is published at chatbot/support@2"):
            load(published.root, IDENTITY, "chatbot/support@2")
