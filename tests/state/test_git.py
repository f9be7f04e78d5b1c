"""State on a branch: a bare repository as the remote, and clones as people and CI jobs have them."""

import threading
from functools import partial
from pathlib import Path

import pytest

from reconciler.state.git import GitStore, git_store
from reconciler.state.store import ConflictError
from tests.state.contract import SharedStoreContract
from tests.state.repositories import ENVIRON, Remote


@pytest.fixture
def remote(tmp_path) -> Remote:
    return Remote.make(tmp_path / "remote.git")


@pytest.fixture
def clone(remote: Remote, tmp_path: Path) -> Path:
    return remote.clone(tmp_path / "clone")


def store_in(folder: Path) -> GitStore:
    return git_store(folder, ENVIRON)


def text(store: GitStore, key: str) -> str | None:
    found = store.read(key)
    return found.data.decode() if found else None


class TestGitStore(SharedStoreContract):
    updates = 2

    @pytest.fixture
    def opener(self, clone):
        return partial(git_store, clone, ENVIRON)


def test_clones_race_and_none_loses_an_update(remote, tmp_path):
    stores = [store_in(remote.clone(tmp_path / f"clone{number}")) for number in range(4)]
    stores[0].create("counter", b"0")

    def count(store: GitStore) -> None:
        done = 0
        while done < 4:
            found = store.read("counter")
            assert found is not None
            try:
                store.replace("counter", str(int(found.data) + 1).encode(), found.version)
                done += 1
            except ConflictError:
                continue

    threads = [threading.Thread(target=count, args=[store]) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert text(stores[0], "counter") == "16"
