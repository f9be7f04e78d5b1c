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
def test_a_name_or_several(problems, moved_from):
    assert problems(bot("new", moved_from=moved_from)) == []


def test_an_old_name_that_still_has_a_manifest(problems):
    ((code, place, message),) = problems(bot("new", moved_from="old"), bot("old"))
    assert (code, place) == ("moved-from-a-manifest", "all.yaml:4:25")
    assert message == "assistant/old still has a manifest, at all.yaml:7:1"


def test_two_claims_to_one_name(problems):
    ((code, place, message),) = problems(bot("a", moved_from="old"), bot("b", moved_from="old"))
    assert (code, place) == ("moved-twice", "all.yaml:10:25")
    assert message == "assistant/a has moved from assistant/old too, at all.yaml:1:1"


@pytest.mark.parametrize(("name", "code"), [("new", "moved-from-itself"), ("Not_a_name", "invalid-name")])
def test_what_can_be_no_old_name(problems, name, code):
    assert [found for found, _, _ in problems(bot("new", moved_from=name))] == [code]


def test_a_reference_to_the_old_name_is_told_where_it_went(problems):
    found = problems(bot("new", moved_from="old"), bot("desk", answered_by="old"))
    assert found == [("moved-reference", "all.yaml:10:19", "assistant/old moved to assistant/new")]


def test_another_kind_may_have_the_name(problems):
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
    hint = "if new is the new name of old, write `lifecycle: {moved_from: old}` for chatbot/new"
    assert one.problem.hint == hint
