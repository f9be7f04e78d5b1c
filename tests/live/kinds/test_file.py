from dataclasses import replace

import pytest

from reconciler.emulator.fault_spec import parse
from reconciler.live.errors import DeniedError, LiveError
from reconciler.resources.address import Identity
from reconciler.resources.base import Labels
from reconciler.resources.kinds.file import sent_name
from reconciler.resources.labels import FILE_SHA256, PROJECT, to_metadata

IDENTITY = Identity("acme", "production")
LABELS = Labels(str(IDENTITY), "vectorstore/any", {})


@pytest.fixture
def files(api):
    return api.adapters["file"]


@pytest.fixture
def made(api):
    """A file uploaded by somebody else."""

    def upload(name, content=b"hello", purpose="assistants"):
        return api.run(api.connection.client.files.create(file=(name, content), purpose=purpose)).id

    return upload


@pytest.fixture
def stored(api):
    """A vector store that holds a file."""

    def attach(id_, attributes, metadata=None):
        sdk = api.connection.client
        store = api.run(sdk.vector_stores.create(name="any", metadata=metadata or {}))
        api.run(sdk.vector_stores.files.create(store.id, file_id=id_, attributes=attributes))

    return attach


def sha(order):
    return order.desired.parts[0].sha256


class TestCreate:
    def test_uploads_the_bytes_under_the_name(self, api, files):
        live = api.run(files.create(api.upload("kb/hours.md", "Always.", name="hours.abc.md")))
        assert (live.name, live.detail["bytes"]) == ("hours.abc.md", 7)
        assert live.fields["purpose"] == "assistants"
        assert api.requests() == ["POST /v1/files"]

    def test_what_was_uploaded_is_known_by_content(self, api, files):
        order = api.upload("kb/hours.md")
        assert api.run(files.create(order)).fields["sha256"] == sha(order)

    def test_bytes_that_changed_since_planning_are_not_uploaded(self, api, files):
        order = api.upload("kb/hours.md")
        (api.root / "kb/hours.md").write_text("other")
        with pytest.raises(LiveError, match="was changed after the plan was made"):
            api.run(files.create(order))
        assert api.requests() == []

    def test_a_file_that_is_gone_is_not_uploaded(self, api, files):
        order = api.upload("kb/hours.md")
        (api.root / "kb/hours.md").unlink()
        with pytest.raises(LiveError, match="cannot be read: No such file"):
            api.run(files.create(order))


class TestRead:
    def test_the_api_does_not_tell_the_content(self, api, files):
        made = api.run(files.create(api.upload("kb/hours.md")))
        (listed,) = api.run(files.list(IDENTITY, []))
        assert listed == api.run(files.read(made.id))
        assert listed.fields == {"purpose": "assistants"}

    def test_one_request_for_all(self, api, files, made):
        for number in range(150):
            made(f"{number}.md")
        api.requests()
        assert len(api.run(files.list(IDENTITY, []))) == 150
        assert api.requests() == ["GET /v1/files"]

    def test_what_is_gone(self, api, files):
        live = api.run(files.create(api.upload("kb/hours.md")))
        for _ in range(2):
            api.run(files.delete(live.id))
        assert api.run(files.read(live.id)) is None


class TestFind:
    def find(self, api, files, order):
        return api.run(files.find(order, 1_795_000_000))

    def test_by_name_size_and_purpose(self, api, files, made):
        wanted = made("hours.md")
        made("other.md"), made("hours.md", b"longer than that"), made("hours.md", purpose="user_data")
        assert self.find(api, files, api.upload("kb/hours.md")).id == wanted

    @pytest.mark.parametrize("name", ['quo"te.md', "back\\slash.md", " ends .md", "u\u0308.md", "per%22cent.md"])
    def test_by_a_name_that_forms_or_file_systems_rewrite(self, api, files, made, name):
        order = api.upload("kb/hours.md", name=sent_name(name))
        created = api.run(files.create(order))
        assert created.name == sent_name(name)
        assert self.find(api, files, order).id == created.id
        wanted = made(name, b"hello there")  # as an earlier version sent it
        assert self.find(api, files, api.upload("kb/other.md", "hello there", name=sent_name(name))).id == wanted

    def test_nothing_fits(self, api, files, made):
        made("other.md")
        api.requests()
        assert self.find(api, files, api.upload("kb/hours.md")) is None
        assert api.requests() == ["GET /v1/files"]

    def test_nothing_older(self, api, files, made):
        made("hours.md")
        assert api.run(files.find(api.upload("kb/hours.md"), 1_795_000_600)) is None

    def test_not_what_somebodys_store_holds(self, api, files, made, stored):
        stored(made("hours.md"), {"author": "kim"})
        assert self.find(api, files, api.upload("kb/hours.md")) is None

    def test_what_our_store_holds_under_this_content(self, api, files, made, stored):
        order = api.upload("kb/hours.md")
        stored(made("hours.md"), {PROJECT: str(IDENTITY), FILE_SHA256: "of other bytes"})
        wanted = made("hours.md")
        stored(wanted, {PROJECT: str(IDENTITY), FILE_SHA256: sha(order)})
        assert self.find(api, files, order).id == wanted

    @pytest.mark.parametrize("owner", [replace(LABELS, lineage="00000000deadbeef"), replace(LABELS, identity="other")])
    def test_not_what_a_store_of_another_state_holds(self, api, files, made, stored, owner):
        """Two repositories with one name attach files with equal marks."""
        order = api.upload("kb/hours.md")
        attributes = {PROJECT: str(IDENTITY), FILE_SHA256: sha(order)}
        stored(made("hours.md"), attributes, to_metadata(owner))
        assert self.find(api, files, order) is None
        wanted = made("hours.md")
        stored(wanted, attributes, to_metadata(LABELS))
        assert self.find(api, files, order).id == wanted

    def test_the_oldest_of_several_and_which_others_fit(self, api, files, made):
        wanted, *others = [made("hours.md") for _ in range(3)]
        found = self.find(api, files, api.upload("kb/hours.md"))
        assert found.id == wanted
        assert sorted(found.detail["also_fits"]) == sorted(others)

    def test_a_server_without_vector_stores_attaches_no_file(self, api, files, made):
        wanted = made("hours.md")
        api.app.state.faults.set(*parse("404:GET:/v1/vector_stores"))
        assert self.find(api, files, api.upload("kb/hours.md")).id == wanted

    def test_a_key_that_may_not_list_vector_stores_cannot_tell(self, api, files, made):
        made("hours.md")
        api.app.state.faults.set(*parse("403:GET:/v1/vector_stores"))
        with pytest.raises(DeniedError):
            self.find(api, files, api.upload("kb/hours.md"))


def test_an_upload_never_changes(api, files):
    order = api.upload("kb/hours.md")
    live = api.run(files.create(order))
    with pytest.raises(LiveError, match="cannot be changed"):
        api.run(files.update(live, order))
