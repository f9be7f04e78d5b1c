"""Shortcuts in the checks of assistants find what the rules find that they stand for."""

import json
import math

from hypothesis import HealthCheck, example, given, settings, strategies as st
from pydantic import TypeAdapter

from reconciler.resources.assistants import agent_form, canonical, limits
from reconciler.resources.assistants.agent_tools import Tool
from reconciler.resources.references import _may_refer, _referred, referred

MANY = settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck))
NUMBERS = st.sampled_from(
    [0, 1, -1, 2**53 - 1, 2**53, -(2**53), 10**30, 0.5, 3.0, 1e300, math.inf, -math.inf, math.nan]
)
SCALARS = st.none() | st.booleans() | NUMBERS | st.sampled_from(["", "a", "é\U0001f600", "$address", "vectorstore/a"])
KEYS = st.sampled_from(["a", "file_ids", "parameters", "include", "$address"])
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.lists(inner, max_size=2).map(tuple) | st.dictionaries(KEYS, inner),
    max_leaves=15,
)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)
HTTP = st.builds(lambda url: {"type": "http", "server_url": url}, TEXTS)
STDIO = st.builds(lambda command: {"type": "stdio", "command": command, "cwd": "/"}, TEXTS)
FUNCTIONS = st.fixed_dictionaries(
    {
        "type": st.just("function"),
        "name": st.sampled_from(["f", "g"]),
        "description": TEXTS,
        "parameters": st.dictionaries(TEXTS, st.recursive(TEXTS | st.floats(allow_nan=False), st.lists), max_size=2),
    }
)
SERVERS = st.fixed_dictionaries(
    {"type": st.just("mcp"), "server_label": st.just("x"), "transport": HTTP | STDIO},
    optional={"extra": st.fixed_dictionaries({"later": TEXTS})},
)
SEARCHES = st.fixed_dictionaries(
    {"type": st.just("web_search"), "location": st.fixed_dictionaries({"city": st.none() | TEXTS})}
)
TOOLS: TypeAdapter[list[Tool]] = TypeAdapter(list[Tool])


def plain_tidied(value, name="", opaque=False):
    """Return what `tidied` returns, with a call for each value."""
    inside = opaque or name in canonical.OPAQUE
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 2**53 else value
    if isinstance(value, dict):
        return {key: plain_tidied(item, key, inside) for key, item in value.items()}
    if isinstance(value, list | tuple):
        items = [plain_tidied(item, "", inside) for item in value]
        is_set = name in canonical.SETS and not opaque
        return sorted(items, key=lambda one: json.dumps(one, sort_keys=True)) if is_set else items
    return value


@MANY
@given(VALUES)
@example({"a": [{"a": 2**53}]})
def test_value_is_exact_if_no_number_is_found_that_is_not(value):
    assert limits._is_exact(value) == (not list(limits._numbers(value)))


@MANY
@given(VALUES)
@example({"a": ({"$address": "vectorstore/a"},)})
def test_references_are_found_wherever_they_are(value):
    def found(walk):
        try:
            return list(walk(value, ()))
        except ValueError as error:  # the text of an address that is not one
            return str(error)

    assert found(referred) == found(_referred)
    assert _may_refer(value) or not list(_referred(value, ()))


@MANY
@given(VALUES, st.sampled_from(["", "file_ids", "include", "parameters"]), st.booleans())
def test_value_is_tidied_as_with_a_call_for_each_value_in_it(value, name, opaque):
    assert repr(canonical.tidied(value, name, opaque)) == repr(plain_tidied(value, name, opaque))


@MANY
@given(st.lists(FUNCTIONS | SERVERS | SEARCHES, max_size=6), st.sampled_from([1, 500, 1_500, 3_000, 6_000]))
def test_size_of_tools_is_that_of_what_is_sent(monkeypatch, tools, limit):
    written = TOOLS.dump_python(TOOLS.validate_python(tools), by_alias=True, exclude_unset=True)
    sent = canonical.rendered({"tools": agent_form.canonical("tools", written)})["tools"]
    size = len(json.dumps(sent, ensure_ascii=False, separators=(",", ":")).encode())
    with monkeypatch.context() as patched:
        patched.setattr(limits, "TOOL_BYTES", limit)
        found = list(limits._tool_bytes(written))
    assert bool(found) == (size > limit)
