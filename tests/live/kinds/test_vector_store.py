import json
from dataclasses import replace

import httpx2
import pytest

from reconciler.emulator.fault_spec import parse
from reconciler.live.errors import DeniedError, LiveError
from reconciler.live.indexing import Batch, attach, indexed
from reconciler.resources.address import Address, Identity
from reconciler.resources.base import Desired
from reconciler.resources.labels import FILE_SHA256, PROJECT
from reconciler.resources.values import reference

IDENTITY = Identity("acme", "production")
OURS = {PROJECT: str(IDENTITY)}


def static(size, overlap):
    return {"type": "static", "static": {"max_chunk_size_tokens": size, "chunk_overlap_tokens": overlap}}


class Bench:
    """Orders for one store, whose files are uploaded on the way."""

    def __init__(self, api):
        self.api = api
        self.adapter = api.adapters["vector_store"]
        self.uploads = {}

    def order(self, files=None, *, changed=None, unreadable=None, prune=False, **fields):
        """`files`: text, or text and settings, by path; `changed`: the fields to write, if not all."""
        wanted = {"name": "handbook", **fields}
        if files is not None:
            wanted["files"] = {path: self._entry(path, of) for path, of in files.items()}
        options = {"prune": prune}
        order = self.api.order(
            "vector_store", "vectorstore/handbook", wanted, options=options, unreadable=unreadable or {}
        )
        return order if changed is None else replace(order, fields={name: wanted[name] for name in changed})

    def _entry(self, path, of):
        text, settings = of if isinstance(of, tuple) else (of, {})
        upload = self.api.upload(path, text)
        sha256 = upload.desired.fields["sha256"]
        if (path, sha256) not in self.uploads:
            self.uploads[path, sha256] = self.api.run(self.api.adapters["file"].create(upload)).id
        self.api.ids[f"file/{path}"] = self.uploads[path, sha256]
        self.api.requests()
        return {"file": reference(f"file/{path}"), "sha256": sha256, **settings}

    def make(self, files=None, **fields):
        made = self.api.run(self.adapter.create(self.order(files, **fields)))
        self.api.requests()
        return made

    def update(self, id_, files=None, **fields):
        order = self.order(files, **fields)
        live = self.read(id_)
        self.api.requests()
        return self.api.run(self.adapter.update(live, order))

    def read(self, id_):
        return self.api.run(self.adapter.read(id_))

    def list(self, known=()):
        return self.api.run(self.adapter.list(IDENTITY, known))

    def attached(self, id_):
        """What the API says: attributes by file id."""
        page = self.api.run(self.api.connection.page("vector_stores", id_, "files", query={"limit": 100}))
        return {file["id"]: file["attributes"] for file in page["data"]}

    def attach_by_hand(self, id_, name="theirs.md", content=b"theirs", **attributes):
        sdk = self.api.connection.client
        file = self.api.run(sdk.files.create(file=(name, content), purpose="assistants"))
        self.api.run(sdk.vector_stores.files.create(id_, file_id=file.id, attributes=attributes))
        self.api.requests()
        return file.id


@pytest.fixture
def stores(api):
    return Bench(api)


