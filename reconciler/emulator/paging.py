"""List queries, their filters and list envelopes.

The families of endpoints differ: beta lists clamp `limit` and do not name parameters in errors, file lists reject
invalid values without naming them, and vector store lists reject them with code and parameter.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import QueryParams

from reconciler.emulator.errors import ApiError, invalid
from reconciler.emulator.limits import between
from reconciler.emulator.schema import checker, members
from reconciler.emulator.store import Document, Page, Where, Window


@dataclass(frozen=True, kw_only=True)
class Paging:
    """The paging of one list; `params` is the SDK's type of its query. Unknown keys are ignored, as by the API."""

    params: Any
    default: int = 20
    maximum: int = 100
    minimum: int = 1
    beta: bool = False
    anonymous: bool = False

    @property
    def cursor_param(self) -> str | None:
        """The parameter that the 404 for an unknown cursor names."""
        return None if self.beta else "after"

    def read(self, query: QueryParams) -> tuple[Window, Mapping[str, str]]:
        """Return the requested window, and the remaining known keys as filters. Raises ApiError."""
        try:
            known = self._known(query)
            window = Window(
                limit=self._limit(known.pop("limit", None)),
                ascending=known.pop("order", "desc") == "asc",
                after=known.pop("after", None),
                before=known.pop("before", None),
            )
        except ApiError as error:
            if self.beta or self.anonymous:
                raise ApiError(400, error.message) from error
            raise
        return window, known

    def _known(self, query: QueryParams) -> dict[str, str]:
        hints = members(self.params)
        known: dict[str, str] = {}
        for key, value in query.multi_items():
            if key in known:
                raise invalid(f"Duplicate query parameter: '{key}'.", key, "duplicate_parameter")
            if key in hints:
                known[key] = value
                if hints[key] is not int:
                    checker(hints[key])(value, key)
        return known

    def _limit(self, given: str | None) -> int:
        if given is None:
            return self.default
        digits = given if self.beta else given.removeprefix("-")
        if not (digits.isdecimal() and len(digits) < 20):
            raise invalid(f"Invalid type for 'limit': expected an integer, but got '{given}'.", "limit", "invalid_type")
        limit = int(given)
        if self.beta:
            return max(1, min(limit, self.maximum))
        between(self.minimum, self.maximum)(limit, "limit")
        return limit


def envelope(page: Page, data: list[Document]) -> Document:
    """Return the list object for `page`, whose objects are rendered in `data`."""
    return {
        "object": "list",
        "data": data,
        "first_id": data[0]["id"] if data else None,
        "last_id": data[-1]["id"] if data else None,
        "has_more": page.has_more,
    }


def by_metadata(query: QueryParams) -> Where:
    """Return the condition for objects with every pair given as `metadata[key]=value`."""
    where = Where()
    for name, value in query.multi_items():
        if name.startswith("metadata[") and name.endswith("]"):
            pair = "EXISTS (SELECT 1 FROM json_each(body, '$.metadata') AS pair WHERE pair.key = ? AND pair.value = ?)"
            where &= Where(pair, (name.removeprefix("metadata[")[:-1], value))
    return where
