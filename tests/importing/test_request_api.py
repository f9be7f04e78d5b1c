"""The API of a request body, recognised by its fields."""

from pathlib import Path

import pytest

from reconciler.importing.request_api import of_other_api, target_of, unwrapped

FILE = Path("body.json")
FUNCTION = {"type": "function", "name": "refund"}


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"messages": []}, "`messages`"),
        ({"functions": []}, "`functions`"),
        ({"messages": [], "functions": []}, "`messages` and `functions`"),
        ({"tools": [{"type": "function", "function": {"name": "a"}}] * 2}, "`tools` with `function` inside"),
        ({"tools": [{"type": "custom", "custom": {"name": "a"}}]}, "`tools` with `custom` inside"),
        ({"tools": [{"type": "code_interpreter"}]}, "the tool `code_interpreter` without `container`"),
        ({"tools": [{"type": "file_search"}]}, "the tool `file_search` without `vector_store_ids`"),
        ({"tools": [{"type": "retrieval"}]}, "the tool `retrieval`"),
        ({"tool_resources": {}}, "`tool_resources`"),
    ],
)
def test_a_body_of_another_api_is_recognised_by_its_fields(body, fields):
    problem = of_other_api(body, FILE)
    assert problem is not None
    assert f"has {fields}: it is" in problem.message


@pytest.mark.parametrize(
    "body",
    [
        {"input": "Hi", "tools": [FUNCTION]},
        {"tools": [{**FUNCTION, "parameters": {"function": {}}}]},
        {"input": "Hi", "tools": [{"type": "code_interpreter"}]},
        {"tools": "all", "model": 1},
        {"name": "Support", "instructions": "Be kind."},
    ],
)
def test_other_bodies_are_not_taken_for_them(body):
    assert of_other_api(body, FILE) is None


@pytest.mark.parametrize(
    ("body", "target"),
    [
        ({"model": "m"}, "responses"),
        ({"model": "m", "name": "Support"}, "responses"),
        ({"model": "m", "multi_agent": {"enabled": True}}, "agents"),
        ({"model": "m", "tools": [{"type": "computer_use"}]}, "agents"),
        ({"model": "m", "tools": [{"type": "web_search", "mode": "live"}]}, "agents"),
        ({"model": "m", "tools": [{"type": "web_search", "mode": "live"}, {"type": "shell"}]}, "responses"),
        ({"model": 1}, "responses"),
    ],
)
def test_settings_that_only_agents_have_decide_on_the_target(body, target):
    assert target_of(body) == target


def test_a_line_of_a_batch_is_its_body():
    inner = {"model": "m", "input": "Hi"}
    assert unwrapped({"custom_id": "1", "method": "POST", "url": "/v1/responses", "body": inner}) == inner
    assert unwrapped({"model": "m", "body": inner}) == {"model": "m", "body": inner}