class TestCreate:
    def test_reads_as_it_was_wanted(self, api, stores):
        files = {
            "kb/a.md": ("one", {"attributes": {"team": "day"}, "chunking_strategy": static(1600, 400)}),
            "kb/b.md": "two",
        }
        order = stores.order(files, metadata={"tier": "gold"}, unreadable={"description": "All we know."})
        made = api.run(stores.adapter.create(order))
        read = stores.read(made.id)
        a, b = api.ids["file/kb/a.md"], api.ids["file/kb/b.md"]
        assert (read.fields["name"], read.fields["metadata"]) == ("handbook", {"tier": "gold"})
        assert read.fields["files"][a]["attributes"] == {"team": "day"}
        assert read.fields["files"][a]["chunking_strategy"] == static(1600, 400)
        assert read.fields["files"][b]["sha256"] == order.fields["files"]["kb/b.md"]["sha256"]
        assert read.refers_to == made.refers_to == tuple(sorted([a, b]))
        assert read.labels == order.labels
        assert read.detail["status"] == "completed"

    def test_costs_one_create_one_batch_and_one_look(self, api, stores):
        order = stores.order({"kb/a.md": "one", "kb/b.md": "two"})
        api.run(stores.adapter.create(order))
        assert api.requests() == [
            "POST /v1/vector_stores",
            "POST /v1/vector_stores/{id}/file_batches",
            "GET /v1/vector_stores/{id}/file_batches/{batch_id}",
        ]

    def test_without_files_it_is_one_request(self, api, stores):
        api.run(stores.adapter.create(stores.order()))
        assert api.requests() == ["POST /v1/vector_stores"]

    def test_paths_that_share_an_upload_are_one_file(self, api, stores):
        order = stores.order({"a/x.md": "same", "b/x.md": "same"})
        api.ids["file/b/x.md"] = api.ids["file/a/x.md"]
        assert api.run(stores.adapter.create(order)).refers_to == (api.ids["file/a/x.md"],)

    def test_a_file_that_cannot_be_indexed_is_an_error_with_its_path(self, api, stores):
        order = stores.order({"kb/a.md": "one", "kb/photo.xyz": "two"})
        with pytest.raises(LiveError, match=r"kb/photo.xyz could not be indexed: unsupported_file") as found:
            api.run(stores.adapter.create(order))
        (problem,) = found.value.problems
        assert str(problem.place) == "manifests/a.yaml:3:1"

    def test_after_a_failure_the_next_run_goes_on_with_the_same_store(self, api, stores):
        with pytest.raises(LiveError):
            api.run(stores.adapter.create(stores.order({"kb/a.md": "one", "kb/photo.xyz": "two"})))
        (live,) = stores.list()
        assert live.fields["files"].keys() == {api.ids["file/kb/a.md"]}
        assert live.detail["failed_files"].keys() == {api.ids["file/kb/photo.xyz"]}
        after = stores.update(live.id, {"kb/a.md": "one", "kb/c.md": "three"})
        assert (
            stores.attached(live.id).keys()
            == set(after.refers_to)
            == {api.ids["file/kb/a.md"], api.ids["file/kb/c.md"]}
        )


class TestWaiting:
    def test_until_everything_is_indexed(self, emulator):
        stores = Bench(emulator(ingest_delay=30))
        order = stores.order({"kb/a.md": "one"})
        before = stores.api.bench.now
        made = stores.api.run(stores.adapter.create(order))
        assert 30 <= stores.api.bench.now - before <= 36
        assert stores.read(made.id).detail["pending_files"] == []
        looks = [line for line in stores.api.requests() if "batch_id" in line]
        assert 5 < len(looks) < 20

    def test_not_for_ever(self, emulator):
        stores = Bench(emulator(ingest_delay=10_000))
        order = stores.order({"kb/a.md": "one"})
        with pytest.raises(LiveError, match=r"vectorstore/handbook: files are still being indexed after 600 s"):
            stores.api.run(stores.adapter.create(order))

    def test_what_an_earlier_run_left_unfinished_is_waited_for(self, emulator):
        stores = Bench(emulator(ingest_delay=650))
        order = stores.order({"kb/a.md": "one"})
        with pytest.raises(LiveError, match="still being indexed"):
            stores.api.run(stores.adapter.create(order))
        (live,) = stores.list()
        assert live.detail["pending_files"] == [stores.api.ids["file/kb/a.md"]]
        stores.update(live.id, {"kb/a.md": "one"})
        assert stores.read(live.id).detail["pending_files"] == []
        assert "POST /v1/vector_stores/{id}/file_batches" not in stores.api.requests()


