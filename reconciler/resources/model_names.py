"""Facts in the name of a model. Applications import this module: it uses only the standard library."""

import re
from typing import Any, Final

_DATED: Final = re.compile(r"-\d{4}-\d{2}-\d{2}$")
_VERSION: Final = re.compile(r"gpt-(\d+)(?:\.(\d+))?(?![0-9.])")
_INSTRUCTIONS_LAST: Final = (6, 2)
"""From this version on, the Responses API puts `instructions` after the input (guide "Latest model")."""


def base_model(model: str) -> str:
    """Return the model that a fine-tuned one was made of; any other model itself."""
    return model.split(":")[1] if model.startswith("ft:") and ":" in model[3:] else model


def model_family(model: str) -> str:
    """Return the model without the date of a snapshot, of a fine-tuned model that of its base model."""
    return _DATED.sub("", base_model(model))


def has_instructions_last(model: Any) -> bool:
    """Return True if the model gets `instructions` after the input. Of models without a version in the name, it is
    unknown: False.
    """
    match = _VERSION.match(base_model(model)) if isinstance(model, str) else None
    return match is not None and (int(match[1]), int(match[2] or 0)) >= _INSTRUCTIONS_LAST
