"""Run `docs/guard.md`."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
from openai import AsyncOpenAI

from reconciler import bundles
from reconciler.emulator import Settings, create_app
from reconciler.planning.guard import RULES
from reconciler.project.endpoint import DATA
from tests.e2e.pages import DOCS, as_it_runs, printed

PAGE = DOCS / "guard.md"
SAY: Any = [{"role": "user", "content": [{"type": "input_text", "text": "Write the digest."}]}]


def with_sdk(folder: Path, work: Callable[[AsyncOpenAI], Awaitable[object]]) -> None:
    """Run `work` with a client of the API that the project of the page is applied to."""

    async def run() -> None:
        transport = httpx2.ASGITransport(create_app(Settings(data=folder / DATA)))
        http = httpx2.AsyncClient(transport=transport)
        async with AsyncOpenAI(api_key="key", base_url="http://embedded/v1", http_client=http) as sdk:
            await work(sdk)

    asyncio.run(run())


def automate(folder: Path) -> None:
    agent = bundles.load(folder / ".reconciler" / "bundles", "acme", "assistant/triage").agent_id("assistant/triage")
    target: Any = {"type": "new_session", "environment": {"type": "none"}, "input": SAY, "agent_id": agent}
    schedule: Any = {"type": "periodic", "name": "nightly digest", "expression": "0 3 * * *", "timezone": "UTC"}
    with_sdk(folder, lambda sdk: sdk.beta.agents.automations.create(**schedule, target=target))


def consent(folder: Path) -> None:
    """Write the consent of the refusal to a file, with a reason and an expiry date."""
    (refusal,) = json.loads(printed("plan -o json"))["refusals"]
    day = datetime.now(UTC).date() + timedelta(days=14)
    filled = re.sub(
        'reason: "".*', "reason: The digest is no longer used, and its author has left.", refusal["consent"]
    )
    filled = re.sub('expires: "".*', f'expires: "{day}"', filled)
    (folder / "consents.yaml").write_text(filled)


BY_HAND = {"an automation is created for triage": automate, "the consent is written to a file": consent}


def followed(scratch: Path) -> str:
    """Return the page with the outputs of its commands, run in `scratch`."""
    return as_it_runs(PAGE, scratch / "acme", BY_HAND)


def test_guard_page_outputs_equal_command_outputs(tmp_path):
    assert followed(tmp_path) == PAGE.read_text(encoding="utf-8")


def test_guard_page_rule_table_equals_rules():
    rows = re.findall(r"^\| `([\w-]+)` \|.*\| (.*) ?\|$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    liftable = {rule: [check.may_be_lifted for check in checks] for rule, checks in RULES.items()}
    assert {rule for rule, _ in rows} == liftable.keys()
    for rule, consent in rows:
        assert (consent.strip() == "yes", consent.strip() == "") == (all(liftable[rule]), not any(liftable[rule])), rule