class TestShortBatches:
    """A batch may be completed without the files that were sent."""

    def test_files_that_are_not_in_the_store_are_an_error(self, emulator):
        stores = Bench(emulator(faults="ingest-none:POST:/v1/vector_stores/*/file_batches"))
        order = stores.order({"kb/a.md": "one", "kb/b.md": "two"})
        with pytest.raises(LiveError, match=r"not-indexed.*2 of 2 files are not in the store"):
            stores.api.run(stores.adapter.create(order))

    @pytest.mark.parametrize("counts", [None, {"total": 1, "completed": 1}, {"total": 2, "completed": 0, "failed": 0}])
    def test_files_that_are_in_the_store_are_done_whatever_the_batch_counts(self, server, bench, counts):
        batch = {"id": "vsfb_1", "status": "completed", **({} if counts is None else {"file_counts": counts})}
        entries = [{"id": id_, "status": "completed"} for id_ in ("file-1", "file-2")]
        self.indexed(server, bench, batch, entries)
        assert len(server.asked) == 3

    def test_a_cancelled_file_is_an_error(self, server, bench):
        batch = {"id": "vsfb_1", "status": "completed", "file_counts": {"total": 2, "completed": 1, "cancelled": 1}}
        entries = [{"id": "file-1", "status": "completed"}, {"id": "file-2", "status": "cancelled"}]
        with pytest.raises(LiveError, match=r"1 of 2 files are not in the store.*file-2"):
            self.indexed(server, bench, batch, entries)

    def test_a_file_that_is_still_indexed_is_waited_for(self, server, bench):
        batch = {"id": "vsfb_1", "status": "completed", "file_counts": {"total": 2, "completed": 1, "in_progress": 1}}
        busy = [{"id": "file-2", "status": "in_progress"}]
        entries = [{"id": id_, "status": "completed"} for id_ in ("file-1", "file-2")]
        self.indexed(server, bench, batch, busy, [], entries)
        assert len(server.asked) == 4

    def indexed(self, server, bench, batch, *lists):
        """Wait for a batch of two files; the lists of files of the store are answered in order."""
        answers = [batch, *([[]] if len(lists) == 1 else []), *lists]
        bodies = [one if isinstance(one, dict) else {"data": one, "has_more": False} for one in answers]
        connection = server.says(*(httpx2.Response(200, json=body) for body in bodies))
        sent = [Batch("vsfb_1", frozenset({"file-1", "file-2"}))]
        about = Desired(Address("vectorstore", "kb"), "vector_store", {})
        bench.run(indexed(connection, "vs_1", sent, frozenset(), about))


class TestListsOfFiles:
    """A list of files that does not exist shows nothing about the store."""

    @pytest.mark.parametrize("fault", ["404", "gateway", "403"])
    def test_a_store_whose_files_are_not_listed_is_not_deleted(self, emulator, fault):
        stores = Bench(emulator())
        made = stores.make({"kb/a.md": "one"})
        stores.api.app.state.faults.set(*parse(f"{fault}:GET:/v1/vector_stores/*/files"))
        for look in (stores.read, lambda _: stores.list()):
            with pytest.raises(DeniedError):
                look(made.id)


class TestRecovery:
    def test_a_create_killed_before_its_files_is_finished_without_a_second_store(self, api, stores):
        order = stores.order({"kb/a.md": "one"})
        bare = replace(order, fields={"name": "handbook"})
        made = api.run(stores.adapter.create(bare))
        found = api.run(stores.adapter.find(order, since=1_795_000_000))
        assert found.id == made.id
        api.requests()
        api.run(stores.adapter.update(found, order))
        assert "POST /v1/vector_stores/{id}" not in api.requests()
        (only,) = stores.list()
        assert only.fields["files"].keys() == {api.ids["file/kb/a.md"]}

    def test_nothing_to_find(self, api, stores):
        assert api.run(stores.adapter.find(stores.order(), since=1_795_000_000)) is None


