"""Risks of a change of an assistant: to its instructions, tools, settings and the JSON Schemas of its functions."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, get_args

from reconciler.resources.assistants.canonical import Tool
from reconciler.resources.assistants.shared import Effort
from reconciler.resources.risks import Hazard, Rule, guardrail_risks
from reconciler.resources.values import JSON, Fields, is_reference

_EFFORTS: Final = get_args(Effort)
"""Levels of reasoning effort, ascending."""
_WATCHED: Final = (None, "score", "block")
"""Modes of moderation, ascending."""
_RUNS_CODE: Final = frozenset(
    {
        "apply_patch",
        "code_interpreter",
        "computer",
        "computer_use",
        "computer_use_preview",
        "local_shell",
        "programmatic_tool_calling",
        "shell",
    }
)
_WEB: Final = "web_search"
"""Prefix of the types of web search, which may have a date or `_preview` as a suffix."""
_MODES: Final = ("disabled", "cached", "live")
_SERVER: Final = ("server_url", "connector_id", "tunnel_id", "transport")


def risks(before: Fields, after: Fields) -> Iterator[Hazard]:
    """Yield the risks of a change. Both sides must have the same top-level fields."""
    yield from guardrail_risks(before.get("instructions") or "", after.get("instructions") or "")
    yield from tool_risks(before.get("tools") or {}, after.get("tools") or {})
    yield from _less_reasoning(_of(before, "reasoning").get("effort"), _of(after, "reasoning").get("effort"))
    if _format(before) != _format(after):
        yield Hazard("output-changed")
    for side in ("input", "output"):
        was, is_ = _moderation(before, side), _moderation(after, side)
        if _WATCHED.index(is_) < _WATCHED.index(was):
            yield Hazard("moderation-lowered", {"side": side, "before": was, "after": is_})


def _less_reasoning(before: JSON, after: JSON) -> Iterator[Hazard]:
    """Yield a risk if both efforts are known. The default effort of a model is not."""
    if before in _EFFORTS and after in _EFFORTS and _EFFORTS.index(after) < _EFFORTS.index(before):
        yield Hazard("reasoning-lowered", {"before": before, "after": after})


def _format(fields: Fields) -> JSON:
    return _of(fields, "text").get("format") or {"type": "text"}


def _moderation(fields: Fields, side: str) -> str | None:
    policy = _of(fields, "moderation").get("policy") or {}
    mode: str | None = (policy.get(side) or {}).get("mode")
    return mode if mode in _WATCHED else None


def _of(fields: Fields, name: str) -> Mapping[str, JSON]:
    return fields.get(name) or {}


def tool_risks(before: Mapping[str, Tool], after: Mapping[str, Tool]) -> Iterator[Hazard]:
    """Yield the risks of added, changed and removed tools. Tools are in canonical form, by key."""
    old, new = dict(_flat(before)), dict(_flat(after))
    for name in sorted(new.keys() - old.keys()):
        yield Hazard(_rule(new[name]), {"tool": name, "change": "added"})
    for name in sorted(old.keys() - new.keys()):
        yield from _without(name, old[name])
    for name in sorted(old.keys() & new.keys()):
        if old[name] != new[name]:
            yield from _changed(name, old[name], new[name])


def _flat(tools: Mapping[str, Tool], inside: str = "") -> Iterator[tuple[str, Tool]]:
    """Yield tools and the tools inside namespaces, which models call, by name."""
    for name, tool in tools.items():
        yield inside + name, tool
        if isinstance(tool.get("tools"), dict):
            yield from _flat(tool["tools"], f"{inside}{name}/")


def _rule(tool: Tool) -> Rule:
    kind = str(tool.get("type"))
    if kind in _RUNS_CODE:
        return "execution-opened"
    if kind == "mcp":
        return "remote-tools-opened"
    return "web-opened" if kind.startswith(_WEB) else "tool-added"


def _without(name: str, tool: Tool) -> Iterator[Hazard]:
    stores = _stores(tool)
    if stores:
        yield Hazard("knowledge-removed", {"change": "stores", "names": stores})
    else:
        yield Hazard("tool-removed", {"tool": name})


def _changed(name: str, before: Tool, after: Tool) -> Iterator[Hazard]:
    broken = list(incompatible(before.get("parameters"), after.get("parameters")))
    if broken:
        yield Hazard("parameters-incompatible", {"tool": name, "breaks": broken})
    stays = {_working(store) for store in _stores(after)}
    gone = [store for store in _stores(before) if _working(store) not in stays]
    if gone:
        yield Hazard("knowledge-removed", {"change": "stores", "names": gone})
    if after.get("type") == "mcp":
        yield from _remote(name, before, after)
    if str(after.get("type")).startswith(_WEB):
        yield from _web(name, before, after)
    if _is_wider(_domains_of_container(before), _domains_of_container(after)):
        yield Hazard("execution-opened", {"tool": name, "change": "network"})


def _remote(name: str, before: Tool, after: Tool) -> Iterator[Hazard]:
    if any(before.get(key) != after.get(key) for key in _SERVER):
        yield Hazard("remote-tools-opened", {"tool": name, "change": "server"})
    if before.get("allowed_tools") != after.get("allowed_tools") and _allows_more(before, after):
        yield Hazard("remote-tools-opened", {"tool": name, "change": "tools"})
    credential = after.get("credential_id")
    if credential is not None and credential != before.get("credential_id"):
        yield Hazard("credentials-opened", {"tool": name, "uses": _named(credential)})
    if _asks_less(before.get("require_approval"), after.get("require_approval")):
        yield Hazard("remote-tools-opened", {"tool": name, "change": "approvals"})


def _allows_more(before: Tool, after: Tool) -> bool:
    """Return True if more tools are allowed. A changed filter by `readOnlyHint` counts as more."""
    old, new = before.get("allowed_tools"), after.get("allowed_tools")
    if isinstance(old, Mapping) or isinstance(new, Mapping):
        return True
    return _is_wider(old, new)


def _asks_less(before: JSON, after: JSON) -> bool:
    """Return True if fewer calls may need approval. The default is approval of every call; a changed filter counts as
    fewer.
    """
    return before not in (after, "never") and after not in (None, "always")


def _web(name: str, before: Tool, after: Tool) -> Iterator[Hazard]:
    live = (False, True)
    if (
        _is_wider(_domains(before), _domains(after))
        or _rises(_MODES, before.get("mode"), after.get("mode"))
        or _rises(live, before.get("external_web_access"), after.get("external_web_access"))
    ):
        yield Hazard("web-opened", {"tool": name, "change": "reach"})


def _domains(tool: Tool) -> Sequence[str] | None:
    found: Sequence[str] | None = (tool.get("filters") or tool).get("allowed_domains")
    return found


def _domains_of_container(tool: Tool) -> Sequence[str]:
    """Return the domains that a container may access: none without a policy."""
    place = tool.get("container") or tool.get("environment")
    policy = (place.get("network_policy") if isinstance(place, Mapping) else None) or {}
    found: Sequence[str] = policy.get("allowed_domains") or ()
    return found


def _is_wider(before: Sequence[str] | None, after: Sequence[str] | None) -> bool:
    """Return True if the second list allows more than the first. None allows everything."""
    if before is None or after is None:
        return before is not None
    return not set(after) <= set(before)


def _rises(order: Sequence[JSON], before: JSON, after: JSON) -> bool:
    return before in order and after in order and order.index(before) < order.index(after)


def _working(store: str) -> str:
    """Return the working store of a frozen copy: `vectorstore/kb` for `vectorstore/kb@010d`."""
    return store.partition("@")[0]


def _stores(tool: Tool) -> list[str]:
    found = tool.get("vector_store_ids") or ()
    return list(map(_named, found))


def _named(one: JSON) -> str:
    """Return the address of a reference, or an id."""
    return str(next(iter(one.values()))) if is_reference(one) else json.dumps(one).strip('"')


_NUMBERS: Final = {"number": {"number", "integer"}}


def incompatible(before: JSON, after: JSON, path: str = "") -> Iterator[dict[str, JSON]]:
    """Yield each difference that an application written for `before` may not handle, in one pass over both.

    `at` is the path of the parameter, empty for all of them; `change` is `removed`, `required`, `type` (`before` and
    `after` are lists of types), `limited` (`values` is the number of allowed values) or `narrowed` (`values` are the
    values that are no longer allowed, as JSON texts).
    """
    if not isinstance(before, Mapping):
        return
    after = after if isinstance(after, Mapping) else {}
    yield from _narrowed(before, after, path)
    old, new = _properties(before), _properties(after)
    yield from ({"at": _at(path, name), "change": "removed"} for name in old if name not in new)
    known = _list(before, "required")
    required = (str(name) for name in _list(after, "required") if name not in known)
    yield from ({"at": _at(path, name), "change": "required"} for name in required)
    for name in (name for name in old if name in new):
        yield from incompatible(old[name], new[name], _at(path, name))
    if "items" in before and "items" in after:
        yield from incompatible(before["items"], after["items"], f"{path}[]")


def _narrowed(before: Mapping[str, JSON], after: Mapping[str, JSON], path: str) -> Iterator[dict[str, JSON]]:
    if "type" in before and "type" in after and not _types(before) <= _types(after):
        types = {"before": _listed(before["type"]), "after": _listed(after["type"])}
        yield {"at": path, "change": "type", **types}
    was, is_ = ({json.dumps(value, sort_keys=True) for value in _list(side, "enum")} for side in (before, after))
    if is_ and not was:
        yield {"at": path, "change": "limited", "values": len(is_)}
    elif is_ and was - is_:
        yield {"at": path, "change": "narrowed", "values": sorted(was - is_)}


def _types(schema: Mapping[str, JSON]) -> set[str]:
    return {more for one in _listed(schema["type"]) for more in _NUMBERS.get(one, {one})}


def _listed(types: JSON) -> list[str]:
    return [str(one) for one in types] if isinstance(types, list) else [str(types)]


def _list(schema: Mapping[str, JSON], name: str) -> list[JSON]:
    """Return the list at a keyword; empty if it is not a list, because the schema is not valid."""
    found = schema.get(name)
    return found if isinstance(found, list) else []


def _properties(schema: Mapping[str, JSON]) -> Mapping[str, JSON]:
    found = schema.get("properties")
    return found if isinstance(found, Mapping) else {}


def _at(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
