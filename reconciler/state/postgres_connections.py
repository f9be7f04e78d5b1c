"""Connections to one PostgreSQL database: opened on demand, reused, and limited in waiting time."""

import os
import socket
import threading
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from psycopg import Connection, Cursor
    from psycopg.sql import Composed

STATEMENT_TIMEOUT: Final = 20
"""Seconds that the server may take for a statement, including waits for other writers."""
SILENCE: Final = 25.0
"""Seconds after which an unresponsive server is abandoned; with connecting, much less than a lock lasts."""
CONNECT_TIMEOUT: Final = 10
_MOST: Final = 4
"""The maximum number of connections: servers have few, and most calls are sequential."""
# The settings apply to one transaction only: a pooler may give the session to another client afterwards.
_BEGIN: Final = """BEGIN ISOLATION LEVEL READ COMMITTED;
    SET LOCAL statement_timeout = '{timeout}s';
    SET LOCAL synchronous_commit = on"""

Rows: TypeAlias = list[tuple[Any, ...]]
Statement: TypeAlias = "tuple[Composed | str, Mapping[str, Any]]"


class Connections:
    """Connections to the database of `conninfo`, shared by all threads of this process."""

    def __init__(self, conninfo: str) -> None:
        self._conninfo = conninfo
        self._idle: list[Connection[Any]] = []
        self._turns = threading.BoundedSemaphore(_MOST)
        weakref.finalize(self, _close_all, self._idle)

    def run(self, *statements: Statement) -> Rows:
        """Run `statements` in one durable transaction and return the rows of the last one. Raises psycopg.Error.

        An idle connection may be broken, which is noticed only on use. The transaction is then repeated on a new
        connection, so that it may take effect twice.
        """
        from psycopg import OperationalError

        with self._turns:
            connection = self._resting()
            if connection:
                try:
                    return self._run(connection, statements)
                except OperationalError:
                    if not connection.closed:
                        raise
                    _close_all(self._idle)
            return self._run(self._connect(), statements)

    def _resting(self) -> "Connection[Any] | None":
        try:
            return self._idle.pop()
        except IndexError:
            return None

    def _run(self, connection: "Connection[Any]", statements: tuple[Statement, ...]) -> Rows:
        with _hung_up_after(SILENCE, connection):
            try:
                cursor = _transact(connection, statements)
            finally:
                self._put_back(connection)
        return cursor.fetchall() if cursor.description else []

    def _put_back(self, connection: "Connection[Any]") -> None:
        from psycopg.pq import TransactionStatus

        if connection.info.transaction_status is TransactionStatus.INERROR:
            connection.rollback()
        if connection.info.transaction_status is TransactionStatus.IDLE:
            self._idle.append(connection)
        else:
            connection.close()

    def _connect(self) -> "Connection[Any]":
        import psycopg
        from psycopg.conninfo import conninfo_to_dict

        settings = _defaults() | conninfo_to_dict(self._conninfo)
        # No prepared statements, because poolers do not keep them.
        return psycopg.connect(autocommit=True, prepare_threshold=None, **settings)


def _defaults() -> dict[str, Any]:
    """Return the defaults for a connection string. A standby would return outdated documents."""
    return {
        "connect_timeout": CONNECT_TIMEOUT,
        "fallback_application_name": "reconciler",
        "target_session_attrs": "primary",
    }


def _transact(connection: "Connection[Any]", statements: tuple[Statement, ...]) -> "Cursor[Any]":
    """Run one transaction and return the cursor of the last statement."""
    from psycopg.sql import SQL

    connection.execute(SQL(_BEGIN).format(timeout=SQL(str(STATEMENT_TIMEOUT))))
    for query, values in statements:
        cursor = connection.execute(query, values, binary=True)
    connection.execute("COMMIT")
    return cursor


@contextmanager
def _hung_up_after(seconds: float, connection: "Connection[Any]") -> Iterator[None]:
    """Shut down the connection after `seconds`: libpq waits forever for a reachable server that does not answer."""
    timer = threading.Timer(seconds, _hang_up, [connection.fileno()])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _hang_up(descriptor: int) -> None:
    with socket.socket(fileno=os.dup(descriptor)) as line:
        line.shutdown(socket.SHUT_RDWR)


def _close_all(connections: "list[Connection[Any]]") -> None:
    while connections:
        connections.pop().close()
