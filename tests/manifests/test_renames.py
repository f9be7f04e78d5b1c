import pytest

from reconciler.manifests import load

PROJECT = "apiVersion: reconciler/v1\nkind: Project\nmetadata: {name: acme}\n"


def bot(name, *, moved_from=None, answered_by=None):
    """A chatbot, or where nobody answers an assistant."""
    kind = "Chatbot" if answered_by else "Assistant"
    spec = f"{{assistant: {answered_by}}}" if answered_by else "{target: agents, model: gpt-5}"
    lifecycle = f"lifecycle: {{moved_from: {moved_from}}}\n" if moved_from else ""
    return f"apiVersion: reconciler/v1\nkind: {kind}\nmetadata: {{name: {name}}}\n{lifecycle}spec: {spec}\n"


@pytest.fixture
def problems(tmp_path):
    def problems(*documents):
        (tmp_path / "project.yaml").write_text(PROJECT, encoding="utf-8")
        (tmp_path / "all.yaml").write_text("---\n".join(documents), encoding="utf-8")
        loaded = load(tmp_path, env=None)
        assert not loaded.dangling
        return [(problem.code, str(problem.place), problem.message) for problem in loaded.problems]

    return problems


@pytest.mark.parametrize("moved_from", ["old", "[old]", "[older, old]"])
def test_moved_from_is_one_name_or_several(problems, moved_from):
    assert problems(bot("new", moved_from=moved_from)) == []


def test_moved_from_a_name_with_a_manifest_is_an_error(problems):
    ((code, place, message),) = problems(bot("new", moved_from="old"), bot("old"))
    assert (code, place) == ("moved-from-a-manifest", "all.yaml:4:25")
    assert message == "assistant/old still has a manifest, at all.yaml:7:1"


def test_moved_from_one_name_twice_is_an_error(problems):
    ((code, place, message),) = problems(bot("a", moved_from="old"), bot("b", moved_from="old"))
    assert (code, place) == ("moved-twice", "all.yaml:10:25")
    assert message == "assistant/a also has `moved_from` assistant/old, at all.yaml:1:1"


@pytest.mark.parametrize(("name", "code"), [("new", "moved-from-itself"), ("Not_a_name", "invalid-name")])
def test_moved_from_an_invalid_name_is_an_error(problems, name, code):
    assert [found for found, _, _ in problems(bot("new", moved_from=name))] == [code]


def test_reference_to_an_earlier_name_gets_the_new_name(problems):
    found = problems(bot("new", moved_from="old"), bot("desk", answered_by="old"))
    assert found == [("moved-reference", "all.yaml:10:19", "assistant/old was renamed to assistant/new")]


def test_earlier_name_may_be_used_by_another_kind(problems):
    assert problems(bot("new", moved_from="old"), bot("old", answered_by="new")) == []


def version(name):
    return (
        f"apiVersion: reconciler/v1\nkind: ChatbotVersion\nmetadata: {{name: {name}}}\n"
        f"spec: {{content: {{objects: {{}}}}, digest: 'sha256:{'0' * 64}'}}\n"
    )


def test_a_renamed_chatbot_has_the_releases_of_both_names(tmp_path):
    documents = [bot("new", moved_from="old", answered_by="a"), bot("a"), *map(version, ["old@1", "old@2", "new@2"])]
    (tmp_path / "project.yaml").write_text(PROJECT, encoding="utf-8")
    (tmp_path / "all.yaml").write_text("---\n".join(documents), encoding="utf-8")
    found = {str(one.address): one for one in load(tmp_path, env=None).resources}
    continued = {str(name): str(address) for name, address in found["chatbot/new"].continued.items()}
    assert continued == {"release/new@1": "release/old@1"}
    assert found["assistant/a"].continued == {}


def test_a_number_of_a_chatbot_without_a_manifest_may_be_one_before_a_rename(tmp_path):
    published = bot("new", answered_by="a").replace("{assistant: a}", "{assistant: a, published: 1}")
    (tmp_path / "project.yaml").write_text(PROJECT, encoding="utf-8")
    (tmp_path / "all.yaml").write_text("---\n".join([published, bot("a"), version("old@1")]), encoding="utf-8")
    (one,) = load(tmp_path, env=None).dangling
    assert one.problem.message == "no manifest defines release/new@1"
    hint = "if new was called old, add `lifecycle: {moved_from: old}` to chatbot/new"
    assert one.problem.hint == hint


def test_a_first_release_that_does_not_exist_is_named_with_its_command(tmp_path):
    published = bot("new", answered_by="a").replace("{assistant: a}", "{assistant: a, published: 1}")
    (tmp_path / "project.yaml").write_text(PROJECT, encoding="utf-8")
    (tmp_path / "all.yaml").write_text("---\n".join([published, bot("a")]), encoding="utf-8")
    (one,) = load(tmp_path, env=None).dangling
    assert one.problem.hint == "run `reconciler release new`"
