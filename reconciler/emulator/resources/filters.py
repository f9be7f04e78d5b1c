"""Filters of lists that are not a matter of one known key."""

from starlette.datastructures import QueryParams

from reconciler.emulator.store import Where


def by_metadata(query: QueryParams) -> Where:
    """Objects that have every pair asked for as `metadata[key]=value`."""
    where = Where()
    for name, value in query.multi_items():
        if name.startswith("metadata[") and name.endswith("]"):
            pair = "EXISTS (SELECT 1 FROM json_each(body, '$.metadata') AS pair WHERE pair.key = ? AND pair.value = ?)"
            where &= Where(pair, (name.removeprefix("metadata[")[:-1], value))
    return where


def by_status(query: QueryParams) -> Where:
    """Of vaults and credentials: everything here is active, so that a list of archived ones is empty."""
    asked = [*query.getlist("status"), *query.getlist("status[]")]
    return Where("FALSE") if asked and "active" not in asked else Where()
