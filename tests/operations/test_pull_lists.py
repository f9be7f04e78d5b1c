"""`pull` of lists: items are matched by their identity, and each keeps its comments."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.hotfixes import pull
from tests.support.world import STATE, World, is_silent, world

HEAD = "apiVersion: reconciler/v1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec:\n"


def manifest(kind: str, name: str, spec: str) -> str:
    return HEAD.format(kind=kind, name=name) + spec


def function(name: str, description: str) -> dict[str, Any]:
    parameters = {"type": "object", "properties": {}}
    return {"type": "function", "name": name, "description": description, "parameters": parameters}


TOOLS = """\
  model: gpt-6-luna
  tools:
    # Searches the catalogue. Owner: team net.
    - type: function
      name: search  # called most
      description: Searches
      parameters: {type: object, properties: {}}
    # Pays money back. Approved by legal.
    - type: function
      name: refund  # audited
      description: Refunds
      parameters: {type: object, properties: {}}
    # End of the tools.
"""
AFTER = """\
  model: gpt-6-luna
  tools:
    # Pays money back. Approved by legal.
    - type: function
      name: refund  # audited
      description: Pays back
      parameters: {type: object, properties: {}}
    - type: function
      name: lookup
      description: Looks up
      parameters:
        type: object
        properties: {}
    # End of the tools.
"""


@pytest.fixture
def acme(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as made:
        (made.root / "manifests.yaml").unlink()
        yield made


def changed(acme: World, tools: list[dict[str, Any]]) -> None:
    agent = acme.id_of("assistant/bot")
    acme.by_hand(acme.sdk.beta.agents.update(agent, tools=tools))  # type: ignore[arg-type]


def test_a_tool_is_removed_and_another_is_added_each_with_its_own_comments(acme: World) -> None:
    acme.file("bot.yaml", manifest("Assistant", "bot", f"  target: agents\n{TOOLS}"))
    acme.apply()
    changed(acme, [function("refund", "Pays back"), function("lookup", "Looks up")])
    assert not pull(acme).problems
    assert (acme.root / "bot.yaml").read_text() == manifest("Assistant", "bot", f"  target: agents\n{AFTER}")
    acme.apply()
    assert is_silent(acme.plan())


def test_a_flow_list_of_tools_on_several_lines_keeps_its_comments(acme: World) -> None:
    one = "{{type: function, name: {0}, description: {1}, parameters: {{type: object, properties: {{}}}}}}"
    search, refund, lookup = (one.format(*each) for each in (("search", "S"), ("refund", "R"), ("lookup", "L")))
    spec = f"""\
  target: agents
  model: gpt-6-luna
  tools: [
    # Searches the catalogue.
    {search},  # called most
    # Pays money back.
    {refund}  # audited
  ]
"""
    acme.file("bot.yaml", manifest("Assistant", "bot", spec))
    acme.apply()
    changed(acme, [function("search", "S")])
    assert not pull(acme).problems
    kept = spec.replace(f"    # Pays money back.\n    {refund}  # audited\n", "").replace(f"{search},", search)
    assert (acme.root / "bot.yaml").read_text() == manifest("Assistant", "bot", kept)
    acme.file("bot.yaml", manifest("Assistant", "bot", spec))
    changed(acme, [function("refund", "R"), function("lookup", "L")])
    assert not pull(acme).problems
    kept = spec.replace(f"    # Searches the catalogue.\n    {search},  # called most\n", "")
    kept = kept.replace(f"{refund}  # audited\n", f"{refund},  # audited\n    {lookup}\n")
    assert (acme.root / "bot.yaml").read_text() == manifest("Assistant", "bot", kept)


MCP = """\
  target: agents
  model: gpt-6-luna
  tools:
    # Tickets. Owner: team net.
    - type: mcp
      server_label: tickets
      transport: {type: http, server_url: "https://tickets.example/mcp"}
      allowed_tools:
        # Reads only.
        - get
        # Asks first.
        - put  # audited
    # Orders. Owner: team shop.
    - type: mcp
      server_label: orders
      transport: {type: http, server_url: "https://orders.example/mcp"}
