"""`apply`: asking, results, refusals, and saved plans."""

import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from reconciler.resources.address import Identity
from reconciler.state import lock
from reconciler.state.local import LocalStore
from tests.support.cli import Cli, edit, rename_store, stores

RECONCILER = [sys.executable, "-m", "reconciler.cli.main"]


@contextmanager
def terminal(*args: str) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """A command in a pseudo-terminal, and the side of the terminal that a user reads and writes."""
    person, computer = pty.openpty()
    command = [*RECONCILER, *args]
    with subprocess.Popen(command, stdin=computer, stdout=computer, stderr=computer, start_new_session=True) as process:
        os.close(computer)
        try:
            yield process, person
        finally:
            process.kill()
            os.close(person)


def read_until(person: int, text: str) -> str:
    seen = b""
    while text.encode() not in seen:
        seen += os.read(person, 4096)
    return seen.decode()


def rest(person: int) -> str:
    """Return the output until the other side is closed, which Linux reports as an error."""
    seen = b""
    while True:
        try:
            part = os.read(person, 4096)
        except OSError:
            return seen.decode()
        if not part:
            return seen.decode()
        seen += part


def test_apply_creates_everything_and_reports_it(project, cli: Cli):
    done = cli("apply", "--yes")
    assert done.code == 0
    assert "Applied: acme, 4 done." in done.out
    assert "[4/4]" in done.err
    assert cli("plan").out.startswith("No changes.")


def test_apply_without_changes_does_not_ask_or_write(applied, cli: Cli):
    before = {path: path.stat().st_mtime_ns for path in (applied / ".reconciler" / "state").rglob("*")}
    done = cli("apply", "--yes", "-o", "json")
    assert done.code == 0
    assert done.document["requests"].keys() <= {"GET"}
    assert {path: path.stat().st_mtime_ns for path in (applied / ".reconciler" / "state").rglob("*")} == before


def test_the_result_as_json(project, cli: Cli, tmp_path):
    done = cli("apply", "--yes", "-o", "json", "--out", tmp_path / "result.json")
    assert done.code == 0
    assert done.document["summary"] == {"done": 4, "failed": 0, "skipped": 0, "not-started": 0}
    assert json.loads((tmp_path / "result.json").read_text()) == done.document


def test_a_refused_plan_is_not_applied(applied, cli: Cli):
    (applied / "assistants" / "helper.yaml").unlink()
    edit(applied / "stores" / "handbook.yaml", "handbook", "handbook\n  labels: {team: support}")
    done = cli("apply", "--yes", "-o", "json")
    assert done.code == 3
    assert done.document["refusals"][0]["rule"] == "referenced"
    assert "chatbot/helper" in cli("apply", "--yes").out


def test_the_question_is_asked_in_a_terminal_and_a_no_changes_nothing(project):
    with terminal("apply") as (process, person):
        shown = read_until(person, "Apply this to acme? [y/N]:")
        assert "4 changes" in shown
        os.write(person, b"n\n")
        assert "Nothing was changed." in rest(person)
        assert process.wait(timeout=20) == 1
    assert stores(project) == []


def test_a_yes_applies_and_leaves_no_bar_behind(project):
    with terminal("apply") as (process, person):
        read_until(person, "[y/N]:")
        os.write(person, b"y\n")
        assert "4 done." in rest(person)
        assert process.wait(timeout=20) == 0
    assert stores(project) == ["handbook"]


def test_the_confirmation_is_shown_with_json_output(project):
    with terminal("apply", "-o", "json") as (process, person):
        assert "vectorstore/handbook" in read_until(person, "[y/N]:")
        os.write(person, b"n\n")
        assert process.wait(timeout=20) == 1


def test_ctrl_c_at_the_confirmation_aborts(project):
    with terminal("apply") as (process, person):
        read_until(person, "[y/N]:")
        time.sleep(0.5)  # until the command waits for the answer
        started = time.monotonic()
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(timeout=20) == 1
        assert time.monotonic() - started < 5
        assert "aborted" in rest(person)
    assert stores(project) == []


