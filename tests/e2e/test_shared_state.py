"""One state for several checkouts, in a bucket or a database of real servers; what races is in processes of its own."""

import json
import re
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from reconciler.bundles import load
from tests.e2e.runs import AGENT, BOT, PROJECT, live, start, wait_for_writes
from tests.support.cli import Cli
from tests.support.processes import api
from tests.support.servers import PASSWORD

AGENTS = 20
"""More than are made at once: when the first is done, others have not begun."""
Outage = Callable[[], AbstractContextManager[None]]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "project.yaml").write_text(PROJECT)
    (tmp_path / "all.yaml").write_text("".join(AGENT % (number, number) for number in range(AGENTS)))
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    return tmp_path


def assert_converged(cli: Cli, project: Path) -> None:
    assert live() == {f"assistant/agent-{number}": 1 for number in range(AGENTS)}
    assert cli("plan", "-C", project, "--detailed-exitcode").code == 0


@pytest.fixture(params=["bucket", "database"])
def backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def url(backend: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The state of a CI job."""
    server = request.getfixturevalue(backend)
    url = str(getattr(server, "url", server))
    monkeypatch.setenv("RECONCILER_STATE", url)
    monkeypatch.setenv("CI", "true")
    return url


@pytest.fixture
def outage(backend: str, request: pytest.FixtureRequest) -> Outage:
    """While it lasts the state cannot be had: its server is down, or has forgotten our key."""
    server = request.getfixturevalue({"bucket": "s3_server", "database": "postgres_server"}[backend])

    @contextmanager
    def outage() -> Iterator[None]:
        if backend == "bucket":
            server.check_keys(True)
        else:
            server.stop()
        try:
            yield
        finally:
            if backend == "bucket":
                server.check_keys(False)
            else:
                server.start()

    return outage


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with api(latency=0.2) as url:
        monkeypatch.setenv("OPENAI_BASE_URL", url)
        yield url


def test_another_checkout_sees_what_was_applied(cli: Cli, project: Path, url: str, endpoint: str, tmp_path_factory):
    assert cli("plan", "-C", project, "--detailed-exitcode").code == 2
    first = cli("apply", "-C", project, "--yes")
    assert first.code == 0, first.err
    elsewhere = copied(project, tmp_path_factory)
    assert not (elsewhere / ".reconciler").exists()
    again = cli("apply", "-C", elsewhere, "--yes", "-o", "json")
    assert (again.code, again.document["outcomes"]) == (0, [])
    assert_converged(cli, elsewhere)
    assert PASSWORD not in first.out + first.err + again.out + again.err


def test_of_two_that_apply_at_once_one_is_told_to_wait(
    cli: Cli, project: Path, url: str, endpoint: str, tmp_path_factory
):
    elsewhere = copied(project, tmp_path_factory)
    racing = [start(project), start(elsewhere)]
    ended = [process.communicate(timeout=90) for process in racing]
    codes = sorted(process.returncode for process in racing)
    assert codes[0] == 0, ended
    assert codes[1] in {0, 5, 6}, ended  # nothing left to do; a plan that is stale by now; locked
    assert cli("apply", "-C", elsewhere, "--yes").code == 0
    assert_converged(cli, project)


def test_state_that_cannot_be_had_for_a_while(cli: Cli, project: Path, url: str, endpoint: str, outage: Outage):
    with start(project) as process:
        wait_for_writes(process)
        process.send_signal(signal.SIGSTOP)  # it must not end before the outage begins
        with outage():
            process.send_signal(signal.SIGCONT)
            _, error = process.communicate(timeout=60)
            assert process.returncode in {1, 4}, error
            assert_says_why(error)
            refused = cli("plan", "-C", project)
            assert refused.code == 1
            assert_says_why(refused.err)
    resumed = cli("apply", "-C", project, "--yes")
    assert resumed.code == 0, resumed.err
    assert_converged(cli, project)


def copied(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "acme"
    shutil.copytree(project, elsewhere)
    return elsewhere


def assert_says_why(error: str) -> None:
    """In the words of the server, or of the client that finds none; which of them depends on the moment."""
    assert re.search("InvalidAccessKeyId|refused|terminating|closed|shutting down|starting up|lost", error), error
    assert "Traceback" not in error
    assert "internal" not in error
    assert PASSWORD not in error


def test_bundles_go_to_a_bucket_and_are_loaded_from_it(cli: Cli, tmp_path, bucket, endpoint, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    outlet = {"s3": {"bucket": bucket.bucket, "prefix": "live", "endpoint_url": bucket.endpoint_url}}
    spec = {"outlets": [outlet]}
    (tmp_path / "project.yaml").write_text(
        f"apiVersion: reconciler/v1\nkind: Project\nmetadata: {{name: acme}}\nspec: {json.dumps(spec)}\n"
    )
    (tmp_path / "all.yaml").write_text(AGENT % (1, 1) + "---" + BOT.replace("clerk", "agent-1"))
    applied = cli("apply", "-C", tmp_path, "--yes")
    assert applied.code == 0, applied.err
    source = f"s3://{bucket.bucket}/live?endpoint_url={bucket.endpoint_url}"
    assert load(source, "acme", "chatbot/desk@working").chatbot == {"assistant": "assistant/agent-1"}
    assert "nothing had to be done" in cli("apply", "-C", tmp_path, "--yes").out
