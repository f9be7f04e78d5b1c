"""What a change of an assistant's tools risks. Tools are canonical: mappings by what identifies them."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from reconciler.resources.assistants.canonical import Tool
from reconciler.resources.assistants.parameters import incompatible
from reconciler.resources.risks import Hazard, Rule
from reconciler.resources.values import JSON, is_reference

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
"""With a date or `_preview` behind it, too."""
_MODES: Final = ("disabled", "cached", "live")
_SERVER: Final = ("server_url", "connector_id", "tunnel_id", "transport")


def tool_risks(before: Mapping[str, Tool], after: Mapping[str, Tool]) -> Iterator[Hazard]:
    """Tools that are new, wider, other or gone."""
    old, new = dict(_flat(before)), dict(_flat(after))
    for name in sorted(new.keys() - old.keys()):
        yield Hazard(_rule(new[name]), {"tool": name, "change": "added"})
    for name in sorted(old.keys() - new.keys()):
        yield from _without(name, old[name])
    for name in sorted(old.keys() & new.keys()):
        if old[name] != new[name]:
            yield from _changed(name, old[name], new[name])


def _flat(tools: Mapping[str, Tool], inside: str = "") -> Iterator[tuple[str, Tool]]:
    """With the tools of namespaces, which are what a model calls."""
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
    if _asks_less(before.get("require_approval"), after.get("require_approval")):
        yield Hazard("remote-tools-opened", {"tool": name, "change": "approvals"})


def _allows_more(before: Tool, after: Tool) -> bool:
    """A filter by `readOnlyHint` says nothing of names: a change of one counts as wider."""
    old, new = before.get("allowed_tools"), after.get("allowed_tools")
    if isinstance(old, Mapping) or isinstance(new, Mapping):
        return True
    return _is_wider(old, new)


def _asks_less(before: JSON, after: JSON) -> bool:
    """Without a setting, a person's approval is asked for every call. Of filters nobody knows which tools they mean."""
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
    """Nothing without a policy: containers have no network unless it is allowed."""
    place = tool.get("container") or tool.get("environment")
    policy = (place.get("network_policy") if isinstance(place, Mapping) else None) or {}
    found: Sequence[str] = policy.get("allowed_domains") or ()
    return found


def _is_wider(before: Sequence[str] | None, after: Sequence[str] | None) -> bool:
    """Of two lists of what is allowed, where null allows everything."""
    if before is None or after is None:
        return before is not None
    return not set(after) <= set(before)


def _rises(order: Sequence[JSON], before: JSON, after: JSON) -> bool:
    return before in order and after in order and order.index(before) < order.index(after)


def _working(store: str) -> str:
    """The store that a copy was made of, for a release: `vectorstore/kb@010d` of `vectorstore/kb`."""
    return store.partition("@")[0]


def _stores(tool: Tool) -> list[str]:
    found = tool.get("vector_store_ids") or ()
    return [next(iter(one.values())) if is_reference(one) else json.dumps(one).strip('"') for one in found]
