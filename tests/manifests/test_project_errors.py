"""Errors in the project do not cause further errors in manifests."""

import pytest

HEAD = "apiVersion: reconciler/v1\nkind: Store\nmetadata: {name: handbook}\n"
PROJECT = """\
apiVersion: reconciler/v1
kind: Project
metadata: {name: acme}
spec:
  defaults: {target: cloud}
  environments:
    dev:
      variables: {tone: calm, heat: 1}
"""


@pytest.fixture
def follows(folder):
    folder.write("project.yaml", PROJECT)
    folder.bot('{instructions: "${var.tone}", temperature: "${var.heat}"}')
    return folder


@pytest.mark.parametrize(
    "store",
    [
        HEAD + "spec: {fles: []}\n",
        HEAD + "spec: {files: [*nowhere]}\n",
        HEAD + "spec:\n  files:\n   - a: b\n  - c\n",
        HEAD + "spec: {files: {$file: gone.json}}\n",
        HEAD.replace("v1", "v2"),
        HEAD.replace("handbook", "[handbook"),
        HEAD.replace("kind", " kind"),
    ],
)
def test_a_manifest_with_errors_still_defines_its_address(folder, store):
    folder.write("store.yaml", store)
    folder.bot("{target: cloud, tools: [{type: search, stores: [handbook]}]}")
    loaded = folder.load()
    assert len(loaded.problems) == 1
    assert not loaded.dangling


@pytest.mark.parametrize("name", ["Hand_Book", "[handbook]"])
def test_a_manifest_without_a_valid_name_defines_nothing(folder, name):
    folder.write("store.yaml", HEAD.replace("handbook", name))
    folder.bot("{target: cloud, tools: [{type: search, stores: [handbook]}]}")
    assert len(folder.load().dangling) == 1


@pytest.mark.parametrize(
    ("right", "wrong", "code"),
    [
        ("spec:\n", "spec:\n  safety: {max_deletes: -1}\n", "out-of-range"),
        ("spec:\n", "spec:\n  outlets: [{}]\n", "missing-field"),
        ("environments:", "enviroments:", "unknown-field"),
        ("defaults:", "default:", "unknown-field"),
        ("variables:", "variable:", "unknown-field"),
        ("tone: calm", "tone: [calm]", "wrong-type"),
        ("    dev:", "    Dev:", "invalid-value"),
        ("{target: cloud}", "{target: 3}", "wrong-type"),
        ("  environments:", "   environments:", "syntax"),
        ("apiVersion: ", "apiVersion: '", "syntax"),
        ("reconciler/v1", "reconciler/v2", "unknown-value"),
        ("kind: Project\n", "", "missing-field"),
    ],
)
def test_error_in_the_project_is_not_repeated_for_manifests(follows, right, wrong, code):
    follows.write("project.yaml", PROJECT.replace(right, wrong, 1))
    assert [one for one in follows.codes("dev") if one != "no-project"] == [code]


def test_valid_settings_of_an_invalid_project_are_used(follows):
    follows.write("project.yaml", PROJECT.replace("heat: 1", "heat: []"))
    follows.bot('{instructions: "${var.tone}"}')
    loaded = follows.load()
    assert [problem.code for problem in loaded.problems] == ["wrong-type"]
    assert loaded.resources[0].spec.instructions == "calm"


def test_unknown_variable_is_reported_beside_an_unrelated_error(follows):
    follows.write("project.yaml", PROJECT + "  safety: {max_deletes: -1}\n")
    follows.bot('{instructions: "${var.tune}"}')
    assert follows.codes() == ["unknown-variable", "out-of-range"]


def test_value_with_an_unknown_variable_has_no_other_error(follows):
    follows.bot('{temperature: "${var.het}"}')
    assert follows.codes() == ["unknown-variable"]
