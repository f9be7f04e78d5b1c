"""Models: names, shutdown dates and default reasoning efforts."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from reconciler.emulator.api import Call, Endpoint
from reconciler.emulator.errors import invalid, not_found
from reconciler.emulator.store import Document


class Model(NamedTuple):
    id: str
    created: int
    effort: str | None
    """The default reasoning effort; None if the model does not reason."""
    shutdown_date: str | None = None


# Shutdown dates are from the deprecations page of the API. Efforts and creation dates are plausible values; tests need
# efforts that differ. Retired models stay listed with their date.
MODELS = [
    Model("gpt-6.2-astra", 1794787200, "medium"),
    Model("gpt-6.2-sol", 1794787200, "medium"),
    Model("gpt-6.2-astra-law", 1794787200, "medium"),
    Model("gpt-6-astra", 1788220800, "medium"),
    Model("gpt-6-luna", 1788220800, "low"),
    Model("gpt-6-sol", 1788220800, "medium"),
    Model("gpt-6.1-sol", 1793577600, "medium"),
    Model("gpt-6.1-terra", 1793577600, "low"),
    Model("gpt-5.6-sol", 1780272000, "medium"),
    Model("gpt-5.6-terra", 1780272000, "low"),
    Model("gpt-5.5-cyber-preview", 1777593600, "high", "2027-02-01"),
    Model("gpt-5.4-nano", 1772755200, "none", "2027-04-01"),
    Model("gpt-5.1", 1762992000, "none", "2027-04-01"),
    Model("gpt-5", 1754524800, "medium", "2026-12-11"),
    Model("gpt-5-2025-08-07", 1754524800, "medium", "2026-12-11"),
    Model("gpt-5-mini", 1754524800, "medium", "2026-12-11"),
    Model("gpt-5-mini-2025-08-07", 1754524800, "medium", "2026-12-11"),
    Model("gpt-5-nano", 1754524800, "medium", "2026-12-11"),
    Model("gpt-5-nano-2025-08-07", 1754524800, "medium", "2026-12-11"),
    Model("gpt-5-pro", 1759708800, "high", "2026-12-11"),
    Model("o3", 1744761600, "medium", "2026-12-11"),
    Model("o3-2025-04-16", 1744761600, "medium", "2026-12-11"),
    Model("o3-pro", 1749513600, "medium", "2026-12-11"),
    Model("gpt-4.1", 1744588800, None, "2027-01-14"),
    Model("gpt-4.1-mini", 1744588800, None, "2027-01-14"),
    Model("gpt-4o", 1715558400, None, "2027-01-14"),
    Model("gpt-4o-2024-08-06", 1722902400, None, "2027-01-14"),
    Model("gpt-4o-2024-11-20", 1732060800, None, "2027-01-14"),
    Model("gpt-4o-mini", 1721260800, None, "2027-01-14"),
    Model("gpt-4.1-nano", 1744588800, None, "2026-10-23"),
    Model("o4-mini", 1744761600, "medium", "2026-10-23"),
    Model("o3-mini", 1738281600, "medium", "2026-10-23"),
    Model("o1", 1734393600, "medium", "2026-10-23"),
    Model("gpt-4-turbo", 1712620800, None, "2026-10-23"),
    Model("gpt-4", 1687219200, None, "2026-10-23"),
    Model("gpt-3.5-turbo", 1677542400, None, "2026-10-23"),
]
# Refused parameters, as users report them: a path, and the only refused value or None for any.
REFUSED: Mapping[str, Sequence[tuple[str, Any]]] = {
    "gpt-6-astra": (
        *(("temperature", None), ("top_p", None)),
        *(("reasoning.effort", "none"), ("reasoning.effort", "minimal")),
    ),
    **dict.fromkeys(
        ("gpt-6.2-astra", "gpt-6.2-sol"),
        (
            *(("temperature", None), ("top_p", None), ("top_logprobs", None)),
            *(("reasoning.effort", "none"), ("service_tier", "flex")),
        ),
    ),
    "gpt-6.1-sol": (("reasoning.effort", "none"),),
}
_BY_ID = {model.id: model for model in MODELS}


def default_effort(model: str) -> str | None:
    """Return the default reasoning effort; `medium` for models that are not listed, such as fine-tunes."""
    return _BY_ID[model].effort if model in _BY_ID else "medium"


def check_parameters(model: str | None, body: Mapping[str, Any]) -> None:
    """Raise ApiError for the first parameter of a request that the model refuses."""
    for path, refused in REFUSED.get(model or "", ()):
        value: Any = body
        for name in path.split("."):
            value = value.get(name) if isinstance(value, Mapping) else None
        if value is not None and refused is None:
            message = f"Unsupported parameter: '{path}' is not supported with this model."
            raise invalid(message, path, "unsupported_parameter")
        if value is not None and value == refused:
            message = f"Unsupported value: '{path}' does not support '{value}' with this model."
            raise invalid(message, path, "unsupported_value")


def list_models(call: Call) -> Document:  # noqa: ARG001 - a Handler
    return {"object": "list", "data": [_render(model) for model in MODELS]}


def retrieve(call: Call) -> Document:
    if call.id not in _BY_ID:
        message = f"The model '{call.id}' does not exist or you do not have access to it."
        raise not_found(message, "model", "model_not_found")
    return _render(_BY_ID[call.id])


def _render(model: Model) -> Document:
    return {
        "id": model.id,
        "object": "model",
        "created": model.created,
        "owned_by": "system",
        "shutdown_date": model.shutdown_date,
    }


ENDPOINTS = [
    Endpoint(method="GET", path="/v1/models", handle=list_models),
    Endpoint(method="GET", path="/v1/models/{id}", handle=retrieve),
]
