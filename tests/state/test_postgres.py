import os
import re
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import psycopg
import pytest

from reconciler.resources.problems import ReconcilerError
from reconciler.state import postgres_connections
from reconciler.state.backend import open_store
from reconciler.state.store import StoreError
from tests.state.contract import SharedStoreContract
from tests.support.servers import PASSWORD


@pytest.fixture
def opener(database, tmp_path):
    return partial(open_store, tmp_path, database, {}, embedded=False)


@pytest.fixture
def admin(postgres_server):
    """A connection of another client."""
    with psycopg.connect(postgres_server.dsn, autocommit=True) as connection:
        yield connection


class TestPostgresStore(SharedStoreContract):
    @pytest.fixture
    def opener(self, database, tmp_path):
        return partial(open_store, tmp_path, database, {}, embedded=False)


def data(store):
    return store.read("key").data


def schema_of(database: str) -> str:
    return database.partition("schema=")[2]


def test_reading_makes_nothing(opener, database, admin):
    store = opener()
    assert store.read("state/acme/state.json") is None
    assert store.list("") == []
    store.delete(["state/acme/state.json"])
    assert not admin.execute("SELECT FROM pg_namespace WHERE nspname = %s", [schema_of(database)]).fetchall()


def test_documents_are_rows_of_one_table(opener, database, admin):
    opener().create("state/acme/state.json", b"{}")
    rows = admin.execute(f"SELECT key, convert_from(data, 'UTF8') FROM {schema_of(database)}.documents").fetchall()
    assert rows == [("state/acme/state.json", "{}")]


def test_concurrent_table_creation_succeeds(opener):
    start = threading.Barrier(8)

    def create(number):
        start.wait()
        return opener().create(f"key-{number}", b"")

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(create, range(8)))) == 8


def test_threads_share_few_connections_which_end_with_the_store(database, admin, tmp_path):
    count = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'counted'"

    def use() -> None:
        store = open_store(tmp_path, f"{database}&application_name=counted", {}, embedded=False)
        store.create("key", b"")
        with ThreadPoolExecutor(16) as pool:
            list(pool.map(store.read, ["key"] * 64))
        assert 1 <= admin.execute(count).fetchone()[0] <= 4

    use()
    while admin.execute(count).fetchone()[0]:
        time.sleep(0.01)


# Errors


def test_restarted_server_is_reconnected(opener, postgres_server):
    store = opener()
    version = store.create("key", b"before")
    postgres_server.stop()
    postgres_server.start()
    assert store.replace("key", b"after", version) != version


def test_unreachable_server_is_an_error_until_it_returns(opener, postgres_server):
    store = opener()
    version = store.create("key", b"before")
    postgres_server.stop()
    for _ in range(2):
        with pytest.raises(StoreError, match="Connection refused") as caught:
            store.replace("key", b"after", version)
        assert "RECONCILER_POSTGRES_DSN" in caught.value.problems[0].hint
    postgres_server.start()
    store.replace("key", b"after", version)
    assert store.read("key").data == b"after"


def test_unresponsive_server_times_out(opener, postgres_server, monkeypatch):
    store = opener()
    store.create("key", b"")
    monkeypatch.setattr(postgres_connections, "SILENCE", 0.3)
    monkeypatch.setattr(postgres_connections, "CONNECT_TIMEOUT", 2)
    frozen = postgres_server.pids()
    for pid in frozen:
        os.kill(pid, signal.SIGSTOP)
    try:
        with pytest.raises(StoreError, match="timeout"):
            store.read("key")
    finally:
        for pid in frozen:
            os.kill(pid, signal.SIGCONT)
    assert store.read("key")


def test_locked_row_times_out(opener, database, admin, monkeypatch):
    store = opener()
    version = store.create("key", b"")
    monkeypatch.setattr(postgres_connections, "STATEMENT_TIMEOUT", 0.3)
    with admin.transaction():
        admin.execute(f"SELECT FROM {schema_of(database)}.documents FOR UPDATE")
        with pytest.raises(StoreError, match="statement timeout") as caught:
            store.replace("key", b"", version)
    assert "pg_stat_activity" in caught.value.problems[0].hint
    store.replace("key", b"", version)


