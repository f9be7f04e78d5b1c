import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from reconciler.resources.address import Address, Identity
from reconciler.resources.base import Applied
from reconciler.resources.problems import Problem, ReconcilerError
from reconciler.state.backend import Backend, StoreOutlet, environments_in, open_store
from reconciler.state.lock import LockedError, this_process
from reconciler.state.model import Completed
from reconciler.state.store import StoreError
from tests.state.stores import InterruptedStore, MemoryStore, never

ACME = Identity("acme", "production")
TRIAGE = Address("assistant", "triage")


def test_an_apply_as_the_engine_makes_it(tmp_path):
    backend = Backend(open_store(tmp_path, None, {}, embedded=False), ACME)
    snapshot = backend.read()
    with backend.lock(this_process({})) as lease:
        run = backend.begin(snapshot, [], lease, openai_project="proj_1")
        run.record(Completed(TRIAGE, Applied("agent_1", "agent", {"model": "gpt-6-luna"})))
        run.close("complete")
    assert backend.read().state.objects[TRIAGE].id == "agent_1"
    assert (tmp_path / ".reconciler/state/acme/production/state.json").exists()


def test_lock_is_released_when_the_run_fails():
    backend = Backend(MemoryStore(), ACME)
    with suppress(ZeroDivisionError), backend.lock(this_process({})):
        held = backend.held()
        assert held is not None
        assert held.holder == this_process({})
        with pytest.raises(LockedError):
            backend.lock(this_process({})).__enter__()
        raise ZeroDivisionError
    assert backend.held() is None


def test_original_error_is_raised_when_release_fails():
    def away(operation: int) -> None:
        if operation >= 2:  # taking the lock is the first two
            raise StoreError(Problem("away", "the store is away"))

    store = InterruptedStore(MemoryStore(), away)
    with pytest.raises(ZeroDivisionError), Backend(store, ACME).lock(this_process({})):
        raise ZeroDivisionError
    with pytest.raises(StoreError), Backend(InterruptedStore(MemoryStore(), away), ACME).lock(this_process({})):
        pass


def test_unlock_releases_the_lock():
    backend = Backend(MemoryStore(), ACME)
    with backend.lock(this_process({})):
        backend.unlock()
        assert backend.held() is None


def test_environment_named_journal_is_separate():
    store = MemoryStore()
    for identity in (Identity("acme"), Identity("acme", "journal")):
        backend = Backend(store, identity)
        with backend.lock(this_process({})) as lease:
            run = backend.begin(backend.read(), [], lease)
            run.record(Completed(TRIAGE, Applied(f"agent of {identity}", "agent", {})))
            run.flush()
    assert Backend(store, Identity("acme")).read().state.objects[TRIAGE].id == "agent of acme"
    assert Backend(store, Identity("acme", "journal")).read().state.objects[TRIAGE].id == "agent of acme/journal"


# Choosing a store


@pytest.mark.parametrize(
    ("configured", "environ"),
    [(None, {}), ("local", {}), ("s3://untrusted", {"RECONCILER_STATE": "local"}), (None, {"CI": "false"})],
)
def test_local_is_the_default_and_the_environment_wins_over_the_project(tmp_path, configured, environ):
    assert open_store(tmp_path, configured, environ, embedded=False).location == str(tmp_path / ".reconciler")
    assert list(tmp_path.iterdir()) == []


def test_unknown_backend_lists_the_valid_ones(tmp_path):
    with pytest.raises(ReconcilerError, match=r"unknown state backend 'locl'\n  Valid backends: git, local, postgres"):
        open_store(tmp_path, "local", {"RECONCILER_STATE": "locl"}, embedded=False)


@pytest.mark.parametrize("environ", [{"CI": "true"}, {"CI": "1", "RECONCILER_STATE": "local"}])
def test_local_state_in_ci_is_rejected(tmp_path, environ):
    with pytest.raises(ReconcilerError, match="would be lost when the CI job ends") as error:
        open_store(tmp_path, None, environ, embedded=False)
    assert "RECONCILER_STATE" in error.value.problems[0].hint


def test_local_state_in_ci_with_emulator_is_allowed(tmp_path):
    open_store(tmp_path, None, {"CI": "true"}, embedded=True)


# The first outlet


def test_the_first_outlet_keeps_bundles_beside_the_state():
    store = MemoryStore()
    outlet = StoreOutlet(store)
    assert outlet.read("acme/production/chatbot/support.json") is None
    outlet.write("acme/production/chatbot/support.json", b"one")
    outlet.write("acme/production/chatbot/support.json", b"two")
    assert outlet.read("acme/production/chatbot/support.json") == b"two"
    assert store.list("") == ["bundles/acme/production/chatbot/support.json"]
    assert outlet.list("acme/production/") == ["acme/production/chatbot/support.json"]
    outlet.delete("acme/production/chatbot/support.json")
    assert outlet.list("") == []


def test_what_an_outlet_has_is_not_written_again():
    store = InterruptedStore(MemoryStore(), never)
    for _ in range(3):
        StoreOutlet(store).write("acme/blobs/1.json", b"same")
    assert store.written == [("bundles/acme/blobs/1.json", 4)]


@pytest.mark.parametrize("number", [1, 3])
def test_an_outlet_writes_over_what_another_writer_wrote_meanwhile(number):
    inner = MemoryStore()
    inner.create("bundles/other.json", b"")

    def meanwhile(operation: int) -> None:
        if operation == number:
            StoreOutlet(inner).write("pointer.json", b"other")

    outlet = StoreOutlet(InterruptedStore(inner, meanwhile))
    outlet.write("pointer.json", b"first")
    outlet.write("pointer.json", b"second")
    assert outlet.read("pointer.json") == b"second"


def test_import_backend_loads_no_heavy_library():
    code = "import sys, reconciler.state.backend; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, cwd=Path(__file__).parents[2])
    assert not {"openai", "deepdiff", "rich", "click", "botocore", "psycopg"} & set(done.stdout.decode().split())


def test_environments_in_finds_those_with_a_state_document_or_a_journal_only():
    store = MemoryStore()
    for key in (
        "state/acme/staging/state.json",
        "state/acme/test/journal/00000001.json",
        "state/acme/locked/lock.json",
        "state/acme/state.json",
        "state/acme/journal/00000001.json",
        "state/globex/production/state.json",
    ):
        store.create(key, b"{}")
    assert environments_in(store, "acme") == {"staging", "test"}
