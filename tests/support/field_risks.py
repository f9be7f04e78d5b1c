"""Examples of field changes that have each risk, and of field changes that do not."""

from typing import Any

Case = tuple[str, str, dict[str, Any], dict[str, Any]]
"""Rule, type, before, after."""


def tools(*listed: dict[str, Any]) -> dict[str, Any]:
    return {"tools": [*listed]}


def function(**parameters: Any) -> dict[str, Any]:
    schema = {"type": "object", **parameters}
    return tools({"type": "function", "name": "book", "description": "Books.", "parameters": schema})


def text(instructions: str) -> dict[str, Any]:
    return {"instructions": instructions}


def prompt(text: str) -> dict[str, Any]:
    return {"nodes": {"first": {"type": "llm", "prompt": text}}}


def mcp(**settings: Any) -> dict[str, Any]:
    return tools({"type": "mcp", "server_label": "shop", "server_url": "https://shop.example", **settings})


def agent_mcp(**settings: Any) -> dict[str, Any]:
    http = {"type": "http", "server_url": "https://shop.example"}
    return tools({"type": "mcp", "server_label": "shop", "transport": http, **settings})


def web(**settings: Any) -> dict[str, Any]:
    return tools({"type": "web_search", **settings})


def network(access: str, *domains: str, **other: str) -> dict[str, Any]:
    return {"network": {"access": access, "allowed_domains": [*domains]}, **other}


def message(text: str) -> list[dict[str, Any]]:
    return [{"content": [{"type": "input_text", "text": text}]}]


def session(**target: Any) -> dict[str, Any]:
    return {"target": {"type": "new_session", "vault_ids": [], **target}}


def interpreter(*domains: str) -> dict[str, Any]:
    policy = {"network_policy": {"type": "allowlist", "allowed_domains": [*domains]}} if domains else {}
    return tools({"type": "code_interpreter", "container": {"type": "auto", **policy}})


def search(*stores: str) -> dict[str, Any]:
    return tools({"type": "file_search", "vector_store_ids": [*stores]})


def files(**content: str) -> dict[str, Any]:
    return {"files": {f"{name}.md": {"file": f"file-{name}", "sha256": sha} for name, sha in content.items()}}


def kept_files(**content: str) -> dict[str, Any]:
    """Return the files of a vector store as a release keeps it: their paths end with a digest."""
    kept = files(**content)["files"]
    return {"files": {f"{path}@{entry['sha256'] * 12}": entry for path, entry in kept.items()}}


def days(number: int | None) -> dict[str, Any]:
    return {"expires_after": number and {"anchor": "last_active_at", "days": number}}


def moderation(mode: str | None) -> dict[str, Any]:
    return {"moderation": {"model": "omni", "policy": {"input": mode and {"mode": mode}}}}


def of(model: str) -> dict[str, Any]:
    return {"model": model, "instructions": "Be kind."}


def effort(level: str | None) -> dict[str, Any]:
    return {"reasoning": {"effort": level}}


SIZES = {"size": {"type": "string", "enum": ["s", "m"]}}

FIRES: list[Case] = [
    ("guardrail-removed", "agent", text("Be kind. Never give advice."), text("Be kind.")),
    ("guardrail-removed", "request", text("- Do not quote prices.\n- Be kind."), text("- Be kind.")),
    ("guardrail-removed", "request", text("Don\u2019t guess."), {"instructions": None}),
    ("guardrail-removed", "pipeline", prompt("Only answer in English."), prompt("Answer.")),
    ("execution-opened", "request", tools(), interpreter()),
    ("execution-opened", "agent", tools(), tools({"type": "computer_use"})),
    ("execution-opened", "request", interpreter(), interpreter("a.example")),
    ("execution-opened", "environment_template", network("disabled"), network("restricted", "a.example")),
    ("execution-opened", "environment_template", network("restricted", "a.example"), network("enabled")),
    (
        "execution-opened",
        "environment_template",
        network("restricted", "a.example"),
        network("restricted", "b.example"),
    ),
    ("execution-opened", "environment_template", network("restricted", "a.example"), network("restricted")),
    ("execution-opened", "environment_template", network("restricted"), network("restricted", blocked_domains="0c")),
    (
        "execution-opened",
        "automation",
        session(environment=network("disabled")),
        session(environment=network("enabled")),
    ),
    ("remote-tools-opened", "request", tools(), mcp()),
    ("remote-tools-opened", "agent", tools(), agent_mcp()),
    ("remote-tools-opened", "agent", agent_mcp(allowed_tools=["find"]), agent_mcp()),
    ("remote-tools-opened", "request", mcp(), mcp(server_url="https://evil.example")),
    ("remote-tools-opened", "request", mcp(), mcp(require_approval="never")),
    ("credentials-opened", "agent", agent_mcp(), agent_mcp(credential_id="cred_1")),
    ("credentials-opened", "agent", agent_mcp(credential_id="cred_1"), agent_mcp(credential_id="cred_2")),
    ("credentials-opened", "automation", session(), session(vault_ids=["vault_1"])),
    ("moderation-lowered", "request", moderation("block"), moderation("score")),
    ("moderation-lowered", "request", moderation("score"), {"moderation": None}),
    ("knowledge-removed", "vector_store", files(a="1", b="2"), files(a="1")),
    ("knowledge-removed", "request", search("vs_1", "vs_2"), search("vs_1")),
    ("knowledge-removed", "request", search("vs_1"), tools()),
    ("expiry-shortened", "vector_store", days(30), days(7)),
    ("expiry-shortened", "vector_store", days(None), days(30)),
    ("web-opened", "request", tools(), web()),
    ("web-opened", "request", web(filters={"allowed_domains": ["a.example"]}), web()),
    ("web-opened", "agent", web(mode="cached"), web(mode="live")),
    ("tool-added", "agent", tools(), function()),
    ("parameters-incompatible", "agent", function(properties=SIZES), function(properties={})),
    ("parameters-incompatible", "agent", function(properties=SIZES), function(properties=SIZES, required=["size"])),
    ("parameters-incompatible", "agent", function(properties=SIZES), function(properties={"size": {"enum": ["s"]}})),
    (
        "parameters-incompatible",
        "agent",
        function(properties={"tags": {"type": "array", "items": {"type": ["string", "null"]}}}),
        function(properties={"tags": {"type": "array", "items": {"type": "string"}}}),
    ),
    ("output-changed", "request", {"text": {}}, {"text": {"format": {"type": "json_object"}}}),
    ("reasoning-lowered", "agent", effort("high"), effort("low")),
    ("instructions-moved", "request", of("gpt-6-luna"), of("gpt-6.2-sol")),
    ("tool-removed", "agent", function(), tools()),
]

