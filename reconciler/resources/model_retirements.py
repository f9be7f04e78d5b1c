"""Shutdown dates of models, and the replacements that OpenAI recommends.

Sources, as of 2026-11-28: the field docs of `model` in openai-python 3.57 for dates, OpenAI's page "Deprecations" for
replacements.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

from reconciler.resources.model_names import base_model


@dataclass(frozen=True, slots=True)
class Retirement:
    """The shutdown of a model."""

    on: date
    replacement: str = ""
    """Recommended model; empty if OpenAI does not recommend one."""


_TABLE: Final[tuple[tuple[str, str, str], ...]] = (
    ("2024-09-13", "", "gpt-3.5-turbo-16k gpt-3.5-turbo-0301 gpt-3.5-turbo-0613 gpt-3.5-turbo-16k-0613"),
    ("2024-12-06", "", "gpt-4-vision-preview"),
    ("2025-06-06", "", "gpt-4-32k gpt-4-32k-0314 gpt-4-32k-0613"),
    ("2025-07-28", "", "o1-preview o1-preview-2024-09-12"),
    ("2025-10-10", "", "gpt-4o-audio-preview-2024-10-01"),
    ("2025-10-27", "", "o1-mini o1-mini-2024-09-12"),
    ("2026-02-12", "", "codex-mini-latest"),
    ("2026-02-17", "", "chatgpt-4o-latest"),
    ("2026-03-26", "", "gpt-4-0125-preview gpt-4-turbo-preview gpt-4-0314"),
    ("2026-05-07", "", "gpt-4o-audio-preview gpt-4o-audio-preview-2024-12-17 gpt-4o-audio-preview-2025-06-03"),
    ("2026-05-07", "", "gpt-4o-mini-audio-preview gpt-4o-mini-audio-preview-2024-12-17"),
    ("2026-07-23", "", "gpt-5.1-codex gpt-5.1-chat-latest gpt-5-chat-latest"),
    ("2026-07-23", "", "gpt-4o-search-preview gpt-4o-search-preview-2025-03-11"),
    ("2026-07-23", "", "gpt-4o-mini-search-preview gpt-4o-mini-search-preview-2025-03-11"),
    ("2026-08-10", "", "gpt-5.2-chat-latest gpt-5.3-chat-latest"),
    ("2026-09-28", "", "gpt-3.5-turbo-1106"),
    ("2026-10-23", "gpt-5.6-terra", "gpt-3.5-turbo gpt-3.5-turbo-0125 o4-mini o4-mini-2025-04-16"),
    ("2026-10-23", "gpt-5.6-sol", "gpt-4 gpt-4-0613 gpt-4-1106-preview gpt-4-turbo gpt-4-turbo-2024-04-09"),
    ("2026-10-23", "gpt-5.6-sol", "gpt-4o-2024-05-13 o1 o1-2024-12-17 o3-mini o3-mini-2025-01-31"),
    ("2026-10-23", "", "gpt-4.1-nano gpt-4.1-nano-2025-04-14 o1-pro o1-pro-2025-03-19"),
    ("2026-12-11", "gpt-6.1-sol", "gpt-5 gpt-5-2025-08-07"),
    ("2026-12-11", "gpt-5.6-sol", "o3 o3-2025-04-16"),
    ("2026-12-11", "gpt-6.1-terra", "gpt-5-mini gpt-5-mini-2025-08-07"),
    ("2026-12-11", "", "gpt-5-pro gpt-5-pro-2025-10-06 o3-pro o3-pro-2025-06-10"),
    ("2026-12-11", "", "gpt-5-nano gpt-5-nano-2025-08-07"),
    ("2027-01-14", "gpt-6-luna", "gpt-4o gpt-4o-2024-08-06 gpt-4o-2024-11-20 gpt-4o-mini gpt-4o-mini-2024-07-18"),
    ("2027-01-14", "gpt-6-luna", "gpt-4.1 gpt-4.1-2025-04-14 gpt-4.1-mini gpt-4.1-mini-2025-04-14"),
    ("2027-01-20", "", "gpt-audio-mini gpt-audio-mini-2025-12-15"),
    ("2027-04-01", "", "gpt-5.1 gpt-5.1-2025-11-13 gpt-5.4-nano gpt-5.4-nano-2026-03-17"),
)
"""Shutdown date, replacement, models."""
_BY_MODEL: Final = {
    model: Retirement(date.fromisoformat(on), replacement)
    for on, replacement, models in _TABLE
    for model in models.split()
}


def retirement(model: str) -> Retirement | None:
    """Return the shutdown of `model`, if one is known. A fine-tuned model has the date of its base model."""
    return _BY_MODEL.get(base_model(model))


def warning(model: str) -> str:
    """Return a warning about the shutdown of `model`; empty if none is known."""
    end = retirement(model)
    if end is None:
        temporary = model.endswith(("-preview", "-latest"))
        return "preview and `-latest` models may be shut down at two weeks' notice" if temporary else ""
    instead = f"; OpenAI names {end.replacement} instead" if end.replacement else ""
    return f"OpenAI's shutdown date of {model} is {end.on}{instead}"
