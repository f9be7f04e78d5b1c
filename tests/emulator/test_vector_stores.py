"""Vector stores and the files in them."""

import pytest

DAY = 24 * 3600
IN_A_WEEK = {"anchor": "last_active_at", "days": 7}


def store(api, **given):
    response = api.call("POST", "/vector_stores", json=given)
    assert response.status_code == 200, response.text
    return response.json()


def attach(api, store_id, file_id, **given):
    response = api.call("POST", f"/vector_stores/{store_id}/files", json={"file_id": file_id, **given})
    assert response.status_code == 200, response.text
    return response.json()


def counts(api, store_id):
    found = api.call("GET", f"/vector_stores/{store_id}").json()["file_counts"]
    return {status: number for status, number in found.items() if number}


def test_an_unnamed_store_has_a_string_for_a_name(api):
    created = store(api)
    assert created == {
        "id": created["id"],
        "object": "vector_store",
        "created_at": 1_795_000_000,
        "name": "",
        "metadata": {},
        "usage_bytes": 0,
        "file_counts": {"in_progress": 0, "completed": 0, "cancelled": 0, "failed": 0, "total": 0},
        "status": "completed",
        "expires_after": None,
        "expires_at": None,
        "last_active_at": 1_795_000_000,
    }


def test_description_is_accepted_and_not_returned(api):
    assert "description" not in store(api, description="what it is for")


def test_files_can_come_with_the_store(api):
    files = [api.upload("a.md", b"12"), api.upload("b.md", b"345")]
    created = store(api, file_ids=files)
    assert created["file_counts"]["completed"] == 2
    assert created["usage_bytes"] == 5


