"""The action in setup/: what it installs is fixed by hashes, and it gets no credentials."""

import base64
import hashlib
import http.server
import io
import os
import re
import subprocess
import sys
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from tests.support.setup_locks import LOCKS, ROOT, locks

INSTALL = ROOT / "setup" / "install"


def test_locks_are_those_of_the_project_and_of_the_tests():
    """To write them again: make workflows."""
    assert {path.stem: path.read_text(encoding="utf-8") for path in LOCKS.glob("*.txt")} == locks()


def test_no_package_is_in_two_locks_that_are_installed_together():
    names = [name for path in LOCKS.glob("*.txt") if path.stem != "build" for name in _names(path)]
    assert len(names) == len(set(names)) > 20


@pytest.mark.parametrize("kind", ["wheel", "sdist"])
def test_tampered_build_backend_of_an_index_is_refused_and_does_not_run(tmp_path: Path, kind: str):
    """It would be installed before anything else, and would run when Reconciler is built."""
    ran = tmp_path / "ran"
    index = tmp_path / "index"
    publish(index, f"import pathlib; pathlib.Path({str(ran)!r}).touch()", kind)
    with serving(index) as url:
        done = install(tmp_path / "venv", PIP_INDEX_URL=url)
    assert done.returncode != 0
    wrong = "DO NOT MATCH THE HASHES" if kind == "wheel" else "No matching distribution found for hatchling"
    assert wrong in done.stderr, done.stderr
    assert not ran.exists()
    assert not (tmp_path / "venv" / "commands").exists()


def test_installation_gets_no_credentials(tmp_path: Path):
    """pip is replaced by a program that prints its environment."""
    python = tmp_path / "python3"
    python.write_text('#!/bin/sh\nenv >>"$HOME/seen"\nmkdir -p "$4/bin" && cp "$0" "$4/bin/python"\nexit 0\n')
    python.chmod(0o755)
    secrets = {
        "GITHUB_TOKEN": "ghs-secret",
        "OPENAI_API_KEY": "sk-secret",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "oidc-secret",
        "ACTIONS_ID_TOKEN_REQUEST_URL": "https://oidc-secret.example",
        "AWS_SECRET_ACCESS_KEY": "aws-secret",
    }
    install(tmp_path / "venv", PYTHON=str(python), HOME=str(tmp_path), HTTPS_PROXY="http://proxy.example", **secrets)
    seen = (tmp_path / "seen").read_text()
    assert "secret" not in seen
    assert "HTTPS_PROXY=http://proxy.example" in seen


def test_unknown_extra_is_an_error(tmp_path: Path):
    done = install(tmp_path / "venv", "redis")
    assert (done.returncode, "unknown extra redis" in done.stderr) == (2, True)


def _names(path: Path) -> list[str]:
    return re.findall(r"^([\w.-]+)==", path.read_text(encoding="utf-8"), re.MULTILINE)


def install(folder: Path, *extras: str, **environ: str) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    offline = {"PIP_CONFIG_FILE": os.devnull, "PIP_RETRIES": "0", "NO_PROXY": "127.0.0.1", "PYTHON": sys.executable}
    return subprocess.run(
        [INSTALL, folder, *extras],
        env={**kept, "HOME": str(folder.parent), **offline, **environ},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def publish(index: Path, code: str, kind: str) -> None:
    """Make an index with a build backend in the locked version, which runs `code`."""
    found = re.search(r"^hatchling==(\S+)", (LOCKS / "build.txt").read_text(), re.MULTILINE)
    assert found
    version = found[1]
    folder = index / "hatchling"
    folder.mkdir(parents=True)
    if kind == "wheel":
        file = folder / f"hatchling-{version}-py3-none-any.whl"
        about = f"hatchling-{version}.dist-info"
        with zipfile.ZipFile(file, "w") as files:
            files.writestr("hatchling/build.py", code)
            files.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: hatchling\nVersion: {version}\n")
            files.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            digest = base64.urlsafe_b64encode(hashlib.sha256(code.encode()).digest()).rstrip(b"=").decode()
            files.writestr(f"{about}/RECORD", f"hatchling/build.py,sha256={digest},{len(code)}\n")
    else:
        file = folder / f"hatchling-{version}.tar.gz"
        with tarfile.open(file, "w:gz") as files:
            member = tarfile.TarInfo(f"hatchling-{version}/setup.py")
            member.size = len(code)
            files.addfile(member, io.BytesIO(code.encode()))
    (folder / "index.html").write_text(f'<a href="{file.name}">{file.name}</a>')


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Serve the files of a folder on a free port."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None: ...  # noqa: A002 - the name of the base class

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder)) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()
