"""A search finds files by the words in them."""

import pytest


@pytest.fixture
def store(api):
    """Return a store with two files: one about refunds for Austria, one about invoices."""
    made = api.run(api.sdk.vector_stores.create())
    for name, text, country in (
        ("refunds.md", b"A refund takes a week.", "AT"),
        ("bills.md", b"An invoice is due.", "DE"),
    ):
        attached = {"file_id": api.upload(name, text), "attributes": {"country": country, "year": 2026}}
        api.call("POST", f"/vector_stores/{made.id}/files", json=attached)
    return made.id


def found(api, store, query, **given):
    async def page():
        pager = api.sdk.vector_stores.search(store, query=query, **given)
        return [one.filename async for one in pager]

    return api.run(page())


def test_files_with_a_word_of_the_query_are_found_best_first(api, store):
    assert found(api, store, "How long does a refund take?") == ["refunds.md"]
    assert found(api, store, "is a refund an invoice") == ["bills.md", "refunds.md"]
    assert found(api, store, "shipping") == []


def test_results_have_the_content_and_the_attributes(api, store):
    (result,) = api.call("POST", f"/vector_stores/{store}/search", json={"query": "refund"}).json()["data"]
    assert result["content"] == [{"type": "text", "text": "A refund takes a week."}]
    assert (result["attributes"]["country"], result["score"]) == ("AT", 1.0)


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({"type": "eq", "key": "country", "value": "AT"}, ["refunds.md"]),
        ({"type": "ne", "key": "country", "value": "AT"}, ["bills.md"]),
        ({"type": "in", "key": "country", "value": ["DE", "CH"]}, ["bills.md"]),
        ({"type": "gt", "key": "year", "value": 2026}, []),
        ({"type": "gt", "key": "country", "value": 1}, []),
        (
            {
                "type": "or",
                "filters": [
                    {"type": "eq", "key": "country", "value": "AT"},
                    {"type": "gte", "key": "year", "value": 2027},
                ],
            },
            ["refunds.md"],
        ),
        (
            {
                "type": "and",
                "filters": [
                    {"type": "eq", "key": "country", "value": "AT"},
                    {"type": "eq", "key": "year", "value": 2025},
                ],
            },
            [],
        ),
    ],
)
def test_filters_are_applied_to_attributes(api, store, filters, names):
    assert found(api, store, "refund invoice", filters=filters) == names


def test_the_number_and_the_score_of_results_are_limited(api, store):
    assert found(api, store, "is a refund an invoice", max_num_results=1) == ["bills.md"]
    assert found(api, store, "is a refund an invoice", ranking_options={"score_threshold": 0.5}) == ["bills.md"]
    assert api.refusal("POST", f"/vector_stores/{store}/search", json={"query": "x", "max_num_results": 51})


def test_a_store_that_does_not_exist_is_not_searched(api):
    api.refusal("POST", "/vector_stores/vs_gone/search", 404, json={"query": "refund"})
