"""Manifests whose objects are made as they are read."""

import pytest

from reconciler.manifests import load
from reconciler.manifests.reading import read_documents

PROJECT = "apiVersion: reconciler/v1\nkind: Project\nmetadata: {name: acme}\nspec: {defaults: {target: TARGET}}\n"
AGENT = """\
apiVersion: reconciler/v1
kind: Assistant
metadata: {name: NAME}
spec: {model: gpt-6-luna, instructions: Sort.}
"""
STORE = "apiVersion: reconciler/v1\nkind: VectorStore\nmetadata: {name: kb}\nspec: {files: ['*.md']}\n"


@pytest.fixture
def root(tmp_path):
    (tmp_path / "project.yaml").write_text(PROJECT.replace("TARGET", "agents"))
    (tmp_path / "a.yaml").write_text(AGENT.replace("NAME", "a"))
    (tmp_path / "kb.md").write_text("# Opening hours\n")
    (tmp_path / "kb.yaml").write_text(STORE)
    return tmp_path


def made(loaded):
    return {str(one.address): loaded.desired_of(one) for one in loaded.resources}


def made_again(loaded):
    return {str(one.address): list(one.kind.desired(one, loaded.scope)) for one in loaded.resources}


def test_objects_of_manifests_without_files_are_made_and_their_specs_released(root):
    loaded = load(root, env=None)
    assert [str(address) for address in loaded.objects] == ["assistant/a"]
    assert {str(one.address): "spec" in vars(one) for one in loaded.resources} == {
        "assistant/a": False,
        "vectorstore/kb": True,
    }
    assert made(loaded) == made_again(loaded)


def test_manifest_that_violates_a_rule_has_no_objects_and_one_problem(root):
    (root / "a.yaml").write_text(AGENT.replace("NAME", "a").replace("Sort.", "Sort., labels: {a: b}"))
    (root / "b.yaml").write_text(
        AGENT.replace("NAME", "b").replace("Sort.", "Sort., tools: [{type: function, name: '?'}]")
    )
    loaded = load(root, env=None)
    assert loaded.objects == {}
    assert {str(problem.place).partition(":")[0] for problem in loaded.problems} == {"a.yaml", "b.yaml"}


def test_address_of_two_manifests_has_the_objects_of_the_first(root):
    (root / "b.yaml").write_text(AGENT.replace("NAME", "a").replace("Sort.", "Answer."))
    loaded = load(root, env=None)
    assert [problem.code for problem in loaded.problems] == ["duplicate-address"]
    [one] = made(loaded)["assistant/a"]
    assert one.fields["instructions"] == "Sort."
    assert made(loaded) == made_again(loaded)


def test_target_of_a_project_that_is_changed_during_the_load_is_the_later_one(root, monkeypatch):
    def changed(*arguments, **options):
        (root / "project.yaml").write_text(PROJECT.replace("TARGET", "responses"))
        return read_documents(*arguments, **options)

    monkeypatch.setattr("reconciler.manifests.loading.read_documents", changed)
    loaded = load(root, env=None)
    assert loaded.project.spec.defaults.target == "responses"
    assert [one.type for one in made(loaded)["assistant/a"]] == ["request"]
