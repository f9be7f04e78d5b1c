"""`--timeout`: a command with a server that never answers ends in time."""

import time
from pathlib import Path

import pytest

from tests.support.cli import Cli
from tests.support.silent import silent


@pytest.fixture
def url(project: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    with silent(drips=True) as url:
        yield url


@pytest.mark.parametrize("words", ["plan", "drift", "status", "inventory", "apply --yes", "state rebuild --yes"])
def test_a_command_ends(url: str, cli: Cli, words: str):
    started = time.monotonic()
    done = cli(*words.split(), "--endpoint", url, "--timeout", "1")

    assert done.code == 1
    assert "error[timeout]" in done.err
    assert time.monotonic() - started < 15


def test_the_variable_has_the_same_meaning(url: str, cli: Cli, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("RECONCILER_TIMEOUT", "1")
    assert "error[timeout]" in cli("plan", "--endpoint", url).err


@pytest.mark.parametrize("value", ["0", "-1", "soon", "nan", "1e9"])
def test_a_limit_that_is_none_is_wrong_usage(project: Path, cli: Cli, value: str):
    assert cli("plan", "--timeout", value).code == 64
