"""`emulator serve`: the embedded API for other processes."""

import json
import signal
import socket
import subprocess
import sys
import urllib.request

import httpx2
import pytest

from tests.support.cli import Cli

SERVE = [sys.executable, "-m", "reconciler.cli.main", "emulator", "serve"]


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_serve_prints_its_url_and_stops_on_a_signal(ending):
    with subprocess.Popen([*SERVE, "--port", "0"], stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr
        line = server.stderr.readline()
        assert line.startswith("OpenAI API at http://127.0.0.1:")
        url = line.split()[3]
        request = urllib.request.Request(f"{url}/models", headers={"Authorization": "Bearer any"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert answer.status == 200
        server.send_signal(ending)
        assert server.wait(timeout=20) == 0
        assert server.stderr.read() == ""


def test_serve_has_the_assistants_api_on_request():
    for option, status in (["--assistants"], 200), ([], 404):
        with subprocess.Popen([*SERVE, "--port", "0", *option], stderr=subprocess.PIPE, text=True) as server:
            assert server.stderr
            url = server.stderr.readline().split()[3]
            headers = {"Authorization": "Bearer any", "OpenAI-Beta": "assistants=v2"}
            assert httpx2.get(f"{url}/assistants", headers=headers).status_code == status
            server.terminate()


def test_a_port_in_use_is_an_error(cli: Cli):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = cli("emulator", "serve", "--port", port)
    assert done.code == 1
    assert f"error[address-in-use]: cannot serve on 127.0.0.1:{port}: Address already in use" in done.err
    assert "--port" in done.err


def test_a_foreign_host_is_an_error(cli: Cli):
    done = cli("emulator", "serve", "--host", "192.0.2.1", "--port", 0)
    assert done.code == 1
    assert "cannot serve on 192.0.2.1:0" in done.err


def test_data_that_cannot_be_stored_is_an_error(cli: Cli, tmp_path):
    (tmp_path / "data").write_bytes(b"no database at all, but long enough" * 100)
    for place in (tmp_path / "data", tmp_path):
        done = cli("emulator", "serve", "--port", 0, "--data", place)
        assert done.code == 1
        assert f"cannot store its data in {place}" in done.err


def test_invalid_faults_are_an_error(cli: Cli):
    done = cli("emulator", "serve", "--port", 0, "--faults", "flood")
    assert done.code == 1
    assert "error[bad-faults]" in done.err
    assert "unknown fault 'flood'" in done.err


def test_reconciler_faults_injects_faults(cli: Cli, project, monkeypatch):
    monkeypatch.setenv("RECONCILER_FAULTS", "quota:POST:*:2")
    done = cli("apply", "--yes")
    assert done.code == 4
    assert "credits" in done.err
    monkeypatch.setenv("RECONCILER_FAULTS", "drop-after:POST:*:1")
    assert cli("apply", "--yes").code == 0
    monkeypatch.delenv("RECONCILER_FAULTS")
    assert cli("plan", "--detailed-exitcode").code == 0


def test_a_clock_that_is_ahead_lets_stores_expire(cli: Cli, project, monkeypatch):
    store = {"kind": "VectorStore", "metadata": {"name": "week"}, "spec": {"expires_after": {"days": 7}}}
    (project / "week.yaml").write_text(json.dumps({"apiVersion": "reconciler/v1", **store}))
    assert cli("apply", "--yes").code == 0
    assert cli("drift").code == 0
    monkeypatch.setenv("RECONCILER_EMULATOR_AHEAD", "8d")
    done = cli("drift")
    assert done.code == 2
    assert "expired  vectorstore/week" in done.out
    assert cli("apply", "--yes", "--on-drift", "keep").code == 0
    assert cli("drift").code == 0


def test_an_invalid_duration_is_an_error(cli: Cli, project, monkeypatch):
    monkeypatch.setenv("RECONCILER_EMULATOR_AHEAD", "8 weeks")
    for done in (cli("plan"), cli("emulator", "serve", "--port", 0, "--ahead", "8 weeks")):
        assert done.code == 1
        assert "error[bad-duration]" in done.err
        assert "'8 weeks'" in done.err


def test_a_project_that_was_never_applied_is_not_in_sync(cli: Cli, project):
    done = cli("drift")
    assert (done.code, done.out.splitlines()[0].partition(":")[0]) == (2, "Never applied")
    assert "never applied" in cli("status").out
