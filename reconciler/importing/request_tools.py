"""The tools of a request body for a manifest: without secrets, and with `strict` where it is omitted."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from reconciler.resources.assistants.schema_refusals import check_parameters, subschemas
from reconciler.resources.assistants.server_secrets import without_secrets
from reconciler.resources.values import JSON

_INSTEAD: Final = {
    "responses": "the application adds it to the request",
    "agents": "write a `Credential`, and set `credential_id` to its name",
}
"""Where the secret of an MCP server belongs, by target."""


class Tools(NamedTuple):
    """The tools, what was left out of them, and what was added."""

    tools: JSON
    losses: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def written_tools(given: JSON, target: str = "responses") -> Tools:
    """Return the tools of a request body for a manifest. A value that is not a list of tools is returned unchanged."""
    if not isinstance(given, list):
        return Tools(given)
    losses: list[str] = []
    notes: list[str] = []
    tools = [_written(tool, target, losses, notes) if isinstance(tool, Mapping) else tool for tool in given]
    return Tools(tools, tuple(losses), tuple(notes))


def _written(tool: Mapping[str, JSON], target: str, losses: list[str], notes: list[str]) -> Mapping[str, JSON]:
    if tool.get("type") == "mcp":
        made, removed = without_secrets(tool)
        server = f"of MCP server {tool.get('server_label')}"
        losses += [f"{one} {server}: it must not be in Git; {_INSTEAD[target]}" for one in removed]
        return made
    if target == "agents":
        return tool
    if tool.get("type") == "function":
        return _with_strict(tool, notes)
    return _with_versions_as_text(tool) if tool.get("type") == "shell" else tool


def _with_versions_as_text(tool: Mapping[str, JSON]) -> Mapping[str, JSON]:
    """Return a shell whose skills have their version as text; the API reads numbers too."""
    environment = tool.get("environment")
    if not isinstance(environment, Mapping) or not isinstance(skills := environment.get("skills"), list):
        return tool
    made = [
        {**skill, "version": str(skill["version"])}
        if isinstance(skill, Mapping) and type(skill.get("version")) is int
        else skill
        for skill in skills
    ]
    return {**tool, "environment": {**environment, "skills": made}}


def _with_strict(tool: Mapping[str, JSON], notes: list[str]) -> Mapping[str, JSON]:
    """Return a function with `parameters` and `strict`, as the API completes a function without them: it is strict if
    its schema permits it, perhaps with `additionalProperties: false` added (answers of the API that users recorded).
    """
    made = {**tool, "parameters": tool.get("parameters"), "strict": tool.get("strict")}
    if "strict" in tool or not isinstance(made["parameters"], Mapping | None):
        return made
    closed = _closed(made["parameters"])
    is_strict = closed is None or not [*check_parameters(subschemas((), closed), strict=True)]
    added = ", with `additionalProperties: false`" if is_strict and closed != made["parameters"] else ""
    why = "its schema permits it" if is_strict else "its schema does not permit `true`"
    notes.append(
        f"`strict: {str(is_strict).lower()}`{added} for function {tool.get('name')}, as the API sets it: {why}"
    )
    return {**made, "parameters": closed if is_strict else made["parameters"], "strict": is_strict}


def _closed(schema: Any) -> Any:
    """Return a schema in which objects allow other properties only if they say so."""
    if isinstance(schema, list):
        return [_closed(part) for part in schema]
    if not isinstance(schema, Mapping):
        return schema
    made = {name: part if name in ("enum", "const", "default") else _closed(part) for name, part in schema.items()}
    is_open = made.get("type") == "object" and "additionalProperties" not in made
    return {**made, "additionalProperties": False} if is_open else made
