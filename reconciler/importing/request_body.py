"""The body of a request to the Responses API: what of it stands, and what changes from run to run."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from reconciler.resources.assistants.hints import HINTS
from reconciler.resources.assistants.responses import ResponsesSpec
from reconciler.resources.metadata import kept_pairs
from reconciler.resources.values import JSON

_FIELDS: Final = tuple(name for name in ResponsesSpec.model_fields if name not in ("target", "extra"))
_TOKEN: Final = "authorization"  # noqa: S105 - the name of a field


def configuration(body: Mapping[str, JSON]) -> tuple[dict[str, JSON], tuple[str, ...]]:
    """The standing part of a request body as a spec, and what was left out of it, and why."""
    losses: list[str] = []
    given = {name: value for name, value in body.items() if value is not None}
    pairs, lost = kept_pairs(given.pop("metadata")) if isinstance(given.get("metadata"), Mapping) else ({}, ())
    spec: dict[str, JSON] = {"target": "responses"}
    spec |= {name: _standing(name, given[name], losses) for name in _FIELDS if name in given}
    if not isinstance(spec.get("instructions", ""), str):
        del spec["instructions"]
        losses.append(
            "`instructions`, which are a list of messages: write their text, if it is the same for every request"
        )
    extra = {}
    for name in sorted(given.keys() - {*_FIELDS}):
        if hint := HINTS["responses"].get(name):
            losses.append(f"`{name}`: {hint}")
        else:
            extra[name] = given[name]
    losses += _spoken(given.get("input"))
    return {**spec, **pairs, **({"extra": extra} if extra else {})}, (*losses, *lost)


def _standing(name: str, value: JSON, losses: list[str]) -> JSON:
    """Tools without the tokens that go with them: those do not belong into Git."""
    if name != "tools" or not isinstance(value, list):
        return value
    hint = HINTS["responses"][f"tools.{_TOKEN}"]
    held = (tool for tool in value if isinstance(tool, Mapping) and _TOKEN in tool)
    losses += [f"`{_TOKEN}` of {tool.get('server_label')}: {hint}" for tool in held]
    return [_without_token(tool) for tool in value]


def _without_token(tool: Any) -> Any:
    return {key: item for key, item in tool.items() if key != _TOKEN} if isinstance(tool, Mapping) else tool


def _spoken(given: Any) -> Iterator[str]:
    roles = {str(item.get("role")) for item in given if isinstance(item, Mapping)} if isinstance(given, list) else set()
    for role in sorted(roles & {"developer", "system"}):
        yield f"the {role} message of `input`: if it is the same for every request, write it as `instructions`"
