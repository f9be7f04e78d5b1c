"""Every assistant of target `assistants` is read from the server as its manifest has it."""

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from reconciler.resources.assistants.assistants import AssistantsSpec
from tests.property.projects import METADATA
from tests.support.specs import specs
from tests.support.world import Document, is_silent, manifest, told, world

FEW = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
MANY = settings(FEW, max_examples=500)
RESOURCES = st.none() | st.fixed_dictionaries(
    {},
    optional={
        "code_interpreter": st.fixed_dictionaries(
            {}, optional={"file_ids": st.lists(st.sampled_from(["data/prices.csv", "data/a.csv"]), max_size=3)}
        ),
        "file_search": st.sampled_from([{}, {"vector_store_ids": []}, {"vector_store_ids": ["handbook"]}]),
    },
)


def _valid(spec: Document, more: Document) -> Document:
    """Make possible what the models allow and the rules of several fields do not."""
    if "tools" in spec:
        distinct = {(tool["type"], tool.get("function", {}).get("name")): tool for tool in spec["tools"]}
        spec = {**spec, "tools": [*distinct.values()]}
    for tool in spec.get("tools") or ():
        if "function" in tool:
            tool["function"].pop("strict", None)
    if isinstance(form := spec.get("response_format"), dict) and "json_schema" in form:
        form["json_schema"].pop("strict", None)
    return {**spec, **more}


ASSISTANTS = st.builds(
    _valid,
    specs(AssistantsSpec),
    st.fixed_dictionaries({"tool_resources": RESOURCES}, optional={"metadata": METADATA}),
)


def reverse(spec: Document) -> Document:
    return {"tools": spec["tools"][::-1]} if "tools" in spec else {}


def check_silent(before: Document, after: Document) -> None:
    with tempfile.TemporaryDirectory() as folder, world(Path(folder), assistants=True) as made:
        for path in ("kb/faq.md", "data/prices.csv", "data/a.csv"):
            made.file(path, path)
        for spec in ({**one, "target": "assistants"} for one in (before, after)):
            made.wants(
                manifest("VectorStore", "handbook", {"files": ["kb/*.md"]}),
                manifest("Assistant", "support", spec),
            )
            made.apply()
            plan = made.plan()
            assert is_silent(plan), (told(plan.changes), told(plan.drift), plan.warnings)
            made.wants(manifest("Assistant", "support", {**spec, **reverse(spec)}))
            assert is_silent(made.plan())


@FEW
@given(ASSISTANTS, ASSISTANTS)
def test_applied_assistant_has_an_empty_plan(before: Any, after: Any):
    check_silent(before, after)


@pytest.mark.long
@MANY
@given(ASSISTANTS, ASSISTANTS)
def test_every_applied_assistant_has_an_empty_plan(before: Any, after: Any):
    check_silent(before, after)
