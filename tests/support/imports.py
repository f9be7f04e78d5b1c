"""The packages that commands import, which determine the time to start."""

import subprocess
import sys
from pathlib import Path

HEAVY = frozenset({"openai", "pydantic", "deepdiff", "rich", "ruamel", "httpx2", "starlette", "uvicorn", "asyncio"})
NEVER_OFFLINE = frozenset({"openai", "deepdiff", "rich", "httpx2", "starlette", "uvicorn"})

PROBE = """
import sys
from reconciler.cli.main import run
code = run(sys.argv[1:])
print(*sys.modules, file=sys.stderr)
sys.exit(code)
"""


def loaded(*args: str, folder: Path | None = None) -> set[str]:
    """Return the packages that a command imports."""
    return {name.partition(".")[0] for name in modules(*args, folder=folder)}


def modules(*args: str, folder: Path | None = None) -> set[str]:
    """Return the modules that a command imports."""
    command = [sys.executable, "-c", PROBE, *args]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    assert done.returncode == 0, done.stderr
    return set(done.stderr.splitlines()[-1].split())
