"""Models that are gone or going, with what OpenAI names instead (docs, "Deprecations", as of 2026-11-21)."""

from dataclasses import dataclass
from datetime import date
from typing import Final


@dataclass(frozen=True, slots=True)
class Retirement:
    """The end of a model."""

    on: date
    replacement: str = ""
    """Empty where OpenAI names none."""


_AUTUMN: Final = date(2026, 10, 23)
_DECEMBER: Final = date(2026, 12, 11)
_JANUARY: Final = date(2027, 1, 14)
_APRIL: Final = date(2027, 4, 1)

_TABLE: Final[dict[str, Retirement]] = {
    "gpt-5.2-chat-latest gpt-5.3-chat-latest": Retirement(date(2026, 8, 10)),
    "gpt-3.5-turbo-1106": Retirement(date(2026, 9, 28)),
    "gpt-3.5-turbo gpt-3.5-turbo-0125 o4-mini o4-mini-2025-04-16": Retirement(_AUTUMN, "gpt-5.6-terra"),
    "gpt-4 gpt-4-0613 gpt-4-1106-preview gpt-4-turbo gpt-4-turbo-2024-04-09": Retirement(_AUTUMN, "gpt-5.6-sol"),
    "gpt-4o-2024-05-13 o1 o1-2024-12-17 o3-mini o3-mini-2025-01-31": Retirement(_AUTUMN, "gpt-5.6-sol"),
    "gpt-4.1-nano gpt-4.1-nano-2025-04-14 o1-pro o1-pro-2025-03-19": Retirement(_AUTUMN),
    "gpt-5 gpt-5-2025-08-07 gpt-5-pro o3 o3-2025-04-16 o3-pro": Retirement(_DECEMBER, "gpt-5.6-sol"),
    "gpt-5-mini gpt-5-mini-2025-08-07 gpt-5-nano gpt-5-nano-2025-08-07": Retirement(_DECEMBER),
    "gpt-4o gpt-4o-2024-08-06 gpt-4o-2024-11-20": Retirement(_JANUARY, "gpt-6-luna"),
    "gpt-4o-mini gpt-4o-mini-2024-07-18": Retirement(_JANUARY, "gpt-6-luna"),
    "gpt-4.1 gpt-4.1-2025-04-14 gpt-4.1-mini gpt-4.1-mini-2025-04-14": Retirement(_JANUARY, "gpt-6-luna"),
    "gpt-5.1 gpt-5.1-2025-11-13 gpt-5.4-nano": Retirement(_APRIL),
}
_BY_MODEL: Final = {model: end for models, end in _TABLE.items() for model in models.split()}


def retirement(model: str) -> Retirement | None:
    """The end of `model`; a fine-tuned one goes with the model it was made of."""
    base = model.split(":")[1] if model.startswith("ft:") else model
    return _BY_MODEL.get(base)


def warning(model: str) -> str:
    """What to say of `model`; empty where nothing is known against it."""
    end = retirement(model)
    if end is None:
        passing = model.endswith(("-preview", "-latest"))
        return "previews and `-latest` names may end at two weeks' notice" if passing else ""
    instead = f"; OpenAI names {end.replacement} instead" if end.replacement else ""
    return f"OpenAI's shutdown date of {model} is {end.on}{instead}"
