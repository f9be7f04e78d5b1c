"""Search in a vector store: by words, without a model.

A file is one chunk, and its score is the share of the words of the query that occur in it. Filters are those of
`openai.types.shared_params`.
"""

import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

from openai.types.vector_store_search_params import VectorStoreSearchParams

from reconciler.emulator import ingestion
from reconciler.emulator.api import Body, Call, Endpoint
from reconciler.emulator.limits import between
from reconciler.emulator.resources import files
from reconciler.emulator.resources.vector_stores import existing, touch
from reconciler.emulator.store import Document, Window

WORD = re.compile(r"\w+")
COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
    "in": lambda value, allowed: value in allowed,
    "nin": lambda value, allowed: value not in allowed,
}


def search(call: Call) -> Document:
    """Return the files that contain a word of the query, those with most words first."""
    store, given = existing(call), call.body
    touch(call, store)
    queries = given["query"] if isinstance(given["query"], list) else [given["query"]]
    wanted = {word.casefold() for query in queries for word in WORD.findall(query)}
    least = max((given.get("ranking_options") or {}).get("score_threshold") or 0.0, 1e-9)
    results = [_result(call, entry, wanted) for entry in _searchable(call, given.get("filters"))]
    best = sorted((one for one in results if one["score"] >= least), key=lambda one: -one["score"])
    return {
        "object": "vector_store.search_results.page",
        "search_query": queries,
        "data": best[: given.get("max_num_results") or 10],
        "has_more": False,
        "next_page": None,
    }


def _searchable(call: Call, filters: Document | None) -> list[Document]:
    """Return the indexed files that still exist and match `filters`."""
    window = Window(limit=100_000)
    page = call.store.page(ingestion.KIND, window, call.id, ingestion.in_status("completed", call.now))
    existing_files = call.store.get_all(files.KIND, [entry["id"] for entry in page.data])
    return [
        {**entry, "filename": existing_files[entry["id"]]["filename"]}
        for entry in page.data
        if entry["id"] in existing_files and _matches(filters, entry["attributes"])
    ]


def _matches(given: Document | None, attributes: Mapping[str, Any]) -> bool:
    if given is None:
        return True
    if given["type"] in ("and", "or"):
        return {"and": all, "or": any}[given["type"]](_matches(one, attributes) for one in given["filters"])
    value = attributes.get(given["key"])
    try:
        return value is not None and COMPARISONS[given["type"]](value, given["value"])
    except TypeError:  # a number compared with a string
        return False


def _result(call: Call, entry: Document, wanted: set[str]) -> Document:
    text = call.store.content(entry["id"]).decode(errors="replace")
    found = {word.casefold() for word in WORD.findall(text)} & wanted
    return {
        "file_id": entry["id"],
        "filename": entry["filename"],
        "score": len(found) / len(wanted) if wanted else 0.0,
        "attributes": entry["attributes"],
        "content": [{"type": "text", "text": text}],
    }


BODY = Body(
    VectorStoreSearchParams,
    {"max_num_results": between(1, 50), "ranking_options.score_threshold": between(0, 1, "decimal")},
)
ENDPOINTS = [Endpoint(method="POST", path="/v1/vector_stores/{id}/search", handle=search, body=BODY)]