class TestUpdate:
    def test_only_what_changes_is_sent(self, api, stores):
        made = stores.make({"kb/a.md": "one"})
        stores.update(made.id, {"kb/a.md": "one"}, changed=["files"])
        assert api.requests() == []

    def test_fields_of_the_store(self, api, stores):
        made = stores.make({"kb/a.md": "one"}, expires_after={"anchor": "last_active_at", "days": 7})
        after = stores.update(
            made.id, {"kb/a.md": "one"}, name="manual", expires_after=None, changed=["name", "expires_after"]
        )
        assert api.requests() == ["POST /v1/vector_stores/{id}"]
        read = stores.read(made.id)
        assert (read.fields["name"], read.fields["expires_after"]) == ("manual", None)
        assert (after.fields["name"], after.name) == ("manual", "manual")
        assert after.fields["files"].keys() == read.fields["files"].keys()

    def test_new_bytes_are_attached_and_indexed_before_the_old_ones_go(self, api, stores):
        made = stores.make({"kb/a.md": "one"})
        old = api.ids["file/kb/a.md"]
        after = stores.update(made.id, {"kb/a.md": "two"}, changed=["files"])
        assert api.ids["file/kb/a.md"] != old
        assert after.refers_to == (api.ids["file/kb/a.md"],)
        assert stores.attached(made.id).keys() == {api.ids["file/kb/a.md"]}
        asked = [line for line in api.requests() if not line.startswith("GET")]
        assert asked == ["POST /v1/vector_stores/{id}/file_batches", "DELETE /v1/vector_stores/{id}/files/{file_id}"]
        assert api.run(api.adapters["file"].read(old)) is not None

    def test_where_new_bytes_fail_the_old_ones_stay(self, api, stores):
        made = stores.make({"kb/a.md": "one"})
        with pytest.raises(LiveError, match="could not be indexed"):
            stores.update(made.id, {"kb/b.xyz": "two"}, changed=["files"])
        assert stores.uploads["kb/a.md", next(iter(made.fields["files"].values()))["sha256"]] in stores.attached(
            made.id
        )

    def test_attributes_change_in_place(self, api, stores):
        made = stores.make({"kb/a.md": ("one", {"attributes": {"team": "day"}})})
        stores.update(made.id, {"kb/a.md": ("one", {"attributes": {"team": "night"}})}, changed=["files"])
        assert api.requests() == ["POST /v1/vector_stores/{id}/files/{file_id}"]
        (attributes,) = stores.attached(made.id).values()
        assert attributes["team"] == "night"
        assert attributes[PROJECT] == str(IDENTITY)

    def test_attributes_of_others_stay(self, api, stores):
        made = stores.make({"kb/a.md": ("one", {"attributes": {"team": "day"}})})
        file = api.ids["file/kb/a.md"]
        theirs = {**stores.attached(made.id)[file], "reviewed": True}
        api.run(api.connection.client.vector_stores.files.update(file, vector_store_id=made.id, attributes=theirs))
        stores.update(made.id, {"kb/a.md": ("one", {"attributes": {"team": "night"}})})
        assert stores.attached(made.id)[file]["reviewed"] is True

    def test_other_chunks_are_a_new_attachment(self, api, stores):
        made = stores.make({"kb/a.md": "one"})
        after = stores.update(made.id, {"kb/a.md": ("one", {"chunking_strategy": static(400, 100)})}, changed=["files"])
        file = api.ids["file/kb/a.md"]
        assert stores.read(made.id).fields["files"][file]["chunking_strategy"] == static(400, 100)
        assert after.fields["files"][file]["chunking_strategy"] == static(400, 100)

    def test_dropping_all_files(self, api, stores):
        made = stores.make({"kb/a.md": "one", "kb/b.md": "two"})
        after = stores.update(made.id, {}, changed=["files"])
        assert after.fields["files"] == stores.attached(made.id) == {}

    def test_a_path_wanted_as_null_is_dropped(self, api, stores):
        made = stores.make({"kb/a.md": "one", "kb/b.md": "two"})
        order = stores.order({"kb/a.md": "one"}, changed=["files"])
        order = replace(order, fields={"files": {**order.fields["files"], "kb/b.md": None}})
        api.run(stores.adapter.update(stores.read(made.id), order))
        assert stores.attached(made.id).keys() == {api.ids["file/kb/a.md"]}

    def test_a_batch_holds_two_thousand(self, server, bench):
        connection = server.says(httpx2.Response(200, json={"id": "vsfb_1"}))
        files = [{"file_id": f"file-{number}"} for number in range(4001)]
        about = Desired(Address("vectorstore", "handbook"), "vector_store", {})
        bench.run(attach(connection, "vs_1", files, about))
        assert [len(json.loads(request.content)["files"]) for request in server.asked] == [2000, 2000, 1]


