"""Applies in processes of their own, as from a shell, and the manifests that they apply."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

from openai import OpenAI

RECONCILER = [sys.executable, "-m", "reconciler.cli.main"]
PROJECT = """
apiVersion: reconciler/v1
kind: Project
metadata: {name: acme}
"""
AGENT = """---
apiVersion: reconciler/v1
kind: Assistant
metadata: {name: agent-%d}
spec: {target: agents, model: gpt-6-luna, instructions: Number %d.}
"""
BOT = """
apiVersion: reconciler/v1
kind: Chatbot
metadata: {name: desk}
spec: {assistant: clerk}
"""


def start(project: Path) -> subprocess.Popen[str]:
    """Start an apply, as from a shell."""
    return subprocess.Popen(
        [*RECONCILER, "apply", "--yes"], cwd=project, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def live() -> Counter[str]:
    """Return the number of live objects by address, and of uploads by name."""
    with OpenAI() as sdk:
        found = Counter(agent.metadata["reconciler-address"] for agent in sdk.beta.agents.list() if agent.metadata)
        found.update((store.metadata or {})["reconciler-address"] for store in sdk.vector_stores.list())
        found.update(f"file/{file.filename}" for file in sdk.files.list())
    return found


def wait_for_writes(process: subprocess.Popen[str]) -> bool:
    """Wait until the first change is reported as done; return False if the run ended without one."""
    assert process.stderr
    first = process.stderr.readline()
    assert first.startswith("[1/") or (first == "" and process.wait(timeout=60) == 0), first
    return first != ""
