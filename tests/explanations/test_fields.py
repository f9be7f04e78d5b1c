"""Fields of manifests by path, in the schema that editors use."""

import pytest

from reconciler.explanations.fields import ManifestSchema, UnknownPathError
from reconciler.manifests.schema import manifest_schema
from reconciler.resources.registry import kinds

SCHEMA = ManifestSchema(manifest_schema())


def explain(path: str):
    return SCHEMA.explain(path.split("."))


def one(path: str):
    [found] = explain(path)
    return found


def names(found) -> list[str]:
    return [member.name for member in found.members]


def test_kinds_are_all_kinds_and_the_project():
    assert {kind.name for kind in SCHEMA.kinds} == {"Project", *kinds()}
    assert all(kind.description.endswith(".") for kind in SCHEMA.kinds)


def test_kind_has_the_fields_of_the_envelope():
    found = one("Vault")
    assert (found.path, found.type, names(found)) == (
        "vault",
        "mapping",
        ["apiVersion", "kind", "metadata", "lifecycle", "spec"],
    )
    assert "lifecycle" not in names(one("consent"))


def test_field_has_type_limits_default_and_values():
    found = one("project.spec.safety.archive")
    assert (found.type, found.values, found.default) == ("string", ("released-only", "strict"), "released-only")
    assert not found.required
    found = one("project.spec.safety.max_deletes")
    assert (found.type, found.limits) == ("integer or null", ("at least 0",))
    found = one("vectorstore.metadata.name")
    assert found.required
    assert found.limits == ("pattern ^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$",)


def test_field_states_if_files_and_variables_are_allowed():
    assert one("vectorstore.spec.name").expands
    assert not one("vectorstore.metadata.name").expands


def test_spec_of_several_targets_lists_the_fields_with_their_targets():
    found = one("assistant.spec")
    assert [variant.value for variant in found.variants] == ["agents", "responses", "assistants"]
    by_name = {(member.name, member.only) for member in found.members}
    assert ("temperature", ("target: responses",)) in by_name
    assert ("multi_agent", ("target: agents",)) in by_name


def test_field_that_differs_between_targets_is_explained_for_each():
    found = explain("assistant.spec.tools")
    assert [entry.only for entry in found] == [("target: agents",), ("target: responses",), ("target: assistants",)]
    assert all(entry.selected_by == "type" and not entry.members for entry in found)
    assert "computer_use" in [variant.value for variant in found[0].variants]
    assert "code_interpreter" in [variant.value for variant in found[2].variants]


def test_field_that_is_the_same_in_some_targets_is_explained_once_for_them():
    assert ("target: agents", "target: responses") in [entry.only for entry in explain("assistant.spec.model")]


def test_target_in_the_path_selects_one_form():
    assert one("assistant.spec.responses.temperature").limits == ("at least 0", "at most 2")
    assert one("assistant.spec.agents").path == "assistant.spec.agents"


def test_type_of_tool_in_the_path_selects_one_form():
    found = explain("assistant.spec.tools.mcp")
    assert [entry.only for entry in found] == [("target: agents",), ("target: responses",)]
    assert "transport" in names(found[0])
    assert "require_approval" in names(found[1])
    assert {"tool_names", "read_only"} <= {*names(explain("assistant.spec.tools.mcp.allowed_tools")[1])}


@pytest.mark.parametrize("path", ["assistant.spec.tools.0.mcp", "assistant.spec.tools.*.mcp"])
def test_index_of_a_list_may_be_in_the_path(path):
    assert [entry.members for entry in explain(path)] == [e.members for e in explain("assistant.spec.tools.mcp")]


def test_selecting_field_has_all_forms_with_their_descriptions():
    found = explain("assistant.spec.tools.type")
    assert {"mcp", "web_search"} <= {variant.value for variant in found[0].variants}
    assert all(variant.description for variant in found[0].variants)


def test_entry_of_a_mapping_has_any_name():
    assert names(one("project.spec.environments.staging")) == ["variables", "openai_project"]
    variables = one("project.spec.environments.staging.variables")
    assert variables.type == "mapping of (boolean, number or string)"
    assert [entry.only for entry in explain("pipeline.spec.nodes.triage.prompt")] == [("type: llm",), ("type: router",)]


@pytest.mark.parametrize(
    ("path", "before", "part", "known"),
    [
        ("asistant", "", "asistant", "assistant"),
        ("assistant.specs", "assistant", "specs", "spec"),
        ("assistant.spec.tols", "assistant.spec", "tols", "tools"),
        ("assistant.spec.tools.mpc", "assistant.spec.tools", "mpc", "mcp"),
        ("vault.metadata.name.first", "vault.metadata.name", "first", None),
        ("vault.metadata.0", "vault.metadata", "0", "name"),
    ],
)
def test_unknown_part_is_named_with_the_parts_that_exist(path, before, part, known):
    with pytest.raises(UnknownPathError) as found:
        explain(path)
    assert (found.value.before, found.value.part) == (before, part)
    assert known in found.value.known if known else not found.value.known


def paths(path: str, depth: int = 4):
    """Yield the paths of all fields below a path."""
    for found in explain(path):
        for part in {*names(found), *(variant.value for variant in found.variants if found.selected_by)}:
            yield f"{path}.{part}"
            if depth:
                yield from paths(f"{path}.{part}", depth - 1)


@pytest.mark.parametrize("kind", sorted({"Project", *kinds()}))
def test_every_field_can_be_reached_and_has_a_type(kind):
    for path in set(paths(kind, 2)):
        for found in explain(path):
            assert found.type, path
            assert found.description or "." not in path, path
