"""Filters of lists that consist of several query keys."""

from starlette.datastructures import QueryParams

from reconciler.emulator.store import Where


def by_metadata(query: QueryParams) -> Where:
    """Return the condition for objects with every pair given as `metadata[key]=value`."""
    where = Where()
    for name, value in query.multi_items():
        if name.startswith("metadata[") and name.endswith("]"):
            pair = "EXISTS (SELECT 1 FROM json_each(body, '$.metadata') AS pair WHERE pair.key = ? AND pair.value = ?)"
            where &= Where(pair, (name.removeprefix("metadata[")[:-1], value))
    return where


def by_status(query: QueryParams) -> Where:
    """Return the condition on the status of vaults and credentials, which are all active here."""
    asked = [*query.getlist("status"), *query.getlist("status[]")]
    return Where("FALSE") if asked and "active" not in asked else Where()
