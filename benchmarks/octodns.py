"""octoDNS with one DNS record for each agent, from YAML to YAML, as a comparison with a similar task."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from benchmarks.measuring import Command, Cost, median

_VERSION: Final = "1.22.0"
_CONFIGURATION: Final = """\
providers:
  config: {class: octodns.provider.yaml.YamlProvider, directory: ./desired, enforce_order: false}
  target: {class: octodns.provider.yaml.YamlProvider, directory: ./live, enforce_order: false}
zones:
  example.com.: {sources: [config], targets: [target]}
"""


def install(folder: Path) -> Path | None:
    """Install octoDNS to a virtual environment in `folder`, and return its command; None if that fails."""
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    command = [str(folder / "bin/python"), "-m", "pip", "install", "--quiet", f"octodns=={_VERSION}"]
    if subprocess.run(command, check=False, capture_output=True).returncode:
        return None
    return folder / "bin/octodns-sync"


def write(root: Path, count: int) -> None:
    """Write a zone with `count` records, which the target has, too."""
    (root / "desired").mkdir(parents=True)
    (root / "config.yaml").write_text(_CONFIGURATION)
    records = (f"agent-{number}: {{ttl: 300, type: TXT, value: Agent {number}}}\n" for number in range(count))
    (root / "desired/example.com.yaml").write_text("---\n" + "".join(records))
    shutil.copytree(root / "desired", root / "live")


def measured(command: Path, root: Path, count: int, runs: int) -> list[tuple[str, Cost]]:
    """Return the median costs of a plan without changes, and of one in which all records are new."""
    write(root, count)
    plan = Command([str(command), "--config-file", "config.yaml", "--quiet"], root, {})
    unchanged = [plan.run() for _ in range(runs)]
    shutil.rmtree(root / "live")
    (root / "live").mkdir()
    new = [plan.run() for _ in range(runs)]
    return [("plan, no changes", median(unchanged)), ("plan, all records are new", median(new))]
