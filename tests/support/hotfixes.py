"""An applied project with objects of every kind that `pull` edits, and changes of all of them outside Reconciler."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from reconciler.operations.pull import accepted
from reconciler.operations.pull_result import Pulled
from reconciler.project.edits import write
from reconciler.project.workspace import open_workspace
from reconciler.resources.address import Address
from tests.support.world import STATE, World, world

HEAD = "apiVersion: reconciler/v1\n"
FILES = {
    "project.yaml": f"{HEAD}kind: Project\nmetadata: {{name: acme}}\nspec: {{defaults: {{target: agents}}}}\n",
    "triage.yaml": f"""\
{HEAD}kind: Assistant
metadata: {{name: triage}}
spec:
  model: gpt-6-luna
  instructions: {{$file: prompts/triage.md}}
  tools:
    - {{type: function, name: open, description: Opens, parameters: {{$file: tools/open.json}}}}
    - {{type: web_search, mode: cached, context_size: low}}
  metadata: {{tier: gold, team: support}}
""",
    "prompts/triage.md": "Be kind.\nBe short.\n",
    "tools/open.json": '{"type": "object", "properties": {"title": {"type": "string"}}}\n',
    "clerk.yaml": f"{HEAD}kind: Assistant\nmetadata: {{name: clerk}}\n"
    "spec:\n  target: responses\n  model: gpt-6-luna\n  instructions: Be a clerk.\n",
    "other.yaml": f"{HEAD}kind: Assistant\nmetadata: {{name: other}}\n"
    "spec:\n  target: responses\n  model: gpt-6-luna\n  instructions: Be another.\n",
    "store.yaml": f"""\
{HEAD}kind: VectorStore
metadata: {{name: handbook}}
spec:
  name: Handbook
  files:
    - {{path: kb/faq.md, attributes: {{topic: faq}}}}
  expires_after: {{days: 30}}
""",
    "kb/faq.md": "Questions",
    "flow.yaml": f"""\
{HEAD}kind: Pipeline
metadata: {{name: flow}}
spec:
  nodes:
    first: {{type: assistant, assistant: clerk}}
    then: {{type: llm, model: gpt-6-luna, prompt: Be brief.}}
  edges: [{{from: start, to: first}}, {{from: first, to: then}}, {{from: then, to: end}}]
""",
    "bot.yaml": f"{HEAD}kind: Chatbot\nmetadata: {{name: bot}}\nspec: {{assistant: clerk}}\n",
}


@contextmanager
def applied(root: Path) -> Iterator[World]:
    """Apply the project in `root`."""
    with world(root) as made:
        (root / "manifests.yaml").unlink()
        for path, text in FILES.items():
            made.file(path, text)
        made.apply()
        yield made


def change_live(acme: World) -> None:
    """Change live objects and published documents without changing what the state has."""
    agent_id, store_id = acme.id_of("assistant/triage"), acme.id_of("vectorstore/handbook")
    agents = acme.sdk.beta.agents
    agent = acme.by_hand(agents.retrieve(agent_id))
    tools: list[Any] = [tool.to_dict() for tool in agent.tools]
    tools[0]["parameters"]["properties"]["title"]["type"] = "boolean"
    tools[1] |= {"mode": "live", "context_size": "high"}
    metadata = {**agent.metadata, "tier": "bronze", "team": "sales"}
    changed = agents.update(agent_id, instructions="Be quick.", tools=tools, metadata=metadata)
    acme.by_hand(changed)
    acme.by_hand(
        acme.sdk.vector_stores.update(store_id, name="Book", expires_after={"anchor": "last_active_at", "days": 7})
    )
    shutil.copytree(acme.root / STATE, acme.root.parent / f"{acme.root.name}-state")
    acme.file("clerk.yaml", FILES["clerk.yaml"].replace("a clerk", "our clerk").replace("luna", "terra"))
    acme.file("flow.yaml", FILES["flow.yaml"].replace("Be brief.", "Be quick."))
    acme.file("bot.yaml", FILES["bot.yaml"].replace("assistant: clerk", "assistant: other"))
    acme.apply("keep")
    shutil.rmtree(acme.root / STATE)
    shutil.copytree(acme.root.parent / f"{acme.root.name}-state", acme.root / STATE)
    for path in ("clerk.yaml", "flow.yaml", "bot.yaml"):
        acme.file(path, FILES[path])


def pull(acme: World, *addresses: str, force: bool = False) -> Pulled:
    planned = acme.observed("keep").planned
    workspace = open_workspace(acme.root, acme.environ)
    found = accepted(workspace, planned, [Address.parse(one) for one in addresses], force=force)
    write(acme.root, found.edits)
    return found


def pulled_names(pulled: Pulled) -> set[tuple[str, str]]:
    return {(address, item.path) for address, item in pulled.accepted}
