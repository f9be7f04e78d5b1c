"""Tests of the README and of `docs/demo.md`: the demo transcript, the first manifest and the table of commands."""

import os
import re
import subprocess
import sys
from pathlib import Path

from reconciler.cli.main import COMMANDS
from tests.e2e.pages import with_fixed_runs

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DEMO = ROOT / "docs" / "demo.md"
AGENTS = ("agent_6f1c", "agent_a09e", "agent_51d7", "agent_e84b", "agent_c2b8")
"""Stable names for the live agents in the transcript, in order of appearance."""
AUTOMATIONS = ("auto_93c0", "auto_27fa")
TRANSCRIPT = r"(<!-- demo: [^\n]* -->\n```\n)(.*?)(\n```\n)"
STARTER = ROOT / "reconciler" / "operations" / "starter"


def transcript() -> str:
    """Return the output of `reconciler demo`, with values that differ between runs replaced."""
    command = [sys.executable, "-m", "reconciler.cli.main", "demo"]
    environ = os.environ | {"COLUMNS": "100"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, cwd=ROOT, env=environ)
    assert done.returncode == 0, done.stderr
    return steady(done.stdout)


def steady(text: str) -> str:
    text = re.sub(r"\S*/reconciler-demo-\w+/", "/tmp/reconciler-demo/", text)
    text = re.sub(r"(last changed) 20\d\d-\d\d-\d\d \d\d:\d\d UTC", r"\1 2026-11-20 23:14 UTC", text)
    text = with_fixed_runs(text)
    text = re.sub(r"(created on) 20\d\d-\d\d-\d\d", r"\1 2026-11-20", text)
    for number, url in enumerate(dict.fromkeys(re.findall(r"http://127\.0\.0\.1:\d+/v1", text))):
        text = text.replace(url, f"http://127.0.0.1:{8787 + number}/v1")
    text = re.sub(r"\basst_[0-9a-f]{32}\b", "asst_7d20", text)
    for prefix, aliases in (("agent", AGENTS), ("auto", AUTOMATIONS)):
        found = dict.fromkeys(re.findall(rf"\b{prefix}_[0-9a-f]{{32}}\b", text))
        for id_, alias in zip(found, aliases, strict=True):
            text = text.replace(id_, alias)
    text = re.sub(r"\b(cred_|envtmpl_|file-|skill_|vault_)[0-9a-f]{32}\b", r"\g<1>5d16", text)
    text = re.sub(r"(referenced-)[0-9a-f]{8}\b", r"\g<1>0c5d1f2e", text)
    return re.sub(r"(subject: sha256:)[0-9a-f]{64}", r"\g<1>0c5d…", text).strip()


def test_demo_page_transcript_equals_demo_output():
    shown = re.search(TRANSCRIPT, DEMO.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert shown is not None
    assert shown[2] == transcript()


def test_readme_first_manifest_equals_starter_assistant():
    shown = re.findall(r"^```yaml\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)
    assert shown == [(STARTER / "assistants" / "helper.yaml").read_text(encoding="utf-8")]


def test_readme_command_table_lists_every_command():
    rows = re.findall(r"^\| `([a-z]+)", README, flags=re.MULTILINE)
    assert {"plan", "apply", *rows} >= set(COMMANDS)