@pytest.mark.parametrize(
    ("given", "param"),
    [
        ({"file_ids": [f"file-{i}" for i in range(501)]}, "file_ids"),
        ({"metadata": {f"k{i}": "" for i in range(17)}}, "metadata"),
        ({"expires_after": {"anchor": "last_active_at", "days": 0}}, "expires_after.days"),
        ({"expires_after": {"anchor": "last_active_at", "days": 366}}, "expires_after.days"),
        ({"expires_after": {"anchor": "created_at", "days": 1}}, "expires_after.anchor"),
        ({"name": None}, "name"),
        ({"files": []}, "files"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_create_store_with_invalid_body_is_rejected(api, given, param):
    error = api.refusal("POST", "/vector_stores", json=given)
    assert error["param"] == param
    assert error["code"] != "invalid_request_error"


def test_an_unknown_file_refuses_the_whole_store(api):
    api.refusal("POST", "/vector_stores", 404, json={"file_ids": [api.upload(), "file-missing"]})
    assert api.call("GET", "/vector_stores").json()["data"] == []


def test_an_update_replaces_metadata_whole_and_keeps_the_rest(api):
    created = store(api, name="kb", metadata={"a": "1"})
    updated = api.call("POST", f"/vector_stores/{created['id']}", json={"metadata": {"b": "2"}}).json()
    assert (updated["name"], updated["metadata"]) == ("kb", {"b": "2"})


def test_deleting_a_store_keeps_its_files(api):
    file = api.upload()
    created = store(api, file_ids=[file])
    deleted = api.call("DELETE", f"/vector_stores/{created['id']}").json()
    assert deleted == {"id": created["id"], "object": "vector_store.deleted", "deleted": True}
    assert api.call("GET", f"/files/{file}").status_code == 200
    for method, path in (("GET", ""), ("POST", ""), ("DELETE", ""), ("GET", "/files"), ("GET", f"/files/{file}")):
        error = api.refusal(method, f"/vector_stores/{created['id']}{path}", 404, json={})
        assert (error["type"], error["code"]) == ("invalid_request_error", None)


class TestExpiry:
    def test_expiry_counts_from_the_last_activity(self, api, clock):
        created = store(api, expires_after=IN_A_WEEK)
        assert created["expires_at"] == created["created_at"] + 7 * DAY
        clock.advance(DAY)
        attach(api, created["id"], api.upload())
        found = api.call("GET", f"/vector_stores/{created['id']}").json()
        assert found["expires_at"] == created["expires_at"] + DAY

    def test_an_expired_store_can_be_read_but_takes_no_files(self, api, clock):
        created = store(api, expires_after=IN_A_WEEK)
        clock.advance(7 * DAY)
        assert api.call("GET", f"/vector_stores/{created['id']}").json()["status"] == "expired"
        file = api.upload()
        api.refusal("POST", f"/vector_stores/{created['id']}/files", json={"file_id": file})
        api.refusal("POST", f"/vector_stores/{created['id']}/file_batches", json={"file_ids": [file]})

    def test_expiry_null_is_removed(self, api):
        created = store(api, expires_after=IN_A_WEEK)
        updated = api.call("POST", f"/vector_stores/{created['id']}", json={"expires_after": None}).json()
        assert (updated["expires_after"], updated["expires_at"]) == (None, None)


class TestIngestion:
    def test_file_is_in_progress_during_the_ingest_delay(self, embed, clock):
        api = embed(ingest_delay=10)
        created = store(api)
        entry = attach(api, created["id"], api.upload(content=b"123"))
        assert (entry["status"], entry["usage_bytes"]) == ("in_progress", 0)
        assert api.call("GET", f"/vector_stores/{created['id']}").json()["status"] == "in_progress"
        assert counts(api, created["id"]) == {"in_progress": 1, "total": 1}
        clock.advance(10)
        found = api.call("GET", f"/vector_stores/{created['id']}").json()
        assert (found["status"], found["usage_bytes"]) == ("completed", 3)
        assert counts(api, created["id"]) == {"completed": 1, "total": 1}

    @pytest.mark.parametrize(
        ("name", "content", "code"),
        [
            ("table.xlsx", b"x", "unsupported_file"),
            ("data.csv", b"x", "unsupported_file"),
            ("README", b"x", "unsupported_file"),
            ("report.PDF", b"x", "unsupported_file"),
            ("latin.txt", "Grüße".encode("latin-1"), "invalid_file"),
            ("half.md", "Grüße".encode("utf-16") + b"x", "invalid_file"),
            ("empty.md", b"", "invalid_file"),
        ],
    )
    def test_a_file_fails_by_itself_and_the_store_is_completed(self, api, name, content, code):
        created = store(api)
        entry = attach(api, created["id"], api.upload(name, content))
        assert (entry["status"], entry["last_error"]["code"]) == ("failed", code)
        assert counts(api, created["id"]) == {"failed": 1, "total": 1}
        assert api.call("GET", f"/vector_stores/{created['id']}").json()["status"] == "completed"

    @pytest.mark.parametrize("given", [{}, {"chunking_strategy": {"type": "auto"}}], ids=str)
    def test_auto_chunking_comes_back_as_static(self, api, given):
        entry = attach(api, store(api)["id"], api.upload(), **given)
        static = {"max_chunk_size_tokens": 800, "chunk_overlap_tokens": 400}
        assert entry["chunking_strategy"] == {"type": "static", "static": static}

    def test_static_chunking_comes_back_as_it_was(self, api):
        strategy = {"type": "static", "static": {"max_chunk_size_tokens": 100, "chunk_overlap_tokens": 50}}
        assert attach(api, store(api)["id"], api.upload(), chunking_strategy=strategy)["chunking_strategy"] == strategy

    @pytest.mark.parametrize(
        ("size", "overlap", "param"),
        [
            (99, 0, "chunking_strategy.static.max_chunk_size_tokens"),
            (4097, 0, "chunking_strategy.static.max_chunk_size_tokens"),
            (800, -1, "chunking_strategy.static.chunk_overlap_tokens"),
            (800, 401, "chunking_strategy.static"),
        ],
    )
    def test_chunking_has_limits(self, api, size, overlap, param):
        static = {"max_chunk_size_tokens": size, "chunk_overlap_tokens": overlap}
        body = {"file_id": api.upload(), "chunking_strategy": {"type": "static", "static": static}}
        path = f"/vector_stores/{store(api)['id']}/files"
        assert api.refusal("POST", path, json=body)["param"] == param


class TestFiles:
    def test_attributes_hold_strings_numbers_and_booleans(self, api):
        attributes = {"text": "v" * 512, "number": 1.5, "whole": 3, "truth": True}
        created, file = store(api)["id"], api.upload()
        assert attach(api, created, file, attributes=attributes)["attributes"] == attributes

    @pytest.mark.parametrize(
        ("attributes", "param"),
        [
            ({"k": None}, "attributes.k"),
            ({"k": ["v"]}, "attributes.k"),
            ({"k": "v" * 513}, "attributes.k"),
            ({f"k{i}": 1 for i in range(17)}, "attributes"),
            ({"k" * 65: 1}, f"attributes.{'k' * 65}"),
        ],
        ids=lambda value: str(value)[:30],
    )
    def test_attributes_have_limits(self, api, attributes, param):
        body = {"file_id": api.upload(), "attributes": attributes}
        assert api.refusal("POST", f"/vector_stores/{store(api)['id']}/files", json=body)["param"] == param

    def test_an_update_replaces_all_attributes_and_nothing_else(self, api):
        created, file = store(api)["id"], api.upload()
        entry = attach(api, created, file, attributes={"a": "1"})
        path = f"/vector_stores/{created}/files/{file}"
        assert api.call("POST", path, json={"attributes": {"b": 2}}).json() == entry | {"attributes": {"b": 2}}
        assert api.call("POST", path, json={"attributes": None}).json()["attributes"] == {}
        assert api.refusal("POST", path, json={})["param"] == "attributes"
        assert api.refusal("POST", path, json={"attributes": {}, "vector_store_id": "x"})["param"] == "vector_store_id"

    def test_detaching_keeps_the_file(self, api):
        created, file = store(api)["id"], api.upload()
        attach(api, created, file)
        deleted = api.call("DELETE", f"/vector_stores/{created}/files/{file}").json()
        assert deleted == {"id": file, "object": "vector_store.file.deleted", "deleted": True}
        assert counts(api, created) == {}
        assert api.call("GET", f"/files/{file}").status_code == 200
        api.refusal("DELETE", f"/vector_stores/{created}/files/{file}", 404)

    def test_deleting_the_file_first_leaves_a_stale_entry(self, api):
        created, file = store(api)["id"], api.upload()
        attach(api, created, file)
        api.call("DELETE", f"/files/{file}")
        assert counts(api, created) == {"completed": 1, "total": 1}
        assert [entry.id for entry in api.all(api.sdk.vector_stores.files.list(created))] == [file]
        api.refusal("GET", f"/vector_stores/{created}/files/{file}", 404)
        api.refusal("GET", f"/vector_stores/{created}/files/{file}/content", 404)
        assert api.call("DELETE", f"/vector_stores/{created}/files/{file}").status_code == 200
        assert counts(api, created) == {}

    def test_a_file_may_be_in_several_stores_with_attributes_of_its_own(self, api):
        file = api.upload()
        for number in range(2):
            attach(api, store(api)["id"], file, attributes={"number": number})
        listed = [api.all(api.sdk.vector_stores.files.list(s.id)) for s in api.all(api.sdk.vector_stores.list())]
        assert [entries[0].attributes for entries in listed] == [{"number": 1}, {"number": 0}]

    def test_attaching_again_takes_the_file_in_anew(self, api):
        created, file = store(api)["id"], api.upload()
        attach(api, created, file, attributes={"a": "1"})
        assert attach(api, created, file)["attributes"] == {}
        assert counts(api, created) == {"completed": 1, "total": 1}

    def test_a_list_can_be_narrowed_to_a_status(self, embed, clock):
        api = embed(ingest_delay=10)
        created = store(api)["id"]
        done, failed = api.upload("a.md"), api.upload("a.exe")
        attach(api, created, done)
        attach(api, created, failed)
        clock.advance(10)
        waiting = api.upload("b.md")
        attach(api, created, waiting)
        for status, file in (("completed", done), ("failed", failed), ("in_progress", waiting)):
            entries = api.all(api.sdk.vector_stores.files.list(created, filter=status))
            assert [entry.id for entry in entries] == [file]
        assert api.refusal("GET", f"/vector_stores/{created}/files?filter=done")["param"] == "filter"

    def test_content_is_the_text(self, api):
        created, file = store(api)["id"], api.upload(content=b"opening hours")
        attach(api, created, file)
        (part,) = api.all(api.sdk.vector_stores.files.content(file, vector_store_id=created))
        assert part.text == "opening hours"


class TestBatches:
    def batch(self, api, store_id, **given):
        response = api.call("POST", f"/vector_stores/{store_id}/file_batches", json=given)
        assert response.status_code == 200, response.text
        return response.json()

    def test_with_ids_the_attributes_hold_for_all(self, api):
        created, files = store(api)["id"], [api.upload(f"{i}.md") for i in range(3)]
        batch = self.batch(api, created, file_ids=files, attributes={"a": 1})
        assert (batch["status"], batch["file_counts"]["completed"]) == ("completed", 3)
        entries = api.all(api.sdk.vector_stores.file_batches.list_files(batch["id"], vector_store_id=created))
        assert [(entry.id, entry.attributes) for entry in entries] == [(file, {"a": 1}) for file in reversed(files)]

    def test_with_files_each_has_its_own(self, api):
        created, files = store(api)["id"], [api.upload(f"{i}.md") for i in range(2)]
        each = [{"file_id": file, "attributes": {"n": n}} for n, file in enumerate(files)]
        self.batch(api, created, files=each, attributes={"ignored": True})
        entries = api.all(api.sdk.vector_stores.files.list(created, order="asc"))
        assert [entry.attributes for entry in entries] == [{"n": 0}, {"n": 1}]

    def test_only_its_own_files_are_its_files(self, api):
        created = store(api, file_ids=[api.upload("other.md")])["id"]
        mine = api.upload("mine.md")
        batch = self.batch(api, created, file_ids=[mine])
        entries = api.all(api.sdk.vector_stores.file_batches.list_files(batch["id"], vector_store_id=created))
        assert [entry.id for entry in entries] == [mine]
        assert batch["file_counts"]["total"] == 1

    def test_cancelling_stops_what_is_in_progress(self, embed, clock):
        api = embed(ingest_delay=10)
        created = store(api)["id"]
        batch = self.batch(api, created, file_ids=[api.upload(f"{i}.md") for i in range(2)])
        cancelled = api.run(api.sdk.vector_stores.file_batches.cancel(batch["id"], vector_store_id=created))
        assert (cancelled.status, cancelled.file_counts.cancelled) == ("cancelled", 2)
        clock.advance(10)
        assert counts(api, created) == {"cancelled": 2, "total": 2}
        again = api.run(api.sdk.vector_stores.file_batches.retrieve(batch["id"], vector_store_id=created))
        assert again.status == "cancelled"

    def test_cancel_finished_batch_changes_nothing(self, api):
        created = store(api)["id"]
        batch = self.batch(api, created, file_ids=[api.upload()])
        path = f"/vector_stores/{created}/file_batches/{batch['id']}/cancel"
        assert api.call("POST", path).json() == batch

    def test_two_thousand_files_are_one_batch_and_one_more_is_too_many(self, api):
        files = [api.upload(f"{number}.md") for number in range(4)]
        path = f"/vector_stores/{store(api)['id']}/file_batches"
        self.batch(api, path.split("/")[2], file_ids=files * 500)
        assert api.refusal("POST", path, json={"file_ids": [*files * 500, files[0]]})["param"] == "file_ids"
        each = [{"file_id": files[0]}] * 2001
        assert api.refusal("POST", path, json={"files": each})["param"] == "files"

    @pytest.mark.parametrize(
        ("given", "param"),
        [
            ({}, "file_ids"),
            ({"file_ids": []}, "file_ids"),
            ({"files": []}, "files"),
            ({"file_ids": ["file-1"], "files": [{"file_id": "file-1"}]}, "files"),
            ({"files": [{"file_id": "file-1", "attributes": {"k": "v" * 513}}]}, "files[0].attributes.k"),
            ({"files": [{"file_id": "file-1"}, {"id": "file-2"}]}, "files[1].file_id"),
        ],
        ids=lambda value: str(value)[:60],
    )
    def test_create_batch_with_invalid_body_is_rejected(self, api, given, param):
        path = f"/vector_stores/{store(api)['id']}/file_batches"
        assert api.refusal("POST", path, json=given)["param"] == param

    def test_one_unknown_file_refuses_the_batch(self, api):
        created = store(api)["id"]
        path = f"/vector_stores/{created}/file_batches"
        api.refusal("POST", path, 404, json={"file_ids": [api.upload(), "file-missing"]})
        assert counts(api, created) == {}

    def test_unknown_batch_is_not_found(self, api):
        path = f"/vector_stores/{store(api)['id']}/file_batches/vsfb_1"
        for method, tail in (("GET", ""), ("POST", "/cancel"), ("GET", "/files")):
            api.refusal(method, path + tail, 404)
