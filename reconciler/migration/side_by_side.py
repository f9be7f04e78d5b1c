"""Two configurations of one assistant, field by field, and the differences of the calls that applications make."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from reconciler.migration.cutover_model import CallCode, CallDifference, Row, Verdict
from reconciler.migration.drafting import entries
from reconciler.migration.model import TOOLS, Part, list_of, mapping_of
from reconciler.resources.assistants.canonical import keyed
from reconciler.resources.kinds.assistant import KIND
from reconciler.resources.values import ABSENT, JSON, Absent, Keys, path_text, same

_INDEX: Final = re.compile(r"(?P<name>\w+)\[(?P<index>\d+)\]")
_VERDICTS: Final[Mapping[str, Verdict]] = {"mapped": "same", "changed": "changed", "lost": "lost"}
_TURNED: Final[Mapping[Verdict, Verdict]] = {"lost": "added", "added": "lost"}

_CALLS: Final[Mapping[str, Mapping[CallCode, str]]] = {
    "assistants": {
        "conversation": "thread: `threads.create`",
        "answer": "run: `threads.runs.create(thread_id, assistant_id=…)`, polled until it ends",
        "functions": "status `requires_action`; results by `submit_tool_outputs`",
        "files": "a thread may have files and a vector store of its own",
        "options": "a run may override `instructions`, `model` and `tools`, and has `tool_choice`, "
        "`parallel_tool_calls`, `truncation_strategy`, `max_prompt_tokens` and `max_completion_tokens`",
    },
    "responses": {
        "conversation": "conversation: `conversations.create(items=…)`",
        "answer": "response: `responses.create(**bundle.request(…), conversation=…)`, which returns the answer",
        "functions": "`function_call` items; results as `function_call_output` in the next input",
        "files": "files are part of the input, or in the vector stores of the assistant",
        "options": "`tool_choice`, `parallel_tool_calls`, `truncation` and `max_output_tokens` are fields of the "
        "manifest; a request may override every field",
    },
    "agents": {
        "conversation": "session: one for each thread, with the old messages in its first `input`",
        "answer": "events of the session after `input` is sent",
        "functions": "the session requires action; results are sent to it",
        "files": "files are in the environment of the session",
        "options": "agents have none of these settings",
    },
}


def call_differences(before: str, after: str) -> tuple[CallDifference, ...]:
    """Return what applications do differently on the target `after`."""
    new = _CALLS[after]
    return tuple(CallDifference(code, text, new[code]) for code, text in _CALLS[before].items())


def rows_of(
    old: Mapping[str, JSON], new: Mapping[str, JSON], parts: tuple[Part, ...], expected: Mapping[str, JSON]
) -> Iterator[Row]:
    """Yield the fields of an assistant with target `assistants` (`old`) beside those of its counterpart (`new`), as the
    conversion maps them in `parts`; `expected` is its result.
    """
    actual, wanted = dict(_places(new)), dict(_places(expected))
    covered: set[Keys] = set()
    for part, entry in zip(parts, entries(parts), strict=True):
        before = _value(old, entry.field)
        if part.value is ABSENT:
            after = _at(actual, entry.to) if entry.to else ABSENT
            yield Row(entry.field, entry.to, before, after, _VERDICTS[entry.outcome], entry.note, entry.hint)
            continue
        for place in _places_of(part):
            covered.add(place)
            after = actual.get(place, ABSENT)
            verdict = _VERDICTS[entry.outcome] if _is(after, wanted.get(place, ABSENT)) else "differs"
            yield Row(entry.field, path_text(place), before, after, verdict, entry.note, entry.hint)
    for place, value in actual.items():
        if place not in covered:
            yield Row("", path_text(place), ABSENT, value, "added")


def plain_rows(old: Mapping[str, JSON], new: Mapping[str, JSON]) -> Iterator[Row]:
    """Yield the fields of two configurations by name, for targets without a conversion."""
    before, after = dict(_places(old)), dict(_places(new))
    for place in dict.fromkeys([*before, *after]):
        was, is_ = before.get(place, ABSENT), after.get(place, ABSENT)
        verdict: Verdict = "lost" if is_ is ABSENT else "added" if was is ABSENT else "differs"
        path = path_text(place)
        yield Row(
            "" if was is ABSENT else path,
            "" if is_ is ABSENT else path,
            was,
            is_,
            "same" if _is(was, is_) else verdict,
        )


def with_lengths(row: Row, before: str, after: str) -> Row:
    """Add the length of the instructions and the limits of the targets to their row."""
    if "instructions" not in (row.field, row.to):
        return row
    text = row.after if isinstance(row.after, str) else row.before
    limits = ", ".join(f"{target}: {_longest(target)}" for target in (before, after))
    note = f"{len(str(text)):,} characters (limits: {limits})"
    return replace(row, note="; ".join(filter(None, [row.note, note])))


def turned(row: Row) -> Row:
    """Return the row for the way back."""
    return replace(
        row,
        field=row.to,
        to=row.field,
        before=row.after,
        after=row.before,
        verdict=_TURNED.get(row.verdict, row.verdict),
    )


def _longest(target: str) -> str:
    schema = KIND.models[target].model_json_schema()["properties"]["instructions"]
    found = [one["maxLength"] for one in schema.get("anyOf", [schema]) if "maxLength" in one]
    return f"{found[0]:,}" if found else "none documented"


def _places(spec: Mapping[str, JSON]) -> Iterator[tuple[Keys, JSON]]:
    """Yield the values of a spec that are compared: tools by name, the members of mappings, and other fields."""
    for name, value in spec.items():
        if name == "target" or value is None:
            continue
        if name == "tools":
            yield from ((("tools", key), tool) for key, tool in keyed(value, dict).items())
        elif isinstance(value, Mapping):
            yield from (((name, key), item) for key, item in value.items())
        else:
            yield (name,), value


def _places_of(part: Part) -> Iterator[Keys]:
    if part.keys == TOOLS:
        yield from (("tools", key) for key in keyed([part.value], dict))  # type: ignore[list-item]
    elif len(part.keys) == 1 and isinstance(part.value, Mapping):
        yield from ((part.keys[0], key) for key in part.value)
    else:
        yield part.keys[:2]


def _value(spec: Mapping[str, JSON], field: str) -> JSON | Absent:
    """Return the value of the field that an entry names."""
    name, _, rest = field.split(" ", maxsplit=1)[0].partition(".")
    found = _INDEX.fullmatch(name)
    if found:
        items = list_of(spec.get(found["name"]))
        return items[int(found["index"])] if int(found["index"]) < len(items) else ABSENT
    value = spec.get(name, ABSENT)
    if name == "metadata" and rest:
        return mapping_of(value).get(rest, ABSENT)
    for step in filter(None, rest.split(".")):
        value = mapping_of(value).get(step, ABSENT)
    return value


def _at(places: Mapping[Keys, JSON], path: str) -> JSON | Absent:
    """Return the value at a path such as `tools.file_search.vector_store_ids`."""
    steps = tuple(path.split("."))
    value: JSON | Absent = places.get(steps[:2], places.get(steps[:1], ABSENT))
    for step in steps[2:]:
        value = mapping_of(value).get(step, ABSENT)
    return value


def _is(one: JSON | Absent, other: JSON | Absent) -> bool:
    if one is ABSENT or other is ABSENT:
        return one is other
    return same(_sorted(one), _sorted(other))


def _sorted(value: JSON) -> JSON:
    """Return `value` with lists of ids, whose order has no meaning, in alphabetical order."""
    if isinstance(value, dict):
        return {
            key: sorted(map(str, item)) if key.endswith("_ids") and isinstance(item, list) else _sorted(item)
            for key, item in value.items()
        }
    return value