"""


def mcp(label: str, **more: Any) -> dict[str, Any]:
    transport = {"type": "http", "server_url": f"https://{label}.example/mcp"}
    return {"type": "mcp", "server_label": label, "transport": transport, **more}


@pytest.mark.parametrize(
    ("tools", "edit"),
    [
        (
            [mcp("orders"), mcp("tickets", allowed_tools=["put", "list"])],
            lambda text: text.replace("        # Reads only.\n        - get\n", "        - list\n"),
        ),
        (
            [mcp("orders", required=True)],
            lambda text: (
                text[: text.index("    # Tickets")] + text[text.index("    # Orders") :] + "      required: true\n"
            ),
        ),
        (
            [mcp("orders"), mcp("tickets", allowed_tools=["list"])],
            lambda text: text.replace(
                "        # Reads only.\n        - get\n        # Asks first.\n        - put  # audited\n",
                "        - list\n",
            ),
        ),
    ],
)
def test_servers_are_matched_by_label_and_their_tools_by_name(
    acme: World, tools: list[dict[str, Any]], edit: Callable[[str], str]
) -> None:
    acme.file("bot.yaml", manifest("Assistant", "bot", MCP))
    acme.apply()
    changed(acme, tools)
    assert not pull(acme).problems
    assert (acme.root / "bot.yaml").read_text() == manifest("Assistant", "bot", edit(MCP))


STORE = """\
  name: Handbook
  files:
    # Answers of the support team.
    - kb/faq.md  # monthly
    # Opening hours.
    - path: kb/hours.md
      attributes: {topic: hours}  # for the filter
    # Rates are checked by legal.
    - kb/rates.md
"""


def test_files_are_matched_by_path(acme: World) -> None:
    for name in ("faq", "hours", "rates"):
        acme.file(f"kb/{name}.md", name)
    acme.file("store.yaml", manifest("VectorStore", "handbook", STORE))
    acme.apply()
    store = acme.id_of("vectorstore/handbook")
    held = acme.sdk.vector_stores.files
    by_name = {name: acme.id_of(f"file/kb/{name}.md") for name in ("faq", "hours", "rates")}
    other = acme.by_hand(acme.sdk.files.create(file=("new.md", b"new"), purpose="assistants")).id
    acme.by_hand(held.delete(by_name["faq"], vector_store_id=store))
    acme.by_hand(held.create(store, file_id=other))
    attributes = {
        **(acme.by_hand(held.retrieve(by_name["hours"], vector_store_id=store)).attributes or {}),
        "topic": "open",
    }
    acme.by_hand(held.update(by_name["hours"], vector_store_id=store, attributes=attributes))
    assert not [problem.message for problem in pull(acme).problems]
    after = STORE.replace("    # Answers of the support team.\n    - kb/faq.md  # monthly\n", "")
    after = after.replace("topic: hours", "topic: open")
    found = (acme.root / "store.yaml").read_text()
    assert found.startswith(manifest("VectorStore", "handbook", after))
    assert found.removeprefix(manifest("VectorStore", "handbook", after)) in {"", f"    - {other}  # new.md\n"}


PIPELINE = """\
  nodes:
    first: {type: llm, model: gpt-6-luna, prompt: Be kind.}
    then: {type: llm, model: gpt-6-luna, prompt: Be brief.}
    last: {type: llm, model: gpt-6-luna, prompt: Be done.}
  edges:
    # Every question.
    - {from: start, to: first}
    # Both of them, since March.
    - {from: [first, then], to: last}  # reviewed
    - {from: first, to: then}
    # The answer.
    - {from: last, to: end}
"""


def test_edges_are_matched_by_their_ends(acme: World) -> None:
    acme.file("flow.yaml", manifest("Pipeline", "flow", PIPELINE))
    acme.apply()
    was = {path: path.read_bytes() for path in (acme.root / STATE).rglob("*") if path.is_file()}
    live = PIPELINE.replace("[first, then]", "then").replace("    # The answer.\n", "").replace("Be done.", "Be gone.")
    acme.file("flow.yaml", manifest("Pipeline", "flow", live))
    acme.apply()
    for path, content in was.items():
        path.write_bytes(content)
    acme.file("flow.yaml", manifest("Pipeline", "flow", PIPELINE))
    assert not pull(acme).problems
    after = PIPELINE.replace("[first, then]", "[then]").replace("Be done.", "Be gone.")
    assert (acme.root / "flow.yaml").read_text() == manifest("Pipeline", "flow", after)
