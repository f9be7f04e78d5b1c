"""Validation of one parsed document as one typed resource."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Final

from pydantic import ValidationError

from reconciler.manifests.envelope import Envelope, name_in, open_envelope
from reconciler.manifests.expansion import Expander, Expansion
from reconciler.manifests.includes import Positions, Source, with_includes
from reconciler.manifests.model_paths import field_names
from reconciler.manifests.parsing import Document
from reconciler.manifests.project import KIND as PROJECT
from reconciler.manifests.references import Unread
from reconciler.manifests.targets import choose_target, with_alternatives
from reconciler.manifests.validation_errors import explain
from reconciler.resources.address import Address
from reconciler.resources.base import NO_RULES, Path, Resource, Spec
from reconciler.resources.kind import NAMES, Kind, written_for
from reconciler.resources.name_lists import suggestion
from reconciler.resources.problems import Finding, Problem, ReconcilerError
from reconciler.resources.secrets import ENV
from reconciler.resources.variables import PREFIX

_NO_SOURCES: Final[Mapping[Path, Source]] = MappingProxyType({})


@dataclass
class Validated:
    """The result of the validation of a document."""

    positions: Positions
    resource: Resource | None = None
    partial: Resource | None = None
    """The resource without the fields that have an error, whose references are checked as well; None if there is none.
    """
    problems: list[Problem] = field(default_factory=list)
    includes: frozenset[str] = frozenset()
    """Paths of the included files, relative to the project folder."""
    size: int = 0
    """Bytes that aliases, included files and variables add to the document."""
    nodes: int = 0
    """Number of values in its structured included files."""

    def unread(self, kinds: Mapping[str, Kind]) -> Iterator[Unread]:
        """Yield the addresses that a document with errors defines or renames, as far as they can be read."""
        if self.resource or not any(problem.severity == "error" for problem in self.problems):
            return
        document = self.positions.document
        written = document.written
        if not isinstance(written, dict):
            yield from [Unread(None, None)] if document.value is None else []
            return
        if document.value is not None and not written.keys() & {"kind", "metadata", "spec"}:
            return
        kind = kinds.get(str(written.get("kind")))
        lifecycle, name = written.get("lifecycle"), name_in(written)
        former = lifecycle.get("moved_from") if isinstance(lifecycle, dict) else None
        names = [name, *(former if isinstance(former, list) else [former])]
        for one in {one.casefold() for one in names if isinstance(one, str)} or ([None] if name is None else []):
            yield Unread(kind.prefix if kind else None, None if one and PREFIX in one else one)


def validate(
    document: Document, expander: Expander, kinds: Mapping[str, Kind], default_target: str | None
) -> Validated:
    """Return the resource that a document defines, or all of its problems."""
    positions = Positions(document)
    result = Validated(positions, problems=list(document.problems))
    if document.value is None and document.problems:
        return result
    if document.empty:
        message, hint = "this file is empty", "write a manifest, or remove it"
        result.problems.append(Problem("empty-manifest", message, document.place, hint, "warning"))
        return result
    expansion = Expansion(expander, positions.where, positions.place_in, size=document.repeated_bytes)
    verbatim = [one.name for one in kinds.values() if one.verbatim]
    literal = isinstance(document.value, dict) and document.value.get("kind") in verbatim
    value = expansion.expand(document.value) if document.dollars and not literal else document.value
    kind = kinds.get(str(value.get("kind"))) if isinstance(value, dict) else None
    positions.includes = expansion.includes
    result.includes = frozenset(source.path for source in expansion.includes.values())
    naming = kind.naming if kind else NAMES
    envelope, findings = open_envelope(value, name_in(document.value), {*kinds, PROJECT}, naming)
    if kind and not kind.has_lifecycle and "lifecycle" in value:
        message, hint = f"a {kind.name} has no `lifecycle`", "remove `lifecycle` and everything below it"
        findings.append(Finding(("lifecycle",), "unknown-field", message, hint, on_key=True))
    spec: Spec | None = None
    if kind and isinstance(value.get("spec", {}), dict):
        spec, found = _spec(kind, value, expansion, default_target)
        findings += found
    expansion.settle()
    result.size, result.nodes = expansion.size, expansion.nodes
    findings = [*_without_places(findings, expansion.secrets), *_misplaced(findings, expansion)]
    findings = [_of_variable(one, expansion.variables.get(one.path)) for one in findings]
    result.problems += expansion.problems
    told = {problem.place for problem in document.problems}
    more = (positions.problem(one) for one in findings if not _within(one.path, expansion.failed))
    result.problems += (problem for problem in more if problem.place not in told)
    positions.includes = includes = expansion.includes or _NO_SOURCES
    texts = expansion.texts or _NO_SOURCES
    source = _Manifest(document, kind, includes, texts, expander, kinds, default_target)
    if kind and envelope and spec is not None and not any(problem.severity == "error" for problem in result.problems):
        result.resource = _resource(kind, envelope, spec, positions, source.written, source.spec_again)
        document.release()
    elif kind and envelope and spec is None and not expansion.problems:
        spec = _partial(kind, value, expansion, default_target, findings)
        result.partial = _resource(kind, envelope, spec, positions, source.written, None) if spec is not None else None
    return result


@dataclass(frozen=True, slots=True)
class _Manifest:
    """The document of a valid manifest, and all else that it was read from: there is one for each manifest."""

    document: Document
    kind: Kind | None
    includes: Mapping[Path, Source]
    texts: Mapping[Path, Source]
    expander: Expander
    kinds: Mapping[str, Kind]
    default_target: str | None

    def spec_again(self) -> Spec:
        """Return the spec again. The limits of the project were checked when it was validated first."""
        found = validate(self.document, self.expander.without_results(), self.kinds, self.default_target)
        if found.resource is None:  # an include that was read again would have to differ, and each is read once
            raise ReconcilerError(*found.problems)
        spec: Spec = found.resource.spec
        return spec

    def written(self) -> dict[str, Any]:
        """Return the spec with its includes and its target, before variables are replaced."""
        found = with_includes(self.document.value.get("spec", {}), ("spec",), self.includes, self.texts)
        target = "" if self.kind is None else choose_target(self.kind, found, self.default_target)
        return {"target": target, **found} if target else found


def _partial(
    kind: Kind, value: Mapping[str, Any], expansion: Expansion, default_target: str | None, findings: Sequence[Finding]
) -> Spec | None:
    """Return the spec without the fields that have an error, read with another target if that supports what the chosen
    one does not; None if it cannot be read.
    """
    if any(finding.code == "other-target" for finding in findings):
        chosen = choose_target(kind, value["spec"], default_target)
        for target in kind.models:
            other = {**value, "spec": {**value["spec"], "target": target}}
            made, found = _spec(kind, other, expansion, default_target) if target != chosen else (None, [])
            rest = _without(other, found) if found and made is None else None
            made = made or (_spec(kind, rest, expansion, default_target)[0] if rest else None)
            if made is not None:
                return made
    rest = _without(value, findings)
    return _spec(kind, rest, expansion, default_target)[0] if rest else None


def _without(value: Mapping[str, Any], findings: Iterable[Finding]) -> dict[str, Any] | None:
    """Return a manifest without the fields of the spec that have an error; None if an error is not one of a field, but
    of an item of a list, or of the whole.
    """
    rest: dict[str, Any] = deepcopy(dict(value))
    for path in {finding.path for finding in findings if finding.severity == "error"}:
        above: Any = rest
        for part in path[:-1]:
            has = isinstance(above, dict) or (isinstance(above, list) and isinstance(part, int) and part < len(above))
            above = above.get(part) if isinstance(above, dict) else above[part] if has else None
        if len(path) < 2 or not isinstance(above, dict) or path[-1] not in above:
            return None
        del above[path[-1]]
    return rest


def _spec(
    kind: Kind, value: Mapping[str, Any], expansion: Expansion, default_target: str | None
) -> tuple[Spec | None, list[Finding]]:
    spec = value.get("spec", {})
    target = choose_target(kind, spec, default_target)
    if isinstance(target, Finding):
        return None, [target]
    model = kind.models[target]
    written = written_for(model, spec, target) if target else spec
    try:
        made = model.model_validate(written, context=expansion.accepted)
    except ValidationError as error:
        findings = explain(error, model, written, ("spec",))
        as_text = _as_text(spec, findings, expansion)
        if as_text is not None:
            return _spec(kind, {**value, "spec": as_text}, expansion, default_target)
        return None, with_alternatives(kind, target, spec, findings)
    return made, _ignored(model, value.get("lifecycle"))


def _as_text(spec: Mapping[str, Any], findings: list[Finding], expansion: Expansion) -> dict[str, Any] | None:
    """Return the spec with the text of those JSON and YAML files for which the model expects a string; None if there
    are none.

    Such files are first included as structures: only the errors of the model show that it expects text.
    """
    changed: dict[str, Any] | None = None
    for finding in findings:
        source = None if finding.path in expansion.failed else expansion.includes.get(finding.path)
        if source and source.structured and "string" in finding.expected:
            expansion.texts[finding.path] = expansion.includes.pop(finding.path)
            changed = _put(changed or dict(spec), finding.path[1:], expansion.text(source))
    return changed


def _put(value: Any, path: Path, new: Any) -> Any:
    """Return a copy of `value` with `new` at `path`."""
    if not path:
        return new
    copy = value.copy()
    copy[path[0]] = _put(copy[path[0]], path[1:], new)
    return copy


def _ignored(model: type[Spec], lifecycle: Any) -> list[Finding]:
    ignore = lifecycle.get("ignore") if isinstance(lifecycle, dict) else None
    if not ignore:
        return []
    known = set(field_names(model))
    return [
        Finding(("lifecycle", "ignore", index), "unknown-field", f"unknown field `{name}`", suggestion(name, known))
        for index, name in enumerate(ignore if isinstance(ignore, list) else ())
        if isinstance(name, str) and name not in known
    ]


def _without_places(findings: Iterable[Finding], secrets: Collection[Path]) -> list[Finding]:
    """Return the findings without those about a reference to a secret: a field that does not accept one is reported as
    such.
    """
    return [finding for finding in findings if finding.path not in secrets]


def _of_variable(finding: Finding, variable: str | None) -> Finding:
    """Return a finding about the value of a variable with a hint to the variable, which is what must be changed."""
    if variable is None:
        return finding
    if finding.hint and finding.expected == ("string",):  # a number or a boolean
        return replace(finding, hint=f"write the value of the variable `{variable}` in quotes, in project.yaml")
    source = f"the value of the variable `{variable}` in project.yaml"
    return replace(finding, hint=f"{finding.hint} (for {source})" if finding.hint else f"change {source}")


def _misplaced(findings: Sequence[Finding], expansion: Expansion) -> Iterator[Finding]:
    """Yield a finding for each reference to a secret in a field that does not accept one. A field inside a value with
    an error may not have been read.
    """
    unread = {finding.path for finding in findings if finding.path not in expansion.secrets}
    for path, secret in expansion.secrets.items():
        above = {path[:depth] for depth in range(len(path))}
        if id(secret) not in expansion.accepted and unread.isdisjoint(above) and not _is_beside_tag(path, unread):
            message, hint = "this field does not accept a secret", f"remove `{ENV}`, and write the value itself"
            yield Finding((*path, ENV), "secret-not-allowed", message, hint, on_key=True)


def _is_beside_tag(path: Path, unread: Collection[Path]) -> bool:
    """Return True if the type of a value around the path has an error, so that its other fields were not read."""
    return any((*path[:depth], "type") in unread for depth in range(1, len(path)))


def _within(path: Path, places: set[Path]) -> bool:
    return any(path[:length] in places for length in range(len(path) + 1)) if places else False


def _resource(
    kind: Kind,
    envelope: Envelope,
    spec: Spec,
    positions: Positions,
    written: Callable[[], dict[str, Any]],
    validated: Callable[[], Spec] | None,
) -> Resource:
    return Resource(
        kind=kind,
        address=Address(kind.prefix, envelope.metadata.name),
        spec=spec,
        labels=envelope.metadata.labels,
        lifecycle=envelope.lifecycle if envelope.lifecycle.model_fields_set else NO_RULES,  # one for all manifests
        place=positions.document.place,
        where=positions.where,
        written=written,
        validated=validated,
    )
