from datetime import date

import httpx2
import pytest

from reconciler.live.errors import LiveError, MissingError
from reconciler.live.pages import shutdown_dates, walk, walk_as


def page(*ids, more=True):
    return httpx2.Response(200, json={"data": [{"id": id_} for id_ in ids], "has_more": more})


GONE = httpx2.Response(404, json={"error": {"message": "no such cursor", "type": "not_found_error", "code": None}})


@pytest.fixture
def walked(bench, server):
    def run(*answers, **kwargs):
        return [item["id"] for item in bench.run(walk(server.says(*answers), "agents", **kwargs))]

    return run


def cursors(server):
    return [request.url.params.get("after") for request in server.asked]


def test_a_thousand_agents_are_ten_requests(api):
    async def fill():
        for number in range(1000):
            await api.connection.client.beta.agents.create(model="gpt-6-luna", name=f"agent {number}")

    api.run(fill())
    api.requests()
    found = api.run(walk(api.connection, "agents"))
    assert len({agent["id"] for agent in found}) == 1000
    assert api.requests() == ["GET /v1/agents"] * 10


def test_the_cursor_is_the_last_object(walked, server):
    assert walked(page("a", "b"), page("c", more=False)) == ["a", "b", "c"]
    assert cursors(server) == [None, "b"]
    assert all(request.url.params["limit"] == "100" for request in server.asked)


def test_ends_with_an_empty_page_whatever_it_says(walked, server):
    assert walked(page("a"), page()) == ["a"]
    assert cursors(server) == [None, "a"]


def test_a_page_is_read_before_the_next_one_is_requested(bench, server):
    read = []

    def name(item):
        read.append((item["id"], len(server.asked)))
        return item["id"].upper()

    assert bench.run(walk_as(name, server.says(page("a", "b"), page("c", more=False)), "agents")) == ["A", "B", "C"]
    assert read == [("a", 1), ("b", 1), ("c", 2)]


def test_an_object_on_two_pages_is_one_object(walked):
    assert walked(page("a", "b"), page("b", "c", more=False)) == ["a", "b", "c"]


def test_stops_early(walked, server):
    assert walked(page("a", "b"), until=lambda item: item["id"] == "b") == ["a"]
    assert len(server.asked) == 1


def test_filters_go_with_every_page(walked, server):
    walked(page("a"), page("b", more=False), filters={"filter": "failed"})
    assert [request.url.params["filter"] for request in server.asked] == ["failed", "failed"]


def test_a_server_that_ignores_the_cursor(walked, server):
    with pytest.raises(LiveError, match="repeats the page"):
        walked(page("a", "b"))
    assert len(server.asked) == 2


def test_a_server_without_pages_returns_the_whole_list_again(walked, server):
    """Its list has no `has_more`, and is shorter than the page that was requested."""
    whole = httpx2.Response(200, json={"object": "list", "data": [{"id": "a"}, {"id": "b"}]})
    assert walked(whole) == ["a", "b"]
    assert cursors(server) == [None, "b"]


def test_a_full_page_that_is_repeated_may_not_be_the_whole_list(walked):
    with pytest.raises(LiveError, match="repeats the page"):
        walked(httpx2.Response(200, json={"object": "list", "data": [{"id": "a"}, {"id": "b"}]}), limit=2)


def test_starts_anew_when_the_cursor_was_deleted(walked, server):
    assert walked(page("a", "b"), GONE, page("a"), page("c", more=False)) == ["a", "c"]
    assert cursors(server) == [None, "b", None, "a"]


def test_does_not_start_anew_for_ever(walked, server):
    with pytest.raises(LiveError, match="faster than they can be listed"):
        walked(*[page("a"), GONE] * 10)
    assert len(server.asked) == 8


def test_a_list_that_does_not_exist(walked):
    with pytest.raises(MissingError):
        walked(GONE)


def test_models_without_a_shutdown_date_are_listed_with_none(api):
    dates = api.run(shutdown_dates(api.connection))
    assert dates["gpt-5"] == date(2026, 12, 11)
    assert dates["gpt-6-luna"] is None
    assert api.requests() == ["GET /v1/models"]
