"""The fields of an assistant, or of a flat prompt, one mapper each; what nobody knows is passed on or reported."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from reconciler.manifests.drafts import unique_name
from reconciler.migration import prompts
from reconciler.migration.agent_tools import agent_resources, agent_tools
from reconciler.migration.formats import response_format
from reconciler.migration.metadata import metadata
from reconciler.migration.model import (
    Case,
    Entry,
    Part,
    changed,
    commented,
    left_out,
    lost,
    mapped,
    text_of,
)
from reconciler.migration.resources import resources
from reconciler.migration.tools import tools
from reconciler.resources import model_retirements
from reconciler.resources.kinds.assistant import KIND
from reconciler.resources.values import JSON

Mapper = Callable[[Case, JSON], Iterator[Part]]

NAME_LENGTH: Final = 128
"""Of an agent; assistants had 256."""
_BOOKKEEPING: Final = frozenset({"id", "object", "created_at", "updated_at", "variables", "tool_resources", "file_ids"})
"""What says nothing of its own, or is looked at together with something else."""
_DEFAULT_SAMPLING: Final = (None, 1)


def parts_of(case: Case) -> Iterator[Part]:
    """What becomes of every field of the export."""
    value = case.export.value
    for field, mapper in _MAPPERS.items():
        if field in value:
            yield from mapper(case, value[field])
    yield from _tools(case)
    for field in value:
        if field not in _MAPPERS and field not in _BOOKKEEPING:
            yield from _other(case, field, value[field])
    if case.export.kind == "prompt":
        yield from prompts.variables(case)


def _model(_case: Case, value: JSON) -> Iterator[Part]:
    warning = model_retirements.warning(value) if isinstance(value, str) else ""
    if warning:
        hint = "choose a model that stays, and try the assistant with it: the manifest still says what it was"
        yield changed("model", ("model",), value, warning, hint, remark=warning)
    else:
        yield mapped("model", ("model",), value)


def _name(case: Case, value: JSON) -> Iterator[Part]:
    """An agent has a name beside the manifest's; of a request there is only that."""
    text = text_of(value)
    if case.name != unique_name(text, ()):
        why = "another one has that name" if unique_name(text, (), "") else "nothing of it can be part of a name"
        yield Part(Entry("name", "changed", "metadata.name", f"`{case.name}`: {why if text else 'it had none'}"))
    elif not text or case.target == "responses":
        yield Part(Entry("name", "mapped", "metadata.name"))
    if text and case.target == "agents":
        yield _agent_name(text)


def _agent_name(text: str) -> Part:
    if len(text) <= NAME_LENGTH:
        return mapped("name", ("name",), text)
    return changed("name", ("name",), text[:NAME_LENGTH], f"an agent's name has at most {NAME_LENGTH} characters")


def _description(_case: Case, value: JSON) -> Iterator[Part]:
    if isinstance(value, str) and value:
        yield commented("description", f"Description: {value}", "the API has no such field any more")
    elif value:
        yield lost("description", "expected text")


def _instructions(case: Case, value: JSON) -> Iterator[Part]:
    if not value:
        yield left_out("instructions", "none")
    elif not isinstance(value, str):
        yield lost("instructions", "expected text", "write them by hand")
    elif case.target == "agents":
        yield changed("instructions", ("instructions",), value, "an agent appends them to base instructions of its own")
    else:
        yield mapped("instructions", ("instructions",), value)


def _sampling(field: str) -> Mapper:
    def mapper(case: Case, value: JSON) -> Iterator[Part]:
        if value in _DEFAULT_SAMPLING and not isinstance(value, bool):
            yield left_out(field)
        elif case.target == "agents":
            yield lost(field, f"an agent has no {field}: {value}", "use target responses if it matters")
        else:
            yield mapped(field, (field,), value)

    return mapper


def _reasoning_effort(_case: Case, value: JSON) -> Iterator[Part]:
    if value is not None:
        yield mapped("reasoning_effort", ("reasoning", "effort"), value)


def _tokens(field: str) -> Mapper:
    def mapper(case: Case, value: JSON) -> Iterator[Part]:
        if value is not None and case.target == "responses":
            yield mapped(field, ("max_output_tokens",), value)
        elif value is not None:
            yield lost(field, "an agent has no such limit", "use target responses if it matters")

    return mapper


def _verbosity(_case: Case, value: JSON) -> Iterator[Part]:
    if value is not None:
        yield mapped("verbosity", ("text", "verbosity"), value)


def _other(case: Case, field: str, value: JSON) -> Iterator[Part]:
    """Arguments of requests, which prompts have, stay what they are."""
    if value is None:
        return
    if field in KIND.models[case.target].model_fields.keys() - {"target", "extra"}:
        yield mapped(field, (field,), value)
    else:
        yield lost(field, f"target {case.target} has no such field", KIND.hints[case.target].get(field, ""))


def _tools(case: Case) -> Iterator[Part]:
    value = case.export.value.get("tools")
    given = [] if value is None else value
    if case.target == "agents":
        yield from agent_tools(given)
        yield from agent_resources(case)
    else:
        usable = resources(case)
        yield from tools(given, usable)
        yield from usable.parts


_MAPPERS: Final[Mapping[str, Mapper]] = {
    "model": _model,
    "name": _name,
    "description": _description,
    "instructions": _instructions,
    "response_format": response_format,
    "temperature": _sampling("temperature"),
    "top_p": _sampling("top_p"),
    "reasoning_effort": _reasoning_effort,
    "max_tokens": _tokens("max_tokens"),
    "max_completion_tokens": _tokens("max_completion_tokens"),
    "verbosity": _verbosity,
    "metadata": metadata,
    "tools": lambda _case, _value: iter(()),
}