def test_colour_is_used_in_a_terminal_unless_disabled(project, monkeypatch):
    cases = (((), "", "xterm", True), (("--no-color",), "", "xterm", False), ((), "1", "xterm", False))
    for args, variable, term, coloured in (*cases, ((), "", "dumb", False)):
        monkeypatch.setenv("NO_COLOR", variable)
        monkeypatch.setenv("TERM", term)
        with terminal("plan", *args) as (process, person):
            assert ("\x1b[" in rest(person)) is coloured
            assert process.wait(timeout=20) == 0


class TestLocked:
    @pytest.fixture
    def holder(self, project: Path) -> Iterator[None]:
        """Another run, of this very process, holds the lock."""
        identity, store = Identity("acme"), LocalStore(project / ".reconciler")
        lease = lock.acquire(store, identity, lock.this_process({"USER": "ada"}))
        yield
        lease.release()

    def test_the_holder_of_the_lock_is_shown(self, project, holder, cli: Cli):
        done = cli("apply", "--yes")
        assert (done.code, done.out) == (6, "")
        assert "acme is locked by ada on" in done.err
        assert "locked by ada" in cli("status").out
        assert cli("plan").code == 0

    def test_locked_has_precedence_over_stale_and_refused(self, applied, cli: Cli, tmp_path):
        edit(applied / "prompts" / "helper.md", "You", "Thou")
        assert cli("plan", "--out", tmp_path / "plan.json").code == 0
        edit(applied / "prompts" / "helper.md", "Thou", "They")
        (applied / "stores" / "handbook.yaml").unlink()
        lease = lock.acquire(LocalStore(applied / ".reconciler"), Identity("acme"), lock.this_process({}))
        assert cli("apply", "--yes").code == 6
        assert cli("apply", "--yes", tmp_path / "plan.json").code == 6
        lease.release()
        assert cli("apply", "--yes", tmp_path / "plan.json").code == 5
        assert cli("apply", "--yes").code == 3


class TestFailures:
    @pytest.fixture
    def unpublishable(self, project: Path) -> Path:
        """An outlet that is a file where a folder should be."""
        edit(project / "project.yaml", "spec:\n", "spec:\n  outlets: [{directory: published}]\n")
        (project / "published").mkdir()
        (project / "published" / "acme").write_text("in the way")
        return project

    def test_a_partial_apply_shows_how_to_resume(self, unpublishable, cli: Cli):
        done = cli("apply", "--yes", "-o", "json")
        assert done.code == 4
        assert {outcome["address"]: outcome["status"] for outcome in done.document["outcomes"]} == {
            "file/kb/welcome.md": "done",
            "vectorstore/handbook": "done",
            "assistant/helper": "failed",
            "chatbot/helper": "skipped",
        }
        assert done.document["resume"] == "reconciler apply --yes -o json"
        (unpublishable / "published" / "acme").unlink()
        assert cli("apply", "--yes").code == 0
        assert (unpublishable / "published" / "acme" / "assistant" / "helper.json").is_file()

    def test_an_apply_that_wrote_nothing_returns_exit_code_1(self, unpublishable, cli: Cli):
        assert cli("apply", "--yes").code == 4
        assert cli("apply", "--yes").code == 1

    def test_the_result_is_shown_even_if_it_cannot_be_saved(self, project, cli: Cli):
        done = cli("apply", "--yes", "--out", "/proc/result.json")
        assert done.code == 1
        assert "4 done." in done.out
        assert "error[unwritable]: cannot write /proc/result.json" in done.err


def test_drift_is_reverted_unless_told_otherwise(applied, cli: Cli):
    rename_store(applied, "by hand")
    assert cli("apply", "--yes", "--on-drift", "refuse").code == 3
    assert cli("apply", "--yes", "--on-drift", "keep").code == 0
    assert stores(applied) == ["by hand"]
    assert cli("apply", "--yes").code == 0
    assert stores(applied) == ["handbook"]


def test_kept_drift_is_reported(applied, cli: Cli):
    rename_store(applied, "by hand")
    done = cli("apply", "--yes", "--on-drift", "keep")
    assert (done.code, done.out) == (
        0,
        "Applied: acme, no changes were necessary.\n\n1 drift kept: vectorstore/handbook (modified)\n",
    )
    document = cli("apply", "--yes", "--on-drift", "keep", "-o", "json").document
    assert document["kept"] == [{"address": "vectorstore/handbook", "class": "modified"}]
