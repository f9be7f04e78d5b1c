"""Parameters that models refuse: every request with one of them fails.

Sources, as of 2026-11-28, are named in the table. Models that are not listed are not judged. The project may replace
the entry of a model (`refused_parameters` in project.yaml).
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from reconciler.resources.model_names import has_instructions_last, model_family
from reconciler.resources.risks import Hazard
from reconciler.resources.values import JSON, Fields

_PATH: Final = r"[a-z_]+(\.[a-z_]+)*"
_SIGN: Final = "!?="
PARAMETER_PATTERN: Final = rf"{_PATH}({_SIGN}.+)?"
"""`PARAMETER` for JSON Schema, which has no named groups."""
PARAMETER: Final = re.compile(rf"(?P<path>{_PATH})((?P<sign>{_SIGN})(?P<value>.+))?")
"""A field of a request, such as `temperature`; one value of it, `reasoning.effort=none`; or all others,
`temperature!=1`."""


class _Entry(NamedTuple):
    models: str
    refused: str
    source: str
    if_reasoning: bool = False
    """True if it holds only where `reasoning.effort` is set to another value than `none`."""


REFUSED: Final = (
    _Entry("gpt-6-astra", "temperature top_p reasoning.effort=none reasoning.effort=minimal", "BerriAI/litellm#39631"),
    _Entry(
        "gpt-6.2-astra gpt-6.2-sol",
        "temperature top_p top_logprobs reasoning.effort=none service_tier=flex",
        'OpenAI\'s guide "Latest model"',
    ),
    _Entry("gpt-6.1-sol", "reasoning.effort=none", "reports of users"),
    _Entry(
        "gpt-5.2 gpt-5.6-sol gpt-5.6-terra gpt-5.6-luna",
        "temperature!=1",
        "reports of users",
        if_reasoning=True,
    ),
    _Entry(
        "gpt-6-astra gpt-6.1-sol gpt-6.1-terra gpt-6.2-astra gpt-6.2-sol gpt-6.2-astra-law",
        "tools.connector_id",
        "the field docs of `connector_id`: models released after 2026-09-01",
    ),
)


def parameter_risks(fields: Fields, replaced: Mapping[str, Sequence[str]]) -> Iterator[Hazard]:
    """Yield a risk for each parameter in `fields` that their model refuses.

    `replaced` are the entries of the project by model; they replace all of the table for that model.
    """
    model = fields.get("model")
    if not isinstance(model, str):
        return
    for parameter, source in _refused(model_family(model), fields, replaced):
        if match := PARAMETER.fullmatch(parameter):
            for value in _values(fields, match["path"].split(".")):
                if _is_refused(value, match["sign"], match["value"]):
                    args = {"model": model, "parameter": match["path"], "value": value, "source": source}
                    yield Hazard("parameter-refused", args)
                    break


def moved_instructions(before: Fields, after: Fields) -> Iterator[Hazard]:
    """Yield a risk if the new model reads `instructions` after the input, and the former one did not."""
    was, is_ = before.get("model"), after.get("model")
    moves = isinstance(was, str) and has_instructions_last(is_) and not has_instructions_last(was)
    if moves and after.get("instructions"):
        yield Hazard("instructions-moved", {"before": was, "after": is_})


def _refused(model: str, fields: Fields, replaced: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, str]]:
    if model in replaced:
        yield from ((parameter, "project.yaml") for parameter in replaced[model])
        return
    reasons = (fields.get("reasoning") or {}).get("effort") not in (None, "none")
    for entry in REFUSED:
        if model in entry.models.split() and (reasons or not entry.if_reasoning):
            yield from ((parameter, entry.source) for parameter in entry.refused.split())


def _values(value: JSON, path: Sequence[str]) -> Iterator[JSON]:
    """Yield the values at `path` that are set; of tools, those of each tool."""
    if not path:
        if value is not None:
            yield value
    elif isinstance(value, Mapping) and path[0] == "tools" and isinstance(value.get("tools"), Mapping):
        for tool in value["tools"].values():
            yield from _values(tool, path[1:])
    elif isinstance(value, Mapping) and path[0] in value:
        yield from _values(value[path[0]], path[1:])


def _is_refused(value: JSON, sign: str | None, named: str | None) -> bool:
    if named is None:
        return True
    try:
        other: JSON = json.loads(named)
    except ValueError:
        other = named
    return bool(value == other) == (sign == "=")
