"""The `postgres` backend: documents as rows of one table."""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, quote, urlencode

from reconciler.resources.problems import Problem
from reconciler.state.postgres_connections import Connections, Rows, Statement
from reconciler.state.store import (
    BackendConfig,
    Store,
    StoreError,
    Versioned,
    bad_state,
    check_key,
    check_prefix,
    conflict_error,
    exists_error,
)

if TYPE_CHECKING:
    from psycopg import Error

DSN: Final = "RECONCILER_POSTGRES_DSN"
"""The variable with the connection string. Without it, libpq's own PG* variables and defaults hold."""
SCHEMA: Final = "reconciler"

_NAME: Final = re.compile(r"[a-z_][a-z0-9_]{0,62}")
_INSTALL: Final = "pip install 'assistant-reconciler[postgres]'"
_CHECK: Final = f"Check {DSN} or the PG* variables, and that the server can be reached; then run it again."
# The version is new with every write: a document that is made again must not have that of the one before.
_TABLE: Final = """CREATE TABLE IF NOT EXISTS {table} (
    key text COLLATE "C" PRIMARY KEY,
    data bytea NOT NULL,
    version bigint GENERATED ALWAYS AS IDENTITY,
    written timestamptz NOT NULL DEFAULT now()
)"""
_LOCK: Final = "SELECT pg_advisory_xact_lock(hashtextextended(%(schema)s, 20260101))"
_READ: Final = "SELECT data, version FROM {table} WHERE key = %(key)s"
_CREATE: Final = """INSERT INTO {table} (key, data) VALUES (%(key)s, %(data)s)
    ON CONFLICT (key) DO NOTHING RETURNING version"""
_REPLACE: Final = """UPDATE {table} SET data = %(data)s, version = DEFAULT, written = now()
    WHERE key = %(key)s AND version = %(version)s RETURNING version"""
_DELETE: Final = "DELETE FROM {table} WHERE key = ANY(%(keys)s)"
_LIST: Final = "SELECT key FROM {table} WHERE key > %(prefix)s AND key < %(end)s"


class PostgresStore:
    """A `Store` in the table `documents` of a schema, both made at the first write where they are missing.

    Each call is one statement, in a transaction of its own.
    """

    def __init__(self, conninfo: str, schema: str, location: str) -> None:
        self.location = location
        self._schema = schema
        self._connections = Connections(conninfo)

    def read(self, key: str) -> Versioned | None:
        rows = self._run(_READ, key=check_key(key))
        return Versioned(rows[0][0], str(rows[0][1])) if rows else None

    def create(self, key: str, data: bytes) -> str:
        rows = self._run(_CREATE, make=True, key=check_key(key), data=data)
        if not rows:
            raise exists_error(self.location, key)
        return str(rows[0][0])

    def replace(self, key: str, data: bytes, version: str) -> str:
        rows = self._run(_REPLACE, key=check_key(key), data=data, version=int(version))
        if not rows:
            raise conflict_error(self.location, key)
        return str(rows[0][0])

    def delete(self, keys: Iterable[str]) -> None:
        self._run(_DELETE, keys=[check_key(key) for key in keys])

    def list(self, prefix: str) -> list[str]:
        # Between `a/` and `a0`, as `0` comes right after the slash; keys are ASCII.
        end = check_prefix(prefix)[:-1] + "0" if prefix else "\x7f"
        return sorted(key for (key,) in self._run(_LIST, prefix=prefix, end=end))

    def _run(self, query: str, *, make: bool = False, **values: Any) -> Rows:
        """The rows of `query`; where there is no table yet, it is made, or there are none."""
        from psycopg.errors import InvalidSchemaName, UndefinedTable

        with self._errors():
            try:
                return self._connections.run(self._statement(query, values))
            except (UndefinedTable, InvalidSchemaName):
                if not make:
                    return []
                self._make()
                return self._connections.run(self._statement(query, values))

    def _make(self) -> None:
        schema = {"schema": self._schema}
        lock = self._statement(_LOCK, schema)  # two that make the same table at once would get an error
        found = self._connections.run(self._statement("SELECT 1 FROM pg_namespace WHERE nspname = %(schema)s", schema))
        made = [] if found else [self._statement("CREATE SCHEMA IF NOT EXISTS {schema}", {})]
        self._connections.run(lock, *made, self._statement(_TABLE, {}))

    def _statement(self, query: str, values: Mapping[str, Any]) -> Statement:
        from psycopg.sql import SQL, Identifier

        table = Identifier(self._schema, "documents")
        return SQL(query).format(table=table, schema=Identifier(self._schema)), values

    @contextmanager
    def _errors(self) -> Iterator[None]:
        from psycopg import Error

        try:
            yield
        except Error as error:
            # Never the details of an error: they quote rows.
            reason = " ".join((error.diag.message_primary or str(error)).split())
            message = f"cannot use the state in {self.location}: {reason}"
            raise StoreError(Problem("state-postgres", message, hint=self._hint(error))) from error

    def _hint(self, error: "Error") -> str:
        from psycopg.errors import InsufficientPrivilege, QueryCanceled, ReadOnlySqlTransaction

        if isinstance(error, InsufficientPrivilege):
            return (
                f"Ask the owner of the database for: CREATE SCHEMA IF NOT EXISTS {self._schema}; "
                f"GRANT USAGE, CREATE ON SCHEMA {self._schema} TO your role"
            )
        if isinstance(error, QueryCanceled):
            return "Something else holds that row, or the server is slow: look into pg_stat_activity."
        if isinstance(error, ReadOnlySqlTransaction):
            return "This role or database is read-only: enough to plan, not to apply."
        return _CHECK


