"""Rules of saved assistants that their models cannot check."""

from collections.abc import Iterator

from reconciler.resources.assistants.assistant_form import RESOURCES
from reconciler.resources.assistants.assistants import AssistantsSpec, Function, JSONSchemaFormat
from reconciler.resources.assistants.hints import HINTS, known_extras
from reconciler.resources.assistants.schemas import check_output, check_tool
from reconciler.resources.problems import Finding

_HINTS = HINTS["assistants"]
_TOOL_HINTS = {path.removeprefix("tools."): hint for path, hint in _HINTS.items() if path.startswith("tools.")}


def check(spec: AssistantsSpec) -> Iterator[Finding]:
    """Yield the violations of an assistant that its model does not detect."""
    yield from known_extras((), spec, _HINTS)
    yield from _of_tools(spec)
    yield from _unused_resources(spec)
    if isinstance(spec.response_format, JSONSchemaFormat) and spec.response_format.json_schema.schema_ is not None:
        format_ = spec.response_format.json_schema
        path = ("response_format", "json_schema", "schema")
        yield from check_output(path, format_.schema_, is_strict=bool(format_.strict))


def _of_tools(spec: AssistantsSpec) -> Iterator[Finding]:
    seen: set[tuple[str, str]] = set()
    for index, tool in enumerate(spec.tools or ()):
        path = ("tools", index)
        yield from known_extras(path, tool, _TOOL_HINTS)
        name = ""
        if isinstance(tool, Function):
            name = tool.function.name
            yield from known_extras((*path, "function"), tool.function, {})
            yield from check_tool((*path, "function"), tool.function)
        if (tool.type, name) in seen:
            what = f"the function `{name}` is repeated" if name else f"an assistant can have only one {tool.type} tool"
            yield Finding((*path, "function", "name") if name else (*path, "type"), "duplicate-tool", what)
        seen.add((tool.type, name))


def _unused_resources(spec: AssistantsSpec) -> Iterator[Finding]:
    """Yield a warning for files and stores that no tool of the assistant can use."""
    types = {tool.type for tool in spec.tools or ()}
    for tool, ids in RESOURCES.items():
        part = getattr(spec.tool_resources, tool, None)
        if tool not in types and getattr(part, ids, None):
            message = f"`{ids}` has no effect without the tool `{tool}`"
            hint = f"add `- type: {tool}` to `tools`"
            yield Finding(("tool_resources", tool, ids), "unused-resources", message, hint, "warning", on_key=True)
