"""`reconciler migrate`: what it prints where, and how it ends."""

import json

import pytest

from reconciler.cli import codes
from reconciler.cli.main import run
from reconciler.manifests.writing import SCHEMA_FILE
from tests.migration.exports import assistant, saved
from tests.support.old_server import old_server


@pytest.fixture
def export(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return saved(tmp_path, assistant("one"))


def test_json_is_the_only_output_on_stdout(export, capsys):
    assert run(["migrate", str(export), "--target", "agents", "-o", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["format"] == "reconciler/migration/v1"
    assert document["written"] == ["project.yaml", "assistants/one.yaml", SCHEMA_FILE]


def test_an_unmigratable_object_is_an_error_and_the_rest_is_written(export, tmp_path, capsys):
    torn = tmp_path / "torn.json"
    torn.write_text('{"id": "asst_torn"', encoding="utf-8")
    assert run(["migrate", export.name, torn.name, "none", "--target", "responses"]) == 1
    done = capsys.readouterr()
    assert "error[truncated]: the JSON ends in the middle of an object (asst_torn)" in done.err
    assert "error[unreadable-file]" in done.err
    assert (tmp_path / "assistants" / "one.yaml").is_file()


def test_a_dry_run_is_reported(export, tmp_path, capsys):
    assert run(["migrate", str(export), "--target", "responses", "--dry-run"]) == 0
    assert "nothing was written" in capsys.readouterr().err
    assert not (tmp_path / "project.yaml").exists()


def test_a_target_is_required(export, capsys):
    assert run(["migrate", str(export)]) == codes.USAGE
    assert "--target" in capsys.readouterr().err


def test_a_folder_beside_a_project_becomes_its_own_project(export, tmp_path):
    assert run(["migrate", str(export), "--target", "responses", "--into", "first"]) == 0
    assert run(["migrate", str(export), "--target", "agents", "--into", "first/../second"]) == 0
    assert (tmp_path / "second" / "assistants" / "one.yaml").is_file()


def test_to_is_a_second_name_of_target(export, tmp_path):
    assert run(["migrate", str(export), "--to", "agents"]) == 0
    assert "target: agents" in (tmp_path / "assistants" / "one.yaml").read_text(encoding="utf-8")


class TestLive:
    @pytest.fixture
    def server(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("RECONCILER_SOURCE_API_KEY", "sk-old")
        monkeypatch.setenv("OPENAI_API_KEY", "sk-openai")
        with old_server() as server:
            yield server

    def test_json_lists_the_files_with_their_places(self, server, capsys):
        server.gives_files = False
        given, missing = server.file("a.md", purpose="vision"), server.file("b.md")
        server.searching("FAQ", server.store(given, missing))
        assert run(["migrate", "--live", server.url, "FAQ", "--to", "responses", "--dry-run", "-o", "json"]) == 0
        document = json.loads(capsys.readouterr().out)
        files = {file["id"]: file for file in document["files"]}
        assert files[given] == {"id": given, "name": "a.md", "path": "files/a.md", "downloaded": True}
        assert (files[missing]["downloaded"], "400" in files[missing]["why"]) == (False, True)
        assert [(one["kind"], one["place"], one["source"]) for one in document["migrated"]] == [
            ("vector_store", None, server.url),
            ("assistant", None, server.url),
        ]

    def test_markdown_has_a_heading_for_each_object(self, server, capsys):
        server.searching("FAQ", server.store(server.file("a.md")))
        assert run(["migrate", "--live", server.url, "--to", "agents", "-o", "markdown"]) == 0
        out = capsys.readouterr().out
        assert "## `vectorstore/handbook`" in out
        assert "## `assistant/faq`" in out

    def test_the_server_gets_its_own_key_and_never_that_of_openai(self, server):
        server.searching("FAQ", server.store(server.file("a.md")))
        server.asked.clear()
        assert run(["migrate", "--live", server.url, "--to", "responses"]) == 0
        assert {headers.get("authorization") for _, headers in server.asked} == {"Bearer sk-old"}

    def test_a_missing_key_is_named_by_its_variable(self, server, monkeypatch, capsys):
        monkeypatch.delenv("RECONCILER_SOURCE_API_KEY")
        assert run(["migrate", "--live", server.url, "--to", "responses"]) == 1
        err = capsys.readouterr().err
        assert "error[unauthorized]" in err
        assert "Set RECONCILER_SOURCE_API_KEY to the key of this server. OPENAI_API_KEY is not sent to it." in err
        assert "sk-openai" not in err
        assert not any("authorization" in headers for _, headers in server.asked)

    @pytest.mark.parametrize("host", ["api.openai.com", "us.api.openai.com", "API.OpenAI.com."])
    def test_openai_is_refused_without_a_request_with_the_date_and_a_command(self, host, tmp_path, capsys):
        assert run(["migrate", "--live", f"https://{host}/v1", "--to", "responses", "--into", str(tmp_path)]) == 1
        err = capsys.readouterr().err
        assert "error[target-ended]" in err
        assert "2026-08-26" in err
        assert "reconciler migrate FILE --to responses" in err

    @pytest.mark.parametrize(
        "url",
        ["", "gateway", "file:///etc/passwd", "embedded", "http://", "http://a:b@host/v1", "http://host/v1?key=b"],
    )
    def test_a_url_that_is_none_or_has_a_secret_is_refused_without_showing_it(self, url, tmp_path, capsys):
        assert run(["migrate", "--live", url, "--to", "responses", "--into", str(tmp_path)]) == 1
        err = capsys.readouterr().err
        assert "error[bad-endpoint]" in err
        assert "b@host" not in err
        assert "key=b" not in err

    @pytest.mark.parametrize("option", [["--offline"], ["--endpoint", "embedded"]])
    def test_options_about_exports_are_refused(self, option, capsys):
        assert run(["migrate", "--live", "http://host/v1", "--to", "responses", *option]) == codes.USAGE
        assert "--live" in capsys.readouterr().err

    def test_a_project_cannot_name_the_server(self, server, tmp_path, capsys):
        (tmp_path / "project.yaml").write_text(
            f"apiVersion: reconciler/v1\nkind: Project\nmetadata: {{name: p}}\nspec: {{endpoint: '{server.url}'}}\n"
        )
        assert run(["migrate", "asst_1", "--to", "responses"]) == 1
        assert "unreadable-file" in capsys.readouterr().err
        assert server.asked == []