def test_role_without_create_gets_the_required_grant(postgres_server, database, admin, tmp_path):
    role = f"role_{schema_of(database)}"
    admin.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{PASSWORD}'")
    url = database.replace("reconciler:", f"{role}:")
    with pytest.raises(StoreError, match="this role may only read"):
        open_store(tmp_path, url, {}, embedded=False).check_writable("doctor")
    with pytest.raises(StoreError, match="permission denied for database") as caught:
        open_store(tmp_path, url, {}, embedded=False).create("key", b"")
    (statements,) = re.findall(r"for: (CREATE.*) TO your role", caught.value.problems[0].hint)
    admin.execute(f"{statements} TO {role}")
    open_store(tmp_path, url, {}, embedded=False).check_writable("doctor")
    open_store(tmp_path, url, {}, embedded=False).create("key", b"")


def test_read_only_role_can_read(opener, database, admin, tmp_path):
    opener().create("key", b"here")
    role, schema = f"role_{schema_of(database)}", schema_of(database)
    admin.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{PASSWORD}'")
    admin.execute(f"GRANT USAGE ON SCHEMA {schema} TO {role}; GRANT SELECT ON {schema}.documents TO {role}")
    reader = open_store(tmp_path, database.replace("reconciler:", f"{role}:"), {}, embedded=False)
    assert data(reader) == b"here"
    with pytest.raises(StoreError, match="permission denied for table documents"):
        reader.create("other", b"")
    with pytest.raises(StoreError, match="permission denied for table documents"):
        reader.check_writable("other")


def test_a_read_only_server_is_told_without_a_write(opener, database, tmp_path):
    url = f"{database}&options=-c%20default_transaction_read_only%3Don"
    with pytest.raises(StoreError, match="this role may only read"):
        open_store(tmp_path, url, {}, embedded=False).check_writable("doctor")
    opener().create("key", b"here")
    with pytest.raises(StoreError, match="read-only transaction"):
        open_store(tmp_path, url, {}, embedded=False).check_writable("doctor")


# Where the server is


def test_the_server_may_be_named_in_the_environment(database, postgres_server, opener, tmp_path, monkeypatch):
    opener().create("key", b"here")
    configured = f"postgres:?schema={schema_of(database)}"
    named = {"RECONCILER_POSTGRES_DSN": postgres_server.dsn}
    assert data(open_store(tmp_path, configured, named, embedded=False)) == b"here"
    for name, value in {"HOST": "127.0.0.1", "PORT": postgres_server.port, "USER": "reconciler"}.items():
        monkeypatch.setenv(f"PG{name}", str(value))
    monkeypatch.setenv("PGDATABASE", "postgres")
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    store = open_store(tmp_path, configured, os.environ, embedded=False)
    assert data(store) == b"here"
    assert store.location == f"postgres://127.0.0.1/postgres/{schema_of(database)}"


def test_messages_name_server_database_and_schema(opener, database):
    assert opener().location == f"postgres://127.0.0.1/postgres/{schema_of(database)}"


@pytest.mark.parametrize(
    "url",
    [
        f"postgres://ann:{PASSWORD}@@127.0.0.1/acme",
        f"postgres://ann:x/{PASSWORD}@127.0.0.1/acme",
        f"postgres://ann:x?{PASSWORD}@127.0.0.1/acme",
        f"postgres://ann:x {PASSWORD}@127.0.0.1/acme",
        f"postgres://ann:{PASSWORD}@127.0.0.1/acme?schema=Not-A-Name",
        f"postgres:?password={PASSWORD}",
        f"postgresq://ann:{PASSWORD}@127.0.0.1/acme",
        f"postgres://ann:{PASSWORD}@127.0.0.1:1/acme",
        f"postgres://ann:{PASSWORD}@127.0.0.1:12x/acme",
    ],
)
def test_messages_contain_no_password(tmp_path, url):
    with pytest.raises(ReconcilerError) as caught:
        open_store(tmp_path, None, {"RECONCILER_STATE": url}, embedded=False).read("key")
    assert PASSWORD not in str(caught.value)


def test_wrong_password_is_an_error(database, tmp_path):
    with pytest.raises(StoreError, match="password authentication failed for user"):
        open_store(tmp_path, database.replace(PASSWORD, "wrong"), {}, embedded=False).read("key")


def test_missing_package_names_what_to_install(database, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(ReconcilerError, match=r"pip install '\.\[postgres\]'"):
        open_store(tmp_path, database, {}, embedded=False)
