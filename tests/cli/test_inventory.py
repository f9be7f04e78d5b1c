import pytest


def test_everything_live_without_a_project(project, cli, monkeypatch, tmp_path):
    (tmp_path / "nowhere").mkdir()
    done = cli("inventory", "-C", tmp_path / "nowhere")
    assert done.code == 0
    assert "no project in this folder" in done.out


def test_progress_goes_to_stderr_and_the_document_to_stdout(applied, cli):
    done = cli("inventory", "-o", "json", "--by", "label.customer")
    assert done.document["identity"] == "acme"
    assert {one["ownership"] for one in done.document["objects"] if one["type"] == "vector_store"} == {"ours"}
    assert "vector_store: 1 found" in done.err


def test_server_that_is_down_is_one_error(project, cli, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "key")
    done = cli("inventory", "--endpoint", "http://127.0.0.1:9/v1")
    assert (done.code, done.err.count("error[unreachable]")) == (1, 1)


def test_markdown(applied, cli):
    assert cli("inventory", "-o", "markdown").out.startswith("## Inventory\n")


def test_note_about_unused_objects_names_the_environment(project, cli):
    with (project / "project.yaml").open("a") as file:
        file.write("  environments: {staging: {}, production: {}}\n")
    words = " ".join(cli("inventory", "--env", "staging").out.split())
    assert "UNUSED counts what `reconciler inventory --unused --env staging` lists" in words


@pytest.mark.parametrize("by", ["customer", "label."])
def test_what_cannot_be_summed_up_by_is_an_error(project, cli, by):
    done = cli("inventory", "--by", by)
    assert (done.code, "is not a valid key for totals" in done.err) == (1, True)
