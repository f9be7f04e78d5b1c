"""The embedded API in a process, `reconciler` with the real SDK in others, and somebody (this test) who works by hand.

A start of `reconciler` takes a second: where only its answer matters, it is called in this process.
"""

import json
import os
import socket
import subprocess
import threading
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from openai import OpenAI

from reconciler.operations.init import init
from tests.e2e.runs import BOT, RECONCILER
from tests.support.cli import Cli, Done
from tests.support.processes import api

AGENT = """
apiVersion: reconciler/v1
kind: Assistant
metadata: {name: clerk}
spec: {target: agents, model: gpt-6-luna, instructions: File it.}
"""


@pytest.fixture(scope="module")
def shared() -> Iterator[str]:
    """One API with latency, and files that take half a second to index."""
    with api(ingest_delay=0.5, latency=0.02) as url:
        yield url


@pytest.fixture
def url(shared: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("OPENAI_BASE_URL", shared)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    return shared


@pytest.fixture
def project(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """The project that `init` writes, with an agent and its bot; named after the test, as all share one API."""
    folder = tmp_path / str(request.node.name).replace("_", "-")[:60]
    init(folder)
    (folder / "assistants" / "clerk.yaml").write_text(AGENT)
    (folder / "chatbots" / "desk.yaml").write_text(BOT)
    return folder


def reconciler(project: Path, *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*RECONCILER, *args],
        capture_output=True,
        text=True,
        check=False,
        cwd=project,
        timeout=60,
        env={**os.environ, "COLUMNS": "200"},
    )


def requests(url: str) -> Counter[str]:
    """What the API was asked since this was last called, by method."""
    record = url.removesuffix("/v1") + "/_emulator/requests"
    with urllib.request.urlopen(record, timeout=10) as answer:
        found = json.load(answer)["requests"]
    urllib.request.urlopen(urllib.request.Request(record, method="DELETE"), timeout=10).close()
    return Counter(method for method, _ in found)


def test_plan_apply_drift_and_back(url, project):
    first = reconciler(project, "plan", "--detailed-exitcode")
    assert (first.returncode, first.stderr) == (2, "")
    assert "6 create" in first.stdout
    done = reconciler(project, "apply", "--yes")
    assert done.returncode == 0, done.stderr
    requests(url)
    assert reconciler(project, "plan", "--detailed-exitcode").returncode == 0
    assert reconciler(project, "apply", "--yes").returncode == 0
    assert requests(url).keys() == {"GET"}

    id_ = json.loads(reconciler(project, "state", "show", "assistant/clerk").stdout)["id"]
    with OpenAI() as person:
        person.beta.agents.update(id_, instructions="Lose it.")
        report = reconciler(project, "drift")
        assert report.returncode == 2
        assert "Lose it." in report.stdout
        assert reconciler(project, "apply", "--yes").returncode == 0
        assert person.beta.agents.retrieve(id_).instructions == "File it."
    assert reconciler(project, "drift").returncode == 0


def test_a_delete_in_use_is_refused_and_nothing_is_written(url, project, cli: Cli):
    assert cli("apply", "-C", project, "--yes").code == 0
    (project / "assistants" / "clerk.yaml").unlink()
    with (project / "prompts" / "helper.md").open("a") as prompt:
        prompt.write("\nBe brief.\n")
    requests(url)
    for command in (("plan",), ("apply", "--yes")):
        done = cli(*command, "-C", project)
        assert done.code == 3
        assert "chatbot/desk" in done.out
    assert requests(url).keys() == {"GET"}


def test_a_reference_to_what_is_nowhere_is_an_error(url, project, cli: Cli):
    (project / "assistants" / "clerk.yaml").unlink()
    done = cli("apply", "-C", project, "--yes")
    assert (done.code, done.out) == (1, "")
    assert "chatbots/desk.yaml:5:" in done.err
    assert "no manifest defines assistant/clerk" in done.err


@contextmanager
def answering(status: int, kind: str, body: str) -> Iterator[str]:
    """A server that answers everything alike."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("content-type", kind)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *args: object) -> None: ...

    class Server(HTTPServer):
        def handle_error(self, *args: object) -> None:
            """Clients that do not read to the end are no matter."""

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.01])
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/v1"
        finally:
            server.shutdown()
            thread.join()


KEY = "sk-secret-0123456789abcdef"
ECHO = json.dumps({"error": {"message": f"Incorrect API key provided: {KEY}.", "type": "invalid_request_error"}})


def told(done: Done, code: str) -> bool:
    """Whether it failed with a message of this code and what to do; never with a trace or the key."""
    text = done.out + done.err
    assert "Traceback" not in text
    assert "error[internal]" not in text
    assert KEY not in text
    return done.code == 1 and f"error[{code}]" in done.err and "hint: " in done.err


class TestFailures:
    @pytest.fixture(autouse=True)
    def key(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("OPENAI_API_KEY", KEY)

    def test_no_key(self, cli: Cli, project, monkeypatch):
        monkeypatch.delenv("OPENAI_API_KEY")
        assert told(cli("plan", "-C", project), "no-api-key")

    def test_a_key_that_is_none(self, cli: Cli, project, monkeypatch):
        monkeypatch.setenv("OPENAI_API_KEY", f"{KEY}\nX-Other: header")
        assert told(cli("plan", "-C", project), "bad-api-key")

    def test_a_wrong_key_is_not_repeated(self, cli: Cli, project):
        with answering(401, "application/json", ECHO) as url:
            assert told(cli("plan", "-C", project, "--endpoint", url), "unauthorized")

    def test_a_web_page_instead_of_json(self, cli: Cli, project):
        with answering(200, "text/html", f"<html>Sign in, {KEY}</html>") as url:
            assert told(cli("plan", "-C", project, "--endpoint", url), "unreadable")

    def test_no_url(self, cli: Cli, project):
        assert told(cli("plan", "-C", project, "--endpoint", "api.example.com"), "bad-endpoint")

    @pytest.mark.long
    def test_nobody_there(self, cli: Cli, project):
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{unused.getsockname()[1]}/v1"
            done = cli("plan", "-C", project, "--endpoint", url)
        assert told(done, "unreachable")
