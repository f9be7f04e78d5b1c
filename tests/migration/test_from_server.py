"""`migrate --live`: assistants of a server, with their vector stores and files, as a project that can be applied."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.cli.main import run
from reconciler.manifests import load
from reconciler.migration.from_server import migrate_live
from reconciler.migration.model import Migration, Outcome
from reconciler.resources.base import Labels
from reconciler.resources.labels import to_metadata
from reconciler.resources.problems import ReconcilerError
from tests.support.old_server import OldServer, old_server

KEY = {"RECONCILER_SOURCE_API_KEY": "sk-old"}
STATIC = {"type": "static", "static": {"max_chunk_size_tokens": 400, "chunk_overlap_tokens": 100}}


@pytest.fixture
def server() -> Iterator[OldServer]:
    with old_server() as found:
        yield found


@pytest.fixture
def migrated(server, tmp_path):
    def migrate(*words: str, target: Any = "responses", **options: Any) -> Migration:
        return migrate_live(server.url, words, target, into=tmp_path / "claims", environ=KEY, **options)

    return migrate


def spec(folder: Path, address: str) -> dict[str, Any]:
    loaded = load(folder, env=None)
    assert [one for one in loaded.problems if one.severity == "error"] == []
    return dict(next(one for one in loaded.resources if str(one.address) == address).written())


def entries(done: Migration, address: str, outcome: Outcome) -> dict[str, str]:
    one = next(one for one in done.migrated if one.address == address)
    return {entry.field: entry.note for entry in one.of(outcome)}


class TestProject:
    @pytest.mark.parametrize("target", ["responses", "agents"])
    def test_a_migrated_project_is_valid_and_applied_and_has_an_empty_plan(self, target, server, tmp_path, monkeypatch):
        handbook, table = server.file("handbook.md", "# Hail"), server.file("rates.csv", "a,b\n")
        store = server.store(handbook, metadata={"team": "claims"}, attributes={"lang": "en"}, chunking_strategy=STATIC)
        tools = [{"type": "file_search"}, {"type": "code_interpreter"}]
        resources = {
            "file_search": {"vector_store_ids": [store]},
            "code_interpreter": {"file_ids": [table, handbook]},
        }
        server.assistant(tools=tools, tool_resources=resources, instructions="Answer.", metadata={"a": "b"})
        server.searching("FAQ", store)
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("RECONCILER_SOURCE_API_KEY", "sk-old")
        monkeypatch.setenv("RECONCILER_ENDPOINT", "embedded")
        assert run(["migrate", "--live", server.url, "--to", target, "--into", "claims"]) == 0
        for words in ("validate", "apply --yes", "plan --detailed-exitcode"):
            assert run([*words.split(), "-C", "claims"]) == 0

    def test_files_and_stores_are_referenced_by_path_and_by_name(self, server, migrated, tmp_path):
        handbook = server.file("handbook.md", "# Hail")
        tools = [{"type": "file_search"}, {"type": "code_interpreter"}]
        resources = {
            "file_search": {"vector_store_ids": [server.store(handbook, attributes={"lang": "en"})]},
            "code_interpreter": {"file_ids": [handbook]},
        }
        server.assistant(tools=tools, tool_resources=resources)
        done = migrated()
        found = spec(tmp_path / "claims", "assistant/claims-desk")["tools"]
        assert found[0]["vector_store_ids"] == ["handbook"]
        assert found[1]["container"]["file_ids"] == ["files/handbook.md"]
        store = spec(tmp_path / "claims", "vectorstore/handbook")
        assert (store["files"], store["attributes"]) == (["files/handbook.md"], {"lang": "en"})
        assert (tmp_path / "claims" / "files" / "handbook.md").read_text() == "# Hail"
        moved = entries(done, "assistant/claims-desk", "changed")
        assert moved["tool_resources.code_interpreter.file_ids"] == f"{handbook} is now files/handbook.md"

    def test_all_pages_of_assistants_and_files_are_read(self, server, migrated, tmp_path):
        store = server.store(*(server.file(f"{number}.md", f"text {number}") for number in range(130)))
        for number in range(120):
            server.searching(f"Bot {number}", store)
        done = migrated()
        assert len(done.migrated) == 121
        assert len(spec(tmp_path / "claims", "vectorstore/handbook")["files"]) == 130

    def test_two_stores_of_one_assistant_are_both_migrated(self, server, migrated, tmp_path):
        first, second = server.store(name="First"), server.store(name="Second")
        id_ = server.searching("Two", first)
        body = server.client.get(f"/assistants/{id_}", cast_to=dict[str, Any], options=beta())
        body["tool_resources"]["file_search"]["vector_store_ids"] = [first, second]
        server.answers[f"/v1/assistants/{id_}"] = (200, body)
        migrated(id_)
        assert spec(tmp_path / "claims", "assistant/two")["tools"][0]["vector_store_ids"] == ["first", "second"]

    def test_a_dry_run_reports_the_same_and_writes_nothing(self, server, migrated, tmp_path):
        server.searching("FAQ", server.store(server.file("a.md")))
        done = migrated(dry_run=True)
        assert [one.address for one in done.migrated] == ["vectorstore/handbook", "assistant/faq"]
        assert not (tmp_path / "claims").exists()

    def test_a_second_migration_skips_what_was_migrated_and_refers_to_its_store(self, server, migrated, tmp_path):
        store = server.store(server.file("a.md"))
        server.searching("One", store)
        server.searching("Two", store)
        migrated("One")
        done = migrated()
        assert [problem.code for problem in done.problems] == ["migrated-before"]
        assert [one.address for one in done.migrated] == ["assistant/two"]
        assert spec(tmp_path / "claims", "assistant/two")["tools"][0]["vector_store_ids"] == ["handbook"]


def beta() -> Any:
    return {"headers": {"OpenAI-Beta": "assistants=v2"}}


class TestSelection:
    @pytest.fixture(autouse=True)
    def _assistants(self, server) -> None:
        self.first = server.assistant("Claims Desk")
        self.others = [server.assistant("FAQ"), server.assistant("FAQ")]

    def test_an_id_a_name_and_the_name_of_a_manifest_select(self, migrated):
        for word in (self.first, "Claims Desk", "claims-desk"):
            assert [one.id for one in migrated(word, dry_run=True).migrated] == [self.first]

    def test_a_name_of_two_assistants_is_an_error_with_their_ids(self, migrated):
        done = migrated("FAQ", dry_run=True)
        [problem] = done.problems
        assert problem.code == "ambiguous-name"
        assert all(id_ in problem.message for id_ in self.others)
        assert not done.complete

    def test_an_unknown_word_is_an_error_and_the_others_are_migrated(self, migrated):
        done = migrated("Claims Desk", "FQA", dry_run=True)
        assert [(problem.code, problem.severity) for problem in done.problems] == [("not-live", "error")]
        assert "FAQ" in done.problems[0].hint
        assert [one.id for one in done.migrated] == [self.first]

    def test_ids_are_read_without_the_list(self, server, migrated):
        server.asked.clear()
        migrated(self.first, dry_run=True)
        assert [path for path, _ in server.asked] == [f"/v1/assistants/{self.first}"]


def managed(address: str, **pairs: str) -> dict[str, str]:
    return {**to_metadata(Labels("old", address, {"model": "0" * 8}, lineage="1" * 16)), **pairs}


class TestManagedAssistants:
    """The server has the assistants of a project of Reconciler, with the copies that its releases made."""

    @pytest.fixture(autouse=True)
    def _assistants(self, server) -> None:
        store = server.store(server.file("a.md"), metadata=managed("vectorstore/handbook", team="claims"))
        copied = server.store(server.file("b.md"), metadata=managed("vectorstore/handbook@support.1"))
        self.working = server.searching("Helper", store, metadata=managed("assistant/helper", tier="gold"))
        self.copy = server.searching("Helper", copied, metadata=managed("assistant/helper@support.1"))

    def test_labels_are_left_out_and_are_not_lost(self, migrated, tmp_path):
        done = migrated()
        assert [one.address for one in done.migrated] == ["vectorstore/handbook", "assistant/helper"]
        assert [entry.field for one in done.migrated for entry in one.entries if "reconciler" in entry.field] == []
        assert spec(tmp_path / "claims", "assistant/helper")["metadata"] == {"tier": "gold"}
        assert spec(tmp_path / "claims", "vectorstore/handbook")["metadata"] == {"team": "claims"}

    @pytest.mark.parametrize("words", [(), ("Helper",), ("helper",)])
    def test_copies_of_releases_and_their_stores_are_left_out_and_named(self, words, migrated):
        done = migrated(*words, dry_run=True)
        assert [one.id for one in done.migrated if one.kind == "assistant"] == [self.working]
        assert len(done.migrated) == 2
        [problem] = done.problems
        assert (problem.code, problem.severity) == ("frozen-copy", "warning")
        assert f"{self.copy} (assistant/helper@support.1)" in problem.message

    def test_a_copy_is_migrated_by_its_id(self, migrated):
        done = migrated(self.copy, dry_run=True)
        assert [one.id for one in done.migrated if one.kind == "assistant"] == [self.copy]
        assert done.problems == ()

    def test_a_name_of_copies_alone_selects_none_and_names_them(self, server, migrated):
        server.client.delete(f"/assistants/{self.working}", cast_to=object, options=beta())
        done = migrated("Helper", dry_run=True)
        assert (done.migrated, [problem.code for problem in done.problems]) == ((), ["frozen-copy", "not-live"])


class TestFilesWithOneName:
    def test_one_content_is_written_once_for_all_who_use_it(self, server, migrated, tmp_path):
        first, second = server.file("a.md", "same"), server.file("a.md", "same")
        resources = {
            "file_search": {"vector_store_ids": [server.store(first, second)]},
            "code_interpreter": {"file_ids": [second]},
        }
        server.assistant(tools=[{"type": "file_search"}, {"type": "code_interpreter"}], tool_resources=resources)
        server.searching("FAQ", server.store(second, name="FAQ"))
        done = migrated()
        assert [path for path in done.written if path.startswith("files/")] == ["files/a.md"]
        assert spec(tmp_path / "claims", "vectorstore/handbook")["files"] == ["files/a.md"]
        assert spec(tmp_path / "claims", "vectorstore/faq")["files"] == ["files/a.md"]
        code = spec(tmp_path / "claims", "assistant/claims-desk")["tools"][1]
        assert code["container"]["file_ids"] == ["files/a.md"]
        assert entries(done, "vectorstore/handbook", "lost") == {}

    def test_other_settings_of_the_second_of_one_store_are_reported(self, server, migrated):
        first, second = server.file("a.md", "same"), server.file("a.md", "same")
        store = server.store(first, attributes={"lang": "en"})
        server.client.vector_stores.files.create(store, file_id=second)
        server.searching("FAQ", store)
        lost = entries(migrated(), "vectorstore/handbook", "lost")
        assert f"{second} has the same name and content as {first}" in lost["files"]

    def test_a_file_that_is_used_twice_is_downloaded_once(self, server, migrated):
        id_ = server.file("a.md")
        server.searching("One", server.store(id_))
        server.searching("Two", server.store(id_, name="Other"))
        migrated()
        assert [path for path, _ in server.asked].count(f"/v1/files/{id_}/content") == 1


class TestWhatTheServerDoesNotGive:
    def test_a_file_without_content_is_named_with_its_place_and_left_out(self, server, migrated, tmp_path):
        server.gives_files = False
        id_ = server.file("terms.pdf", b"%PDF")
        server.searching("FAQ", server.store(id_, server.file("a.md", purpose="vision")))
        done = migrated()
        assert spec(tmp_path / "claims", "vectorstore/handbook")["files"] == ["files/a.md"]
        lost = entries(done, "vectorstore/handbook", "lost")["files"]
        assert lost.startswith(f"{id_} terms.pdf -> files/terms.pdf: the server does not give its content: 400")
        assert f"# Missing: terms.pdf ({id_})." in (tmp_path / "claims/stores/handbook.yaml").read_text()
        assert {file.id: file.local is None for file in done.files}[id_]

    def test_a_file_of_which_a_part_arrives_is_not_used(self, server, migrated, tmp_path):
        id_ = server.file("a.md", "whole text")
        server.answers[f"/v1/files/{id_}/content"] = (200, b"whole")
        server.searching("FAQ", server.store(id_))
        lost = entries(migrated(), "vectorstore/handbook", "lost")
        assert "the server gave 5 bytes of a file that has 10" in lost["files"]
        assert not (tmp_path / "claims" / "files").exists()

    def test_a_web_page_in_place_of_a_file_is_not_used(self, server, migrated, tmp_path):
        id_ = server.file("a.csv")
        server.answers[f"/v1/files/{id_}"] = (200, {"id": id_, "object": "file", "filename": "a.csv"})
        server.answers[f"/v1/files/{id_}/content"] = (200, b"<!DOCTYPE html><title>Sign in</title>")
        server.assistant(tools=[{"type": "code_interpreter"}], tool_resources={"code_interpreter": {"file_ids": [id_]}})
        lost = entries(migrated(), "assistant/claims-desk", "lost")
        assert "a web page in its place" in lost["tool_resources.code_interpreter.file_ids"]
        assert not (tmp_path / "claims" / "files").exists()

    def test_a_download_that_always_ends_early_is_about_the_file_alone(self, server, migrated, tmp_path, monkeypatch):
        monkeypatch.setattr("reconciler.live.client.ATTEMPTS", 1)
        cut, whole = server.file("a.md"), server.file("b.md")
        path = f"/v1/files/{cut}/content"
        server.answers[path], server.headers[path] = (200, b"te"), {"Content-Length": "4"}
        server.searching("FAQ", server.store(cut, whole))
        lost = entries(migrated(), "vectorstore/handbook", "lost")
        assert f"{cut} a.md -> files/a.md: the server does not give its content" in lost["files"]
        assert spec(tmp_path / "claims", "vectorstore/handbook")["files"] == ["files/b.md"]

    def test_a_file_that_a_person_puts_at_the_place_is_used(self, server, migrated, tmp_path):
        server.gives_files = False
        server.searching("FAQ", server.store(server.file("terms.pdf", b"%PDF")))
        place = tmp_path / "claims" / "files" / "terms.pdf"
        place.parent.mkdir(parents=True)
        place.write_bytes(b"%PDF a copy")
        migrated()
        assert spec(tmp_path / "claims", "vectorstore/handbook")["files"] == ["files/terms.pdf"]
        assert place.read_bytes() == b"%PDF a copy"

    def test_a_store_and_a_file_that_are_gone_are_reported(self, server, migrated, tmp_path):
        table, store = server.file("rates.csv"), server.store()
        resources = {"file_search": {"vector_store_ids": [store]}, "code_interpreter": {"file_ids": [table]}}
        server.assistant(tools=[{"type": "file_search"}, {"type": "code_interpreter"}], tool_resources=resources)
        server.client.files.delete(table)
        server.client.vector_stores.delete(store)
        lost = entries(migrated(), "assistant/claims-desk", "lost")
        assert "does not have this vector store any more" in lost["tool_resources.file_search.vector_store_ids"]
        assert "does not have this file any more" in lost["tool_resources.code_interpreter.file_ids"]
        assert "tools" in spec(tmp_path / "claims", "assistant/claims-desk")

    def test_what_the_new_store_would_refuse_is_reported_and_kept_as_a_file(self, server, migrated, tmp_path):
        id_ = server.file("rates.csv", "a,b\n")
        store = server.store()
        entry = {"id": id_, "object": "vector_store.file", "status": "completed", "attributes": {}}
        server.answers[f"/v1/vector_stores/{store}/files"] = (200, {"data": [entry], "has_more": False})
        server.searching("FAQ", store)
        lost = entries(migrated(), "vectorstore/handbook", "lost")
        assert "of a type that file search does not support" in lost["files"]
        assert (tmp_path / "claims" / "files" / "rates.csv").is_file()

    def test_leftovers_of_version_1_are_reported_with_their_files(self, server, migrated, tmp_path):
        file = server.file("a.md")
        body = {"id": "asst_v1", "object": "assistant", "model": "gpt-6-luna", "name": "Old"}
        server.answers["/v1/assistants/asst_v1"] = (200, body | {"tools": [{"type": "retrieval"}], "file_ids": [file]})
        lost = entries(migrated("asst_v1"), "assistant/old", "lost")
        assert f"{file} is now files/a.md" in lost["file_ids"]
        assert "tools[0] retrieval" in lost
        assert (tmp_path / "claims" / "files" / "a.md").is_file()

    def test_the_reasoning_effort_is_reported_because_the_api_does_not_return_it(self, server, migrated):
        server.assistant("Thinker", reasoning_effort="low")
        server.assistant("Talker", model="gpt-4o")
        done = migrated()
        assert "reasoning_effort" in entries(done, "assistant/thinker", "lost")
        assert "reasoning_effort" not in entries(done, "assistant/talker", "lost")


class TestHostileServers:
    def test_an_existing_file_is_not_overwritten(self, server, migrated, tmp_path):
        (tmp_path / "claims" / "files").mkdir(parents=True)
        (tmp_path / "claims" / "files" / "a.md").write_text("mine")
        id_ = server.file("a.md", "theirs")
        server.searching("FAQ", server.store(id_))
        migrated()
        assert (tmp_path / "claims" / "files" / "a.md").read_text() == "mine"
        assert (tmp_path / "claims" / "files" / id_ / "a.md").read_text() == "theirs"

    @pytest.mark.parametrize(
        ("name", "path"),
        [
            ("../../../etc/passwd.md", "files/passwd.md"),
            ("/etc/cron.md", "files/cron.md"),
            ("C:\\Users\\x.md", "files/x.md"),
            (".env.md", "files/env.md"),
            ("*?[x].md", "files/___x_.md"),
            ("${var.x}.md", "files/_{}.md"),
        ],
    )
    def test_a_file_name_cannot_leave_the_folder(self, name, path, server, migrated, tmp_path):
        id_ = server.file("a.md")
        server.answers[f"/v1/files/{id_}"] = (200, {"id": id_, "object": "file", "filename": name})
        server.searching("FAQ", server.store(id_))
        done = migrated()
        [file] = done.files
        assert file.path == path.replace("{}", "_var.x_")
        assert (tmp_path / "claims" / file.path).is_file()
        assert spec(tmp_path / "claims", "vectorstore/handbook")["files"] == [file.path]

    def test_a_folder_of_files_that_is_a_link_is_refused(self, server, migrated, tmp_path):
        (tmp_path / "claims").mkdir()
        (tmp_path / "elsewhere").mkdir()
        (tmp_path / "claims" / "files").symlink_to(tmp_path / "elsewhere")
        server.searching("FAQ", server.store(server.file("a.md")))
        with pytest.raises(ReconcilerError, match="is not a folder"):
            migrated()
        assert list((tmp_path / "elsewhere").iterdir()) == []

    @pytest.mark.parametrize(
        "body",
        [
            {"name": ["x"], "instructions": {"a": 1}, "tools": "all", "tool_resources": [], "metadata": 7},
            {"tools": [{"type": "code_interpreter"}], "tool_resources": {"code_interpreter": {"file_ids": ["..", 7]}}},
            {"tools": [None, 7, {"type": 7}], "file_ids": {"a": "b"}, "created_at": "yesterday", "temperature": "hot"},
        ],
        ids=["texts", "ids", "tools"],
    )
    def test_values_of_other_types_are_reported(self, body, server, migrated, tmp_path):
        answer = {"id": "asst_odd", "object": "assistant", "model": "gpt-6-luna", **body}
        server.answers["/v1/assistants/asst_odd"] = (200, answer)
        done = migrated("asst_odd")
        assert [one.is_valid for one in done.migrated] == [True]
        assert done.migrated[0].of("lost")
        assert [one for one in load(tmp_path / "claims", env=None).problems if one.severity == "error"] == []

    @pytest.mark.parametrize(
        ("path", "answer", "code"),
        [
            ("/v1/assistants", {"data": [{"id": "asst_1"}], "has_more": True}, "repeated-page"),
            ("/v1/assistants", {"data": "none"}, "unreadable"),
            ("/v1/assistants", b"<html>", "unreadable"),
            ("/v1/assistants", b"[" * 100_000, "unreadable"),
        ],
    )
    def test_a_list_that_is_none_is_refused(self, path, answer, code, server, migrated, tmp_path, monkeypatch):
        monkeypatch.setattr("reconciler.live.client.ATTEMPTS", 1)
        server.answers[path] = (200, answer)
        with pytest.raises(ReconcilerError) as caught:
            migrated()
        assert [problem.code for problem in caught.value.problems] == [code]
        assert not (tmp_path / "claims").exists()

    def test_a_redirect_is_not_followed_and_named(self, server, migrated):
        server.answers["/v1/assistants"] = (307, b"")
        server.headers["/v1/assistants"] = {"Location": "http://elsewhere.example/v1/assistants?key=1"}
        with pytest.raises(ReconcilerError) as caught:
            migrated()
        assert caught.value.problems[0].message.endswith("307, a redirect to http://elsewhere.example/v1/assistants")

    def test_an_error_of_the_server_does_not_point_to_openai(self, server, migrated, monkeypatch):
        monkeypatch.setattr("reconciler.live.client.ATTEMPTS", 1)
        server.answers["/v1/assistants"] = (500, {"error": {"message": "boom"}})
        with pytest.raises(ReconcilerError) as caught:
            migrated()
        assert "openai" not in caught.value.problems[0].hint

    def test_a_server_that_answers_404_on_the_list_is_an_error_about_the_url(self, server, tmp_path):
        with pytest.raises(ReconcilerError) as caught:
            migrate_live(server.url.removesuffix("/v1"), (), "agents", into=tmp_path / "x", environ=KEY)
        [problem] = caught.value.problems
        assert (problem.code, "/v1" in problem.hint) == ("not-served", True)


class TestOtherServers:
    def test_a_schema_under_its_name_in_python_is_mapped(self, server, migrated, tmp_path):
        schema = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}
        form = {"type": "json_schema", "json_schema": {"name": "answer", "schema_": schema, "strict": True}}
        answer = {
            "id": "asst_odd",
            "object": "assistant",
            "model": "gpt-6-luna",
            "name": "Odd",
            "response_format": form,
        }
        server.answers["/v1/assistants/asst_odd"] = (200, answer)
        migrated("asst_odd")
        assert spec(tmp_path / "claims", "assistant/odd")["text"]["format"]["name"] == "answer"

    def test_fields_that_no_assistant_has_are_reported(self, server, migrated):
        resources = {"browser": {"pages": 7}, "code_interpreter": {"file_ids": [], "disks": ["d"]}}
        answer = {"id": "asst_odd", "object": "assistant", "model": "gpt-6-luna", "owner": "x", "deleted": None}
        server.answers["/v1/assistants/asst_odd"] = (200, {**answer, "tool_resources": resources})
        lost = entries(migrated("asst_odd"), "assistant/asst-odd", "lost")
        assert {"owner", "tool_resources.browser", "tool_resources.code_interpreter.disks"} <= lost.keys()

    def test_a_store_that_the_key_may_not_read_is_reported(self, server, migrated, tmp_path):
        store = server.store()
        server.searching("FAQ", store)
        server.answers[f"/v1/vector_stores/{store}"] = (403, {"error": {"message": "No scope", "code": "x"}})
        lost = entries(migrated(), "assistant/faq", "lost")
        assert "403, No scope" in lost["tool_resources.file_search.vector_store_ids"]
        assert "tools[0] file_search" in lost

    def test_an_expired_store_is_migrated_with_a_note(self, server, migrated):
        store = server.store()
        body = server.client.get(f"/vector_stores/{store}", cast_to=dict[str, Any])
        server.answers[f"/v1/vector_stores/{store}"] = (200, body | {"status": "expired", "description": "Old"})
        server.searching("FAQ", store)
        done = migrated()
        assert "it has expired" in entries(done, "vectorstore/handbook", "changed")["status"]
        assert "description" in entries(done, "vectorstore/handbook", "mapped")

    def test_attributes_and_chunking_of_single_files_are_kept(self, server, migrated, tmp_path):
        first, second = server.file("a.md", "a"), server.file("b.md", "b")
        store = server.store(first, attributes={"lang": "en", "page": 7}, chunking_strategy=STATIC)
        server.client.vector_stores.files.create(store, file_id=second)
        server.searching("FAQ", store)
        migrated()
        found = spec(tmp_path / "claims", "vectorstore/handbook")["files"]
        settings = {"attributes": {"lang": "en", "page": 7}, "chunking_strategy": STATIC}
        assert found == [{"path": "files/a.md", **settings}, "files/b.md"]