class TestStrangers:
    def test_their_file_is_reported_and_stays(self, api, stores):
        made = stores.make({"kb/a.md": "one"})
        theirs = stores.attach_by_hand(made.id, author="kim")
        live = stores.read(made.id)
        assert live.fields["files"].keys() == {api.ids["file/kb/a.md"], theirs}
        assert live.detail["unmanaged_files"].keys() == {theirs}
        assert theirs in live.refers_to
        after = stores.update(made.id, {}, changed=["files"])
        assert stores.attached(made.id).keys() == set(after.refers_to) == {theirs}
        assert after.detail["unmanaged_files"].keys() == {theirs}

    def test_one_that_the_manifest_named_by_its_id_goes_with_its_entry(self, api, stores):
        made = stores.make({})
        named, other = (stores.attach_by_hand(made.id, name=name) for name in ("named.md", "other.md"))
        order = replace(stores.order({}), fields={"files": {named: None}})
        after = api.run(stores.adapter.update(stores.read(made.id), order))
        assert stores.attached(made.id).keys() == after.detail["unmanaged_files"].keys() == {other}

    def test_one_that_is_wanted_by_its_id_is_attached_once_and_never_uploaded(self, api, stores):
        made = stores.make({})
        there = stores.attach_by_hand(made.id, name="there.md")
        free = api.run(api.connection.client.files.create(file=("free.md", b"free"), purpose="assistants")).id
        order = replace(stores.order({}), fields={"files": {id_: {"file": id_} for id_ in (there, free)}})
        api.requests()
        api.run(stores.adapter.update(stores.read(made.id), order))
        assert "POST /v1/files" not in api.requests()
        assert stores.attached(made.id) == {there: {}, free: OURS}

    def test_with_prune_it_goes(self, api, stores):
        made = stores.make({"kb/a.md": "one"})
        stores.attach_by_hand(made.id)
        after = stores.update(made.id, {"kb/a.md": "one"}, prune=True)
        assert stores.attached(made.id).keys() == set(after.refers_to) == {api.ids["file/kb/a.md"]}
        assert after.detail["unmanaged_files"] == {}

    def test_a_file_that_lost_its_mark_is_known_by_its_id_and_marked_again(self, api, stores):
        made = stores.make({"kb/a.md": "one"})
        file = api.ids["file/kb/a.md"]
        api.run(api.connection.client.vector_stores.files.update(file, vector_store_id=made.id, attributes={}))
        (stranger,) = stores.list()
        assert stranger.detail["unmanaged_files"].keys() == {file}
        (known,) = stores.list(known=[file])
        assert known.fields["files"].keys() == stores.read(made.id).fields["files"].keys() == {file}
        assert "sha256" not in known.fields["files"][file]
        stores.update(made.id, {"kb/a.md": "one"})
        assert stores.attached(made.id)[file][PROJECT] == str(IDENTITY)
        assert FILE_SHA256 in stores.attached(made.id)[file]

    def test_a_file_of_another_identity_is_a_strangers(self, api, stores):
        made = stores.make({})
        theirs = stores.attach_by_hand(made.id, **{PROJECT: "acme/staging"})
        assert stores.read(made.id).detail["unmanaged_files"].keys() == {theirs}


class TestDisown:
    def test_given_up_it_is_as_it_was_but_for_our_labels(self, api, stores):
        made = stores.make({"kb/a.md": ("one", {"attributes": {"team": "day"}})}, metadata={"tier": "gold"})
        theirs = stores.attach_by_hand(made.id, team="night")
        api.run(stores.adapter.disown(made.id, IDENTITY, None))
        after = stores.read(made.id)
        assert (after.labels, after.fields["metadata"]) == (None, {"tier": "gold"})
        assert stores.attached(made.id) == {api.ids["file/kb/a.md"]: {"team": "day"}, theirs: {"team": "night"}}

    def test_no_file_of_it_keeps_our_mark_be_it_failed_or_named_by_its_id(self, api, stores):
        made = stores.make()
        by_id = stores.attach_by_hand(made.id, **OURS)
        with pytest.raises(LiveError):
            stores.update(made.id, {"kb/photo.xyz": "no text"})
        api.run(stores.adapter.disown(made.id, IDENTITY, None))
        assert stores.attached(made.id) == {by_id: {}, api.ids["file/kb/photo.xyz"]: {}}

    def test_what_another_identity_owns_or_has_marked_is_let_alone(self, api, stores):
        made = stores.make()
        theirs = stores.attach_by_hand(made.id, **{PROJECT: "globex"})
        api.run(stores.adapter.disown(made.id, Identity("globex"), None))
        assert api.requests() == ["GET /v1/vector_stores/{id}"]
        api.run(stores.adapter.disown(made.id, IDENTITY, None))
        assert stores.attached(made.id) == {theirs: {PROJECT: "globex"}}


