"""Fields that every manifest has besides its spec."""

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from pydantic import Field, ValidationError

from reconciler.manifests.validation_errors import explain
from reconciler.resources.base import Lifecycle, Path, Spec
from reconciler.resources.front_matter import API_VERSION
from reconciler.resources.kind import NAMES, Naming
from reconciler.resources.name_lists import shown, suggestion
from reconciler.resources.problems import Finding


class Metadata(Spec):
    """The name and labels of a manifest. They are never sent to OpenAI."""

    name: str
    """Name of the manifest, unique among manifests of its kind. A different name means a different object, unless
    `lifecycle.moved_from` lists the earlier name. Variables are not replaced here."""
    labels: dict[str, str] = Field(default_factory=dict)
    """Labels for your own use, such as a team or a channel, as text keys and values. Default: none."""


class Envelope(Spec):
    """The fields that every manifest has."""

    apiVersion: str  # noqa: N815 - Kubernetes' spelling
    """Version of the manifest format. Always `reconciler/v1`."""
    kind: str
    """Kind of the manifest. It determines the fields of `spec`."""
    metadata: Metadata
    """Name and labels of the manifest. They are never sent to OpenAI."""
    lifecycle: Lifecycle = Lifecycle()
    """Rules for deleting, renaming and updating the live object. Default: no rules."""
    spec: dict[str, Any] = Field(default_factory=dict)
    """Fields of the kind."""


def open_envelope(
    value: Any, name: Any, kinds: Collection[str], naming: Naming = NAMES
) -> tuple[Envelope | None, list[Finding]]:
    """Return the envelope of a manifest, and the findings in it.

    `name` is the name before variables are replaced: it must be the same in every environment.
    """
    if not isinstance(value, dict):
        return None, [Finding((), "not-a-manifest", "a manifest is a mapping with apiVersion, kind, metadata and spec")]
    if "apiVersion" not in value and "kind" not in value:
        hint = "move other YAML files out of the project folder, or use them by `$file` or as files of a store"
        return None, [
            Finding((), "not-a-manifest", f"a manifest starts with `apiVersion: {API_VERSION}` and `kind`", hint)
        ]
    envelope, findings = _validated(value)
    findings = [_with_line(finding, kinds) for finding in findings]
    version, kind = value.get("apiVersion"), value.get("kind")
    if isinstance(version, str) and version != API_VERSION:
        findings.append(Finding(("apiVersion",), "unknown-value", f"expected `{API_VERSION}`, found {shown(version)}"))
    if isinstance(kind, str) and kind not in kinds:
        findings.append(Finding(("kind",), "unknown-kind", f"unknown kind {shown(kind)}", suggestion(kind, kinds)))
    if isinstance(name, str) and not naming.accepts(name):
        message = f"{shown(name)} is not a valid name"
        findings.append(Finding(("metadata", "name"), "invalid-name", message, f"names are {naming.rule}"))
    return envelope, findings


def _with_line(finding: Finding, kinds: Collection[str]) -> Finding:
    """Add a hint with the line to write, if `apiVersion` or `kind` is missing."""
    known = ", ".join(f"`{kind}`" for kind in sorted(kinds))
    lines: dict[Path, str] = {
        ("apiVersion",): f"add the line `apiVersion: {API_VERSION}`",
        ("kind",): f"add a line `kind: …` with one of {known}",
    }
    return replace(finding, hint=lines.get(finding.path, "")) if finding.code == "missing-field" else finding


def _validated(value: Any) -> tuple[Envelope | None, list[Finding]]:
    try:
        return Envelope.model_validate(value), []
    except ValidationError as error:
        return None, explain(error, Envelope, value)


def name_in(value: Any) -> Any:
    metadata = value.get("metadata") if isinstance(value, dict) else None
    return metadata.get("name") if isinstance(metadata, dict) else None
