"""Objects and file contents in SQLite, in memory or in a file that several processes share.

Each object is a JSON document under (kind, scope, id). The scope is the id of its parent object, or empty. Lists are in
order of insertion, because timestamps in whole seconds do not order objects.
"""

import json
import sqlite3
import weakref
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import RLock
from typing import Any

Document = dict[str, Any]

SCHEMA = """
CREATE TABLE IF NOT EXISTS objects (
    seq INTEGER PRIMARY KEY, kind TEXT NOT NULL, scope TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL,
    UNIQUE (kind, scope, id)
);
CREATE INDEX IF NOT EXISTS objects_in_order ON objects (kind, scope, seq);
CREATE TABLE IF NOT EXISTS contents (id TEXT PRIMARY KEY, content BLOB NOT NULL);
"""


class DamagedError(Exception):
    """An object in the database that the emulator cannot have written."""


class UnknownCursorError(LookupError):
    """The cursor of a page is not an object in the list."""


@dataclass(frozen=True, kw_only=True)
class Window:
    """A part of a list: `limit` objects after or before an id; newest first unless `ascending`."""

    limit: int
    ascending: bool = False
    after: str | None = None
    before: str | None = None


@dataclass(frozen=True)
class Where:
    """An SQL condition on the column `body`, with its parameters. The SQL never contains values of a request."""

    sql: str = "TRUE"
    parameters: Sequence[Any] = field(default=())

    def __and__(self, other: "Where") -> "Where":
        return Where(f"{self.sql} AND {other.sql}", (*self.parameters, *other.parameters))


@dataclass(frozen=True)
class Page:
    data: list[Document]
    has_more: bool


class Store:
    """A connection to the database, to be used inside `transaction`."""

    def __init__(self, path: Path | None) -> None:
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = RLock()
        self._db = sqlite3.connect(path or ":memory:", timeout=30, isolation_level=None, check_same_thread=False)
        # Write-ahead logging: readers in other processes do not wait. A crash of the machine may lose the last commits.
        self.close = weakref.finalize(self, self._db.close)
        """Close the database, unless it is closed; done at the latest when the store is no longer used."""
        self._db.executescript(f"PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; {SCHEMA}")

    def copy(self) -> "Store":
        """Return a copy of the store in memory."""
        made = Store(None)
        with self._lock:
            self._db.backup(made._db)
        return made

    @contextmanager
    def transaction(self, *, write: bool) -> Iterator[None]:
        """Run the body atomically, with one consistent view of the writes of other processes."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE" if write else "BEGIN")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def put(self, kind: str, body: Document, scope: str = "") -> None:
        """Insert an object, or replace the one with its id in place."""
        self.put_all(kind, [body], scope)

    def put_all(self, kind: str, bodies: Iterable[Document], scope: str = "") -> None:
        self._db.executemany(
            "INSERT INTO objects (kind, scope, id, body) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (kind, scope, id) DO UPDATE SET body = excluded.body",
            [(kind, scope, body["id"], json.dumps(body, ensure_ascii=False, separators=(",", ":"))) for body in bodies],
        )

    def get(self, kind: str, id_: str, scope: str = "") -> Document | None:
        found = self.get_all(kind, [id_], scope)
        return found.get(id_)

    def get_all(self, kind: str, ids: Sequence[str], scope: str = "") -> dict[str, Document]:
        """Return the existing objects with these ids, by id."""
        rows = self._db.execute(
            "SELECT id, body FROM objects WHERE kind = ? AND scope = ? AND id IN (SELECT value FROM json_each(?))",
            (kind, scope, json.dumps(ids)),
        )
        return {id_: _document(body) for id_, body in rows}

    def delete(self, kind: str, id_: str, scope: str = "") -> bool:
        """Delete an object and return True if it existed."""
        cursor = self._db.execute("DELETE FROM objects WHERE kind = ? AND scope = ? AND id = ?", (kind, scope, id_))
        return cursor.rowcount > 0

    def delete_scope(self, kind: str, scope: str) -> None:
        self._db.execute("DELETE FROM objects WHERE kind = ? AND scope = ?", (kind, scope))

    def replace_where(self, kind: str, scope: str, where: Where, expression: Where) -> None:
        """Replace the bodies of matching objects by the value of an SQL expression."""
        self._db.execute(
            f"UPDATE objects SET body = {expression.sql} WHERE kind = ? AND scope = ? AND {where.sql}",  # noqa: S608
            (*expression.parameters, kind, scope, *where.parameters),
        )

    def totals(self, kind: str, scope: str, group: Where, amount: str, where: Where) -> dict[str, tuple[int, int]]:
        """Return the number of objects and the sum of `amount` for each value of the expression `group`."""
        rows = self._db.execute(
            f"SELECT {group.sql}, count(*), sum({amount}) FROM objects "  # noqa: S608
            f"WHERE kind = ? AND scope = ? AND {where.sql} GROUP BY 1",
            (*group.parameters, kind, scope, *where.parameters),
        )
        return {value: (count, total) for value, count, total in rows}

    def page(self, kind: str, window: Window, scope: str = "", where: Where | None = None) -> Page:
        """Return one page of a list; raises UnknownCursorError.

        With `before` alone, it is the page that ends just before that object.
        """
        where = where or Where()
        backwards = window.before is not None and window.after is None
        ascending = window.ascending != backwards
        bounds, positions = self._bounds(kind, scope, window)
        rows = self._db.execute(
            f"SELECT body FROM objects WHERE kind = ? AND scope = ? AND {bounds} AND {where.sql} "  # noqa: S608
            f"ORDER BY seq {'ASC' if ascending else 'DESC'} LIMIT ?",
            (kind, scope, *positions, *where.parameters, window.limit + 1),
        ).fetchall()
        data = [_document(body) for (body,) in rows[: window.limit]]
        return Page(data[::-1] if backwards else data, len(rows) > window.limit)

    def _bounds(self, kind: str, scope: str, window: Window) -> tuple[str, list[int]]:
        after, before = ("seq > ?", "seq < ?") if window.ascending else ("seq < ?", "seq > ?")
        cursors = [(after, window.after), (before, window.before)]
        given = [(condition, self._seq(kind, scope, id_)) for condition, id_ in cursors if id_ is not None]
        return " AND ".join(["TRUE", *(condition for condition, _ in given)]), [seq for _, seq in given]

    def _seq(self, kind: str, scope: str, id_: str) -> int:
        row = self._db.execute(
            "SELECT seq FROM objects WHERE kind = ? AND scope = ? AND id = ?", (kind, scope, id_)
        ).fetchone()
        if row is None:
            raise UnknownCursorError(id_)
        return int(row[0])

    def put_content(self, id_: str, content: bytes) -> None:
        self._db.execute("INSERT INTO contents (id, content) VALUES (?, ?)", (id_, content))

    def content(self, id_: str) -> bytes:
        return bytes(self._db.execute("SELECT content FROM contents WHERE id = ?", (id_,)).fetchone()[0])

    def delete_content(self, id_: str) -> None:
        self._db.execute("DELETE FROM contents WHERE id = ?", (id_,))


def _document(body: str) -> Document:
    """Return the object in a row; raises DamagedError."""
    try:
        found = json.loads(body)
    except (TypeError, ValueError, RecursionError) as error:
        raise DamagedError(f"an object is not valid JSON: {error}") from error
    if not isinstance(found, dict):
        raise DamagedError("an object is not a JSON object")
    return found
