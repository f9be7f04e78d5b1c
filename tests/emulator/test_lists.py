"""Pages of lists: sizes, order, cursors, and invalid queries in each family of endpoints."""

from typing import Any

import pytest

COUNT = 25


@pytest.fixture
def agents(api):
    """Ids of more agents than a default page holds, oldest first. All of the same second."""
    return [api.agent(name=str(number))["id"] for number in range(COUNT)]


def ids(response):
    assert response.status_code == 200, response.text
    return [item["id"] for item in response.json()["data"]]


def test_twenty_newest_first_unless_asked_otherwise(api, agents):
    page = api.call("GET", "/agents").json()
    assert [item["id"] for item in page["data"]] == agents[:-21:-1]
    assert page["has_more"] is True
    assert (page["first_id"], page["last_id"]) == (agents[-1], agents[-20])


def test_the_sdk_walks_all_pages_in_order_of_creation(api, agents):
    walk = api.all(api.sdk.beta.agents.list(limit=10, order="asc"))
    assert [agent.id for agent in walk] == agents
    assert api.app.state.requests[COUNT:] == [("GET", "/v1/agents")] * 3


def test_an_updated_agent_keeps_its_place(api, agents):
    api.call("POST", f"/agents/{agents[0]}", json={"name": "changed"})
    assert ids(api.call("GET", "/agents?order=asc&limit=1")) == [agents[0]]


def test_an_empty_list_has_no_first_and_no_last(api):
    empty: dict[str, Any] = {"object": "list", "data": [], "first_id": None, "last_id": None, "has_more": False}
    assert api.call("GET", "/agents").json() == empty


def test_a_full_last_page_says_that_there_is_no_more(api, agents):
    assert api.call("GET", f"/agents?limit={COUNT}").json()["has_more"] is False


@pytest.mark.parametrize(("limit", "size"), [("0", 1), ("1", 1), ("101", COUNT), ("99999", COUNT)])
def test_limits_of_agents_are_brought_into_range(api, agents, limit, size):
    assert len(ids(api.call("GET", f"/agents?limit={limit}"))) == size


@pytest.mark.parametrize("query", ["limit=-1", "limit=ten", "limit=", "order=up", "order=", "limit=1&limit=2"])
def test_agents_refuse_other_queries_without_naming_a_parameter(api, query):
    error = api.refusal("GET", f"/agents?{query}")
    assert (error["type"], error["code"], error["param"]) == ("invalid_request_error", "invalid_request_error", None)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("limit=0", "integer_below_min_value"),
        ("limit=101", "integer_above_max_value"),
        ("limit=-1", "integer_below_min_value"),
        ("limit=ten", "invalid_type"),
        ("order=up", "invalid_value"),
        ("limit=1&limit=2", "duplicate_parameter"),
    ],
)
def test_vector_stores_refuse_queries_by_name(api, query, code):
    error = api.refusal("GET", f"/vector_stores?{query}")
    assert (error["code"], error["param"]) == (code, query.partition("=")[0])


@pytest.mark.parametrize("query", ["limit=0", "limit=10001", "order="])
def test_files_refuse_queries_without_naming_anything(api, query):
    error = api.refusal("GET", f"/files?{query}")
    assert (error["type"], error["code"], error["param"]) == ("invalid_request_error", None, None)


def test_unknown_query_keys_are_ignored_even_twice(api, agents):
    assert len(ids(api.call("GET", "/agents?name=bot&name=other"))) == 20


@pytest.mark.parametrize(
    ("path", "type_", "code", "param"),
    [
        ("/agents", "not_found_error", "not_found_error", None),
        ("/files", "invalid_request_error", None, "after"),
        ("/vector_stores", "invalid_request_error", None, "after"),
    ],
)
def test_a_cursor_that_is_not_in_the_list_is_not_found(api, path, type_, code, param):
    error = api.refusal("GET", f"{path}?after=nothing", 404)
    assert (error["type"], error["code"], error["param"]) == (type_, code, param)


def test_deleting_the_cursor_breaks_the_walk(api, agents):
    last = api.call("GET", "/agents").json()["last_id"]
    api.call("DELETE", f"/agents/{last}")
    api.refusal("GET", f"/agents?after={last}", 404)


def test_files_come_in_pages_of_ten_thousand(api):
    files = [api.upload(f"{number}.md") for number in range(120)]
    page = api.call("GET", "/files").json()
    assert [item["id"] for item in page["data"]] == files[::-1]
    assert page["has_more"] is False


class TestBothDirections:
    @pytest.fixture
    def stores(self, api):
        return [api.run(api.sdk.vector_stores.create(name=str(number))).id for number in range(6)]

    def test_before_is_the_page_that_ends_just_before(self, api, stores):
        page = api.call("GET", f"/vector_stores?order=asc&limit=2&before={stores[4]}").json()
        assert [item["id"] for item in page["data"]] == stores[2:4]
        assert page["has_more"] is True

    def test_before_newest_first(self, api, stores):
        assert ids(api.call("GET", f"/vector_stores?limit=10&before={stores[3]}")) == [stores[5], stores[4]]

    def test_after_and_before_are_what_lies_between(self, api, stores):
        between = api.call("GET", f"/vector_stores?order=asc&after={stores[0]}&before={stores[4]}")
        assert ids(between) == stores[1:4]