SILENT: list[Case] = [
    ("guardrail-removed", "agent", text("Be kind. Never give advice."), text("*  never give ADVICE!\n\nBe brief.")),
    ("guardrail-removed", "request", text("Nevertheless, be kind."), text("Be kind.")),
    ("guardrail-removed", "pipeline", prompt("Answer kindly."), prompt("Answer.")),
    ("execution-opened", "request", interpreter("a.example"), interpreter()),
    ("execution-opened", "environment_template", network("enabled"), network("restricted", "a.example")),
    ("execution-opened", "environment_template", network("restricted"), network("restricted", "a.example")),
    ("execution-opened", "environment_template", network("restricted", "a", "b"), network("restricted", "b")),
    ("execution-opened", "environment_template", {"name": "a"}, {"name": "b"}),
    ("execution-opened", "automation", session(input=message("a")), session(input=message("b"))),
    ("remote-tools-opened", "agent", agent_mcp(), agent_mcp(allowed_tools=["find"])),
    ("credentials-opened", "agent", agent_mcp(credential_id="cred_1"), agent_mcp()),
    ("credentials-opened", "automation", session(vault_ids=["a", "b"]), session(vault_ids=["b"])),
    ("credentials-opened", "automation", {"paused": False}, {"paused": True}),
    ("remote-tools-opened", "request", mcp(require_approval="never"), mcp()),
    ("moderation-lowered", "request", moderation("score"), moderation("block")),
    ("knowledge-removed", "request", search("vectorstore/kb@0a"), search("vectorstore/kb@1b")),
    ("knowledge-removed", "vector_store", files(a="1"), files(a="2", b="1")),
    ("knowledge-removed", "vector_store", files(a="1"), files(renamed="1")),
    ("knowledge-removed", "vector_store", kept_files(a="1"), kept_files(a="2")),
    ("knowledge-removed", "request", search("vs_1", "vs_2"), search("vs_2", "vs_1")),
    ("expiry-shortened", "vector_store", days(7), days(30)),
    ("expiry-shortened", "vector_store", days(7), days(None)),
    ("web-opened", "request", web(), web(filters={"allowed_domains": ["a.example"]})),
    ("web-opened", "agent", web(mode="live"), web(mode="disabled")),
    ("tool-added", "agent", function(), function(description="Books a room.")),
    ("parameters-incompatible", "agent", function(properties={}), function(properties=SIZES)),
    ("parameters-incompatible", "agent", function(properties=SIZES), function(properties={"size": {"type": "string"}})),
    (
        "parameters-incompatible",
        "agent",
        function(properties={"n": {"type": "integer"}}),
        function(properties={"n": {"type": "number"}}),
    ),
    ("output-changed", "request", {"text": {}}, {"text": {"verbosity": "low"}}),
    ("reasoning-lowered", "agent", effort("low"), effort("high")),
    ("instructions-moved", "request", of("gpt-6.2-astra"), of("gpt-6.2-sol")),
    ("instructions-moved", "agent", of("gpt-6-luna"), of("gpt-6.2-sol")),
    ("reasoning-lowered", "agent", effort("high"), effort(None)),
    ("tool-removed", "request", search("vs_1"), tools()),
]