class TestList:
    def test_files_are_listed_only_of_our_stores(self, api, stores):
        made = stores.make({"kb/a.md": "one"})
        theirs = api.run(api.connection.client.vector_stores.create(name="theirs"))
        api.requests()
        listed = {live.id: live for live in stores.list()}
        assert api.requests() == ["GET /v1/vector_stores", "GET /v1/vector_stores/{id}/files"]
        assert listed[made.id].refers_to == (api.ids["file/kb/a.md"],)
        assert "files" not in listed[theirs.id].fields

    def test_and_of_known_ones(self, api, stores):
        theirs = api.run(api.connection.client.vector_stores.create(name="theirs"))
        (live,) = stores.list(known=[theirs.id])
        assert live.fields["files"] == {}

    def test_of_a_known_store_without_a_label_only_files_with_our_mark_are_ours(self, api, stores):
        """The label was removed, or has no room."""
        store = api.run(api.connection.client.vector_stores.create(name="any"))
        ours = stores.attach_by_hand(store.id, name="ours.md", **OURS, **{FILE_SHA256: "1" * 64})
        theirs = stores.attach_by_hand(store.id, **{PROJECT: "other", FILE_SHA256: "2" * 64})
        (live,) = stores.list(known=[store.id])
        assert "sha256" in live.fields["files"][ours]
        assert "sha256" not in live.fields["files"][theirs]
        assert live.detail["unmanaged_files"].keys() == {theirs}

    def test_a_single_read_has_the_files_of_anybodys(self, api, stores):
        theirs = api.run(api.connection.client.vector_stores.create(name="theirs"))
        file = stores.attach_by_hand(theirs.id)
        assert stores.read(theirs.id).refers_to == (file,)

    def test_files_are_read_again_after_the_label_has_changed_since(self, api, stores):
        """The label decides which of them are ours."""
        made = stores.make({"kb/a.md": "one"})
        (planned,) = stores.list()
        api.requests()
        api.run(stores.adapter.read_again(planned, frozenset()))
        api.run(stores.adapter.read_again(replace(planned, labels=None), frozenset()))
        alone, files = "GET /v1/vector_stores/{id}", "GET /v1/vector_stores/{id}/files"
        assert api.requests() == [alone, alone, files]
        assert planned.id == made.id

    def test_files_of_a_store_without_a_count_are_listed(self, api, stores, monkeypatch):
        made = stores.make({"kb/a.md": "one"})
        file = api.ids["file/kb/a.md"]
        monkeypatch.setattr(stores.adapter, "_serves_entries", True)
        counted = stores.adapter.live
        no_total = {"file_counts": {"total": None}}
        monkeypatch.setattr(stores.adapter, "live", lambda body: replace(counted(body), detail=no_total))
        (held,) = api.run(stores.adapter.holding(frozenset({file}), frozenset()))
        assert (held.id, held.refers_to) == (made.id, (file,))

    def test_many_files_are_listed_by_the_hundred(self, api, stores):
        made = stores.make({f"kb/{number}.md": str(number) for number in range(201)})
        assert len(stores.read(made.id).fields["files"]) == 201
        assert api.requests() == ["GET /v1/vector_stores/{id}", *["GET /v1/vector_stores/{id}/files"] * 3]


def test_deleting_a_store_keeps_its_files(api, stores):
    made = stores.make({"kb/a.md": "one"})
    for _ in range(2):
        api.run(stores.adapter.delete(made.id))
    assert stores.read(made.id) is None
    assert api.run(api.adapters["file"].read(api.ids["file/kb/a.md"])) is not None
