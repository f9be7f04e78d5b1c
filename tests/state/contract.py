"""The contract test of stores: subclass it and provide an `opener`."""

import multiprocessing
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import pytest

from reconciler.state.store import ConflictError, ExistsError, Store, Versioned

Opener = Callable[[], Store]


class StoreContract:
    updates = 10
    """The number of writes by each of eight racing threads."""

    @pytest.fixture
    def opener(self) -> Opener:
        """Opens the store under test, the same one each time; picklable for `SharedStoreContract`."""
        raise NotImplementedError

    @pytest.fixture
    def store(self, opener: Opener) -> Store:
        return opener()

    def test_what_is_created_is_read_back_with_its_version(self, store):
        version = store.create("state/acme/state.json", b"one")
        assert store.read("state/acme/state.json") == Versioned(b"one", version)

    def test_read_missing_document_is_none(self, store):
        store.create("state/acme", b"a document, not a folder")
        assert store.read("state/other") is None
        assert store.read("state/acme/state.json") is None

    def test_documents_are_bytes_of_any_length(self, store):
        data = bytes(range(256)) * 20_000
        store.create("bundles/large", data)
        store.create("bundles/empty", b"")
        assert store.read("bundles/large").data == data
        assert store.read("bundles/empty").data == b""

    def test_create_existing_key_is_an_error(self, store):
        store.create("key", b"first")
        with pytest.raises(ExistsError):
            store.create("key", b"second")
        assert store.read("key").data == b"first"

    def test_replace_current_version_succeeds(self, store):
        first = store.create("key", b"first")
        second = store.replace("key", b"second", first)
        assert store.read("key") == Versioned(b"second", second)

    def test_check_of_writes_writes_nothing(self, store):
        store.check_writable("state/acme/doctor")
        store.create("state/acme/state.json", b"one")
        store.check_writable("state/acme/doctor")
        assert store.list("") == ["state/acme/state.json"]

    def test_replace_older_version_is_a_conflict(self, store):
        first = store.create("key", b"first")
        store.replace("key", b"second", first)
        with pytest.raises(ConflictError):
            store.replace("key", b"third", first)
        assert store.read("key").data == b"second"

    def test_replace_deleted_document_is_a_conflict(self, store):
        version = store.create("key", b"first")
        store.delete(["key"])
        with pytest.raises(ConflictError):
            store.replace("key", b"second", version)
        assert store.read("key") is None

    def test_same_content_gets_a_new_version(self, store):
        versions = [store.create("key", b"same")]
        for _ in range(2 * self.updates):
            versions.append(store.replace("key", b"same", versions[-1]))
            store.delete(["key"])
            versions.append(store.create("key", b"same"))
        assert len(set(versions)) == len(versions)

    def test_delete_ignores_missing_documents(self, store):
        store.create("journal/1", b"")
        store.create("journal/2", b"")
        store.delete(["journal/1", "journal/3", "nowhere/4"])
        assert store.list("journal/") == ["journal/2"]

    def test_list_returns_sorted_keys_below_a_prefix(self, store):
        for key in ("state/b/2", "state/b/10", "state/a", "state/bc/1", "bundles/x"):
            store.create(key, b"")
        assert store.list("state/b/") == ["state/b/10", "state/b/2"]
        assert store.list("state/") == ["state/a", "state/b/10", "state/b/2", "state/bc/1"]
        assert store.list("") == ["bundles/x", "state/a", "state/b/10", "state/b/2", "state/bc/1"]
        assert store.list("nothing/") == []

    @pytest.mark.parametrize(
        "key",
        ["", "/etc/passwd", "../outside", "a/../../b", "a//b", "a/", ".hidden", "a/.b", "a\\b", "a\nb", "a\0b", "ü"],
    )
    def test_invalid_key_is_rejected(self, store, key):
        for call in (
            lambda: store.read(key),
            lambda: store.create(key, b""),
            lambda: store.replace(key, b"", "1"),
            lambda: store.delete([key]),
            lambda: store.list(f"{key}/"),
        ):
            with pytest.raises(ValueError, match=r"is not a valid (store key|key prefix)"):
                call()

    def test_create_by_many_threads_succeeds_once(self, opener):
        start = threading.Barrier(8)
        with ThreadPoolExecutor(8) as pool:
            won = list(pool.map(lambda n: _creates(opener(), f"{n}".encode(), start.wait), range(8)))
        assert sum(won) == 1
        assert opener().read("contested").data == f"{won.index(True)}".encode()

    def test_replace_by_many_threads_loses_no_update(self, opener):
        opener().create("counter", b"0")
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _: _count(opener, self.updates), range(8)))
        assert opener().read("counter").data == str(8 * self.updates).encode()

    def test_concurrent_readers_see_whole_documents(self, opener):
        documents = {letter * 300_000 for letter in (b"a", b"b")}
        version = opener().create("key", b"a" * 300_000)
        done = threading.Event()

        def write() -> None:
            latest = version
            for turn in range(20):
                latest = opener().replace("key", sorted(documents)[turn % 2], latest)
            done.set()

        with ThreadPoolExecutor(1) as pool:
            writing = pool.submit(write)
            while not (done.is_set() or writing.done()):
                assert opener().read("key").data in documents
            writing.result()


class SharedStoreContract(StoreContract):
    """For stores that processes share: all but one in memory."""

    def test_writes_by_many_processes_succeed_once_and_lose_no_update(self, opener):
        opener().create("counter", b"0")
        with ProcessPoolExecutor(4, mp_context=multiprocessing.get_context("spawn")) as pool:
            won = list(pool.map(_contend, [opener] * 4, range(4), [2 * self.updates] * 4))
        assert sum(won) == 1
        assert opener().read("counter").data == str(8 * self.updates).encode()


def _creates(store: Store, data: bytes, wait: Callable[[], object]) -> bool:
    wait()
    try:
        store.create("contested", data)
    except ExistsError:
        return False
    return True


def _count(opener: Opener, times: int) -> None:
    store = opener()
    while times:
        found = store.read("counter")
        assert found is not None
        try:
            store.replace("counter", str(int(found.data) + 1).encode(), found.version)
        except ConflictError:
            continue
        times -= 1


def _contend(opener: Opener, number: int, updates: int) -> bool:
    _count(opener, updates)
    return _creates(opener(), str(number).encode(), lambda: None)