def open_postgres(config: BackendConfig) -> Store:
    """The store of `postgres://user:password@host/database?schema=…`, or of `postgres:?schema=…`.

    The second is for `project.yaml`, which names no server: it is the one of RECONCILER_POSTGRES_DSN, or of the
    variables that every PostgreSQL client knows.
    """
    conninfo, schema = _parts(config)
    if not _NAME.fullmatch(schema):
        raise bad_state(f"{schema!r} is no name of a schema", "Lower-case letters, digits and `_`, at most 63.")
    return PostgresStore(conninfo, schema, _location(conninfo, config.environ, schema))


def _parts(config: BackendConfig) -> tuple[str, str]:
    """The connection string, and the schema, which libpq does not know as an option."""
    url, _, query = config.url.partition("?")
    options = parse_qsl(query, keep_blank_values=True)
    schema = dict(options).get("schema", SCHEMA)
    if "//" not in url:
        config.options("schema")
        return config.environ.get(DSN, ""), schema
    others = urlencode([pair for pair in options if pair[0] != "schema"], quote_via=quote)
    return url + (f"?{others}" if others else ""), schema


def _location(conninfo: str, environ: Mapping[str, str], schema: str) -> str:
    """Server, database and schema, for messages."""
    known = _parsed(conninfo)
    host = known.get("host") or environ.get("PGHOST", "")
    database = known.get("dbname") or environ.get("PGDATABASE", "")
    return f"postgres://{host}/{database}/{schema}"


def _parsed(conninfo: str) -> dict[str, Any]:
    """The settings in a connection string. What is wrong with one is not quoted: it may be part of the password."""
    try:
        from psycopg import ProgrammingError
        from psycopg.conninfo import conninfo_to_dict
    except ImportError as error:
        message = "state in PostgreSQL takes a package that is not installed"
        raise StoreError(Problem("state-postgres", message, hint=_INSTALL)) from error
    hint = "Write postgres://user:password@host/database, with %XX for what is no letter or digit in the password."
    try:
        known = conninfo_to_dict(conninfo)
    except ProgrammingError as error:
        raise bad_state("that is no connection string of PostgreSQL", hint) from error
    # A password with a slash or an @ in clear reads as a part of the host.
    if ("://" in conninfo and ("@" in conninfo) != ("user" in known)) or "@" in str(known.get("host", "")):
        raise bad_state("that connection string is not encoded", hint)
    return known
