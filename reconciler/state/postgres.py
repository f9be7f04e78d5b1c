"""The `postgres` backend: documents as rows in one table."""

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
"""The variable with the connection string. Without it, the PG* variables and defaults of libpq apply."""
SCHEMA: Final = "reconciler"

_NAME: Final = re.compile(r"[a-z_][a-z0-9_]{0,62}")
_INSTALL: Final = "Install the extra, in a checkout of Reconciler: pip install '.[postgres]'"
_CHECK: Final = f"Check {DSN} or the PG* variables and the connection to the server, then run the same command again."
# Each write gets a new version: a document that is created again must not reuse an earlier version.
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

_PRESENT: Final = "SELECT to_regclass(%(name)s)::text"
_MAY_CREATE: Final = """SELECT current_setting('transaction_read_only') = 'off' AND (
    has_database_privilege(current_database(), 'CREATE')
    OR EXISTS (SELECT FROM pg_namespace WHERE nspname = %(schema)s AND has_schema_privilege(oid, 'CREATE')))"""


class PostgresStore:
    """A `Store` in the table `documents` of a schema. The first write creates both if they are missing.

    Each call is one statement in its own transaction.
    """

    is_quick: Final = True

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
        # Between `a/` and `a0`, because `0` is the character after the slash. Keys are ASCII.
        end = check_prefix(prefix)[:-1] + "0" if prefix else "\x7f"
        return sorted(key for (key,) in self._run(_LIST, prefix=prefix, end=end))

    def check_writable(self, key: str) -> None:
        """Send a write of a version that does not exist, and changes no row."""
        if self._run(_PRESENT, name=f"{self._schema}.documents") != [(None,)]:
            self._run(_REPLACE, key=check_key(key), data=b"", version=0)
        elif self._run(_MAY_CREATE, schema=self._schema) == [(False,)]:
            message = f"cannot use the state in {self.location}: this role may only read"
            hint = f"Ask the owner of the database for: {_grant(self._schema)}"
            raise StoreError(Problem("state-postgres", message, hint=hint))

    def _run(self, query: str, *, make: bool = False, **values: Any) -> Rows:
        """Return the rows of `query`. If the table is missing, create it (`make`), or return no rows."""
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
        lock = self._statement(_LOCK, schema)  # concurrent creation of the same table would raise an error
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
            # Not the details of the error, which quote rows.
            reason = " ".join((error.diag.message_primary or str(error)).split())
            message = f"cannot use the state in {self.location}: {reason}"
            raise StoreError(Problem("state-postgres", message, hint=self._hint(error))) from error

    def _hint(self, error: "Error") -> str:
        from psycopg.errors import InsufficientPrivilege, QueryCanceled, ReadOnlySqlTransaction

        if isinstance(error, InsufficientPrivilege):
            return f"Ask the owner of the database for: {_grant(self._schema)}"
        if isinstance(error, QueryCanceled):
            return "Another session locks the row, or the server is slow. Inspect pg_stat_activity."
        if isinstance(error, ReadOnlySqlTransaction):
            return "This role or database is read-only, which allows `plan` but not `apply`. Use a role that may write."
        return _CHECK


def _grant(schema: str) -> str:
    return f"CREATE SCHEMA IF NOT EXISTS {schema}; GRANT USAGE, CREATE ON SCHEMA {schema} TO your role"


def open_store(config: BackendConfig) -> Store:
    """Open the store at `postgres://user:password@host/database?schema=…`, or at `postgres:?schema=…`.

    The second form is for `project.yaml`, which does not name a server: RECONCILER_POSTGRES_DSN or the PG* variables
    do.
    """
    conninfo, schema = _parts(config)
    if not _NAME.fullmatch(schema):
        raise bad_state(
            f"{schema!r} is not a valid schema name",
            "Use at most 63 lower-case letters, digits and `_`, no digit first.",
        )
    return PostgresStore(conninfo, schema, _location(conninfo, config.environ, schema))


def _parts(config: BackendConfig) -> tuple[str, str]:
    """Return the connection string and the schema, which is not an option of libpq."""
    url, _, query = config.url.partition("?")
    options = parse_qsl(query, keep_blank_values=True)
    schema = dict(options).get("schema", SCHEMA)
    if "//" not in url:
        config.options("schema")
        return config.environ.get(DSN, ""), schema
    others = urlencode([pair for pair in options if pair[0] != "schema"], quote_via=quote)
    return url + (f"?{others}" if others else ""), schema


def _location(conninfo: str, environ: Mapping[str, str], schema: str) -> str:
    """Return the server, database and schema for messages."""
    known = _parsed(conninfo)
    host = known.get("host") or environ.get("PGHOST", "")
    database = known.get("dbname") or environ.get("PGDATABASE", "")
    return f"postgres://{host}/{database}/{schema}"


def _parsed(conninfo: str) -> dict[str, Any]:
    """Return the settings in a connection string. Errors do not quote it, because it may contain a password."""
    try:
        from psycopg import ProgrammingError
        from psycopg.conninfo import conninfo_to_dict
    except ImportError as error:
        message = "the postgres backend requires a package that is not installed"
        raise StoreError(Problem("state-postgres", message, hint=_INSTALL)) from error
    hint = "Write postgres://user:password@host/database, with special characters in the password encoded as %XX."
    try:
        known = conninfo_to_dict(conninfo)
    except ProgrammingError as error:
        raise bad_state("the PostgreSQL connection string is not valid", hint) from error
    # An unencoded slash or @ in a password would be parsed as part of the host.
    if ("://" in conninfo and ("@" in conninfo) != ("user" in known)) or "@" in str(known.get("host", "")):
        raise bad_state("the PostgreSQL connection string is not percent-encoded", hint)
    return known
