import json

import httpx2
import pytest

from reconciler.live.errors import Failure, LiveError
from reconciler.live.responses import decoded
from reconciler.live.shapes import OBJECT, SCALARS, SIZE, TEXT, TEXTS, TIME, TYPED, check, understood


def answer(content):
    request = httpx2.Request("GET", "http://api.example/v1/agents")
    text = content if isinstance(content, (str, bytes)) else json.dumps(content)
    return httpx2.Response(200, content=text, headers={"content-type": "application/json"}, request=request)


@pytest.mark.parametrize(
    "content",
    [
        "<html>",
        "",
        "null",
        "[]",
        {"data": None},
        {"data": {}},
        {"data": [None]},
        {"data": [{"name": "without id"}]},
        {"data": [{"id": 5}]},
        {"data": [{"id": ""}]},
        {"data": [{"id": ".."}]},
        '{"data": [{"id": "a", "created_at": NaN}]}',
        '{"data": [{"id": "a", "created_at": 1e999}]}',
        '{"data": [{"id": "a", "created_at": 1' + "0" * 400 + "}]}",
        '{"data": [{"id": "a", "name": "\\ud800"}]}',
        b'{"data": [{"id": "a", "name": "\xed\xa0\x80"}]}',
        '{"data": ' + "[" * 100_000,
        b'{"data": [{"id": "\xff"}]}',
    ],
)
def test_response_that_is_not_a_list_of_objects_is_unreadable(content):
    failure = decoded(answer(content), is_list=True, id_=None)
    assert isinstance(failure, Failure)
    problem = failure.exception(None, repeatable=True).problems[0]
    assert problem.code == "unreadable"
    assert "GET /v1/agents" in problem.message


def test_object_is_no_list_and_a_list_is_no_object():
    page, body = {"data": [{"id": "a"}]}, {"id": "a"}
    assert decoded(answer(page), is_list=True, id_=None) == page
    assert decoded(answer(body), is_list=False, id_="a") == body
    assert decoded(answer(page), is_list=False, id_=None) != page
    assert decoded(answer(body), is_list=True, id_=None) != body


def test_object_with_another_id_than_the_requested_one_is_unreadable():
    assert decoded(answer({"id": "b"}), is_list=False, id_="a") != {"id": "b"}


def test_escaped_pairs_of_surrogates_are_characters():
    assert decoded(answer('{"id": "a", "name": "\\ud83d\\ude00"}'), is_list=False, id_="a") == {"id": "a", "name": "😀"}


@pytest.mark.parametrize(
    ("shape", "value"),
    [
        (TEXT, 5),
        (TEXT, ["a"]),
        (TIME, "today"),
        (TIME, True),
        (TIME, -1),
        (TIME, 1e300),
        (SIZE, 1.5),
        (SIZE, -1),
        (OBJECT, []),
        (TEXTS, {"a": 5}),
        (SCALARS, {"a": []}),
        (TYPED, [{"type": 5}]),
        (TYPED, ["a"]),
        (TYPED, {}),
    ],
)
def test_value_of_another_shape_is_named_with_its_object(shape, value):
    with pytest.raises(LiveError) as caught:
        check("vector_store", {"id": "vs_1", "field": value}, {"field": shape})
    assert "vector store vs_1 cannot be read: its field `field` is not " in caught.value.problems[0].message


def test_null_and_missing_fields_have_every_shape():
    check("agent", {"id": "a", "field": None}, {"field": TEXT, "other": TIME})


@pytest.mark.parametrize(
    "error", [KeyError("x"), TypeError("x"), AttributeError("x"), OverflowError("x"), RecursionError()]
)
def test_error_while_an_object_is_read_names_the_object(error):
    with pytest.raises(LiveError, match="agent agent_1 cannot be read"), understood("agent", {"id": "agent_1"}, {}):
        raise error


@pytest.mark.parametrize(
    "body", [{"metadata": {"$address": "x"}}, {"tools": [{"parameters": {"a": {"$address": "x"}}}]}]
)
def test_object_with_the_key_of_references_is_refused(body):
    with pytest.raises(LiveError, match="reserved key"):
        check("agent", {"id": "agent_1", **body}, {})
