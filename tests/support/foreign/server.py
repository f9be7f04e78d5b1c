"""openai-responses as a server: a process in its own virtual environment, installed once from the package index.

`python -m tests.support.foreign.server` installs it. The packages are those of `requirements.txt`, with hashes.
"""

import fcntl
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

ROOT: Final = Path(__file__).parents[3]
REQUIREMENTS: Final = Path(__file__).with_name("requirements.txt")
ENVIRONMENT: Final = ROOT / "build" / "openai-responses"
PYTHON: Final = ENVIRONMENT / "bin" / "python"
INSTALLED: Final = ENVIRONMENT / "requirements.txt"
"""A copy of the requirements that were installed."""


def install() -> str | None:
    """Install the environment, once; return the error if that fails, as without a package index."""
    with REQUIREMENTS.open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted = REQUIREMENTS.read_text(encoding="utf-8")
        if INSTALLED.exists() and INSTALLED.read_text(encoding="utf-8") == wanted:
            return None
        shutil.rmtree(ENVIRONMENT, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", ENVIRONMENT], check=True, timeout=120)
        words = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes")
        pip = _python(*words, "--requirement", str(REQUIREMENTS), timeout=600)
        if pip.returncode:
            why = next((line for line in pip.stderr.splitlines() if line.startswith("ERROR")), "it failed")
            return f"`pip install --requirement {REQUIREMENTS.relative_to(ROOT)}`, which needs a package index: {why}"
        INSTALLED.write_text(wanted, encoding="utf-8")
        return None


def patches() -> dict[str, str]:
    """Return the patches of the server with their reasons."""
    _require()
    printed = _python("-m", "tests.support.foreign.bridge", "--patches", timeout=60)
    assert printed.returncode == 0, printed.stderr
    found: dict[str, str] = json.loads(printed.stdout)
    return found


@contextmanager
def foreign_server(*without: str) -> Iterator[str]:
    """Run an empty server without some of its patches, and return its base URL. Skip the test if it is not installed
    and the package index cannot be reached.
    """
    _require()
    options = [word for name in without for word in ("--without", name)]
    command = [str(PYTHON), "-m", "tests.support.foreign.bridge", *options]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            url = process.stdout.readline().strip()
            assert url, "the server ended; see its traceback"
            yield url
        finally:
            process.terminate()


def _require() -> None:
    if error := install():
        pytest.skip(error)


def _python(*words: str, **options: Any) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([str(PYTHON), *words], cwd=ROOT, capture_output=True, text=True, check=False, **options)


if __name__ == "__main__":
    sys.exit(install())
