"""Targets of manifests: the choice of one, and findings about fields that another target supports."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from reconciler.manifests.validation_errors import explain
from reconciler.resources.base import Path, Spec
from reconciler.resources.kind import Kind, written_for
from reconciler.resources.name_lists import suggestion
from reconciler.resources.problems import Finding

_INEXPRESSIBLE = ("unknown-field", "unknown-value", "unknown-type")


def choose_target(kind: Kind, spec: Mapping[str, Any], default: str | None) -> str | Finding:
    """Return the target of a spec, which is a key of `kind.models`."""
    if "" in kind.models:
        return ""
    known = ", ".join(f"`{name}`" for name in sorted(kind.models))
    if "target" not in spec and default is None:
        hint = f"set `spec.target`, or `spec.defaults.target` in project.yaml, to {known}"
        return Finding(("spec", "target"), "missing-target", f"this {kind.name} does not have a target", hint)
    target = spec.get("target", default)
    if isinstance(target, str) and target in kind.models:
        return target
    message = f"found {target!r}, expected one of {known}"
    return Finding(("spec", "target"), "unknown-value", message, suggestion(str(target), kind.models))


def with_alternatives(kind: Kind, target: str, spec: Mapping[str, Any], findings: list[Finding]) -> list[Finding]:
    """Return the findings; those about values that only another target supports name it and the alternative."""
    failing = {
        other: _failing(model, written_for(model, spec, other))
        for other, model in kind.models.items()
        if other != target and any(finding.code in _INEXPRESSIBLE for finding in findings)
    }
    return [
        _explained(kind, finding, target, spec, [name for name, paths in failing.items() if _accepts(paths, finding)])
        for finding in findings
    ]


def _failing(model: type[Spec], spec: dict[str, Any]) -> set[Path]:
    try:
        model.model_validate(spec)
    except ValidationError as error:
        findings = explain(error, model, spec, ("spec",))
        # Pydantic does not check the other fields of an object of unknown type.
        return {finding.path[:-1] if finding.code == "unknown-type" else finding.path for finding in findings}
    return set()


def _accepts(failing: set[Path], finding: Finding) -> bool:
    """Return True if there is no error at the path of the finding, or above it."""
    return not any(finding.path[:length] in failing for length in range(1, len(finding.path) + 1))


def _explained(kind: Kind, finding: Finding, target: str, spec: Mapping[str, Any], others: list[str]) -> Finding:
    hints = kind.hints.get(target, {})
    dotted = ".".join(part for part in finding.path[1:] if isinstance(part, str))
    if finding.code == "out-of-range":
        return replace(finding, hint=finding.hint or hints.get(dotted, ""))
    if finding.code not in _INEXPRESSIBLE:
        return finding
    value = _value(spec, finding.path[1:])
    hint = hints.get(dotted if finding.on_key else f"{dotted}={value}") or finding.hint
    others = [name for name in others if name not in kind.ended_targets] or others
    if not others:
        return replace(finding, hint=hint)
    what = f"`{finding.path[-1]}`" if finding.on_key else f"`{dotted}: {value}`"
    message = f"target {target} does not support {what}; target {' or '.join(sorted(others))} does"
    return replace(finding, code="other-target", message=message, hint=hints.get(dotted, ""))


def _value(spec: Any, path: Path) -> Any:
    for part in path:
        if not isinstance(spec, Mapping | list) or (isinstance(spec, Mapping) and part not in spec):
            return None
        spec = spec[part]  # type: ignore[index]
    return spec
