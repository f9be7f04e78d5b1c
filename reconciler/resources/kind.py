"""Kinds of manifest. A new kind is one module in `kinds/` that defines a `KIND`, a `ResourceType`, or both.

A manifest has one kind. It defines desired objects (`Desired`), each of one type: a saved agent, a vector store, a
file, or a document in the outlets (requests, pipelines and chatbots have no object at OpenAI).
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Protocol, TypeAlias

from reconciler.resources.address import NAME_PATTERN, NAME_RULE, Address, is_name
from reconciler.resources.base import Desired, Live, Path, ProjectFiles, Reference, Resource, Scope, Spec
from reconciler.resources.problems import Finding
from reconciler.resources.references import declared
from reconciler.resources.values import JSON


@dataclass(frozen=True)
class SpecDraft:
    """The spec of a manifest for a live object, without the values that are defaults."""

    spec: Mapping[str, JSON]
    notes: Mapping[tuple[str, ...], str] = field(default_factory=dict)
    """Notes about values, by their path inside `spec`; an index of a list is text."""
    losses: tuple[str, ...] = ()
    """Properties of the object that the spec does not contain, each with the reason."""
    files: Mapping[str, bytes] = field(default_factory=dict)
    """Contents of the files that the spec names, by path relative to the project folder."""


@dataclass(frozen=True)
class Naming:
    """The rule for the names of a kind."""

    accepts: Callable[[str], bool]
    rule: str
    """The rule as text for messages."""
    pattern: str
    """The rule as a regular expression for JSON Schema, valid in ECMA-262 and in Python."""


_OTHER_VERSION: Final = re.compile(r"(?!reconciler/)([a-z0-9.-]+/)?v[0-9][a-z0-9]*")
"""The `apiVersion` of documents of other software, such as Kubernetes."""
NAMES: Final = Naming(is_name, NAME_RULE, f"^{NAME_PATTERN}$")


@dataclass(frozen=True)
class Kind:
    """A kind of manifest."""

    name: str
    """Name in manifests, after `kind:`."""
    prefix: str
    """First part of addresses."""
    models: Mapping[str, type[Spec]]
    """Models of `spec` by target; by `""` if the kind has no targets."""
    desired: Callable[[Resource, Scope], Iterable[Desired]]
    """Return the objects of a manifest: its own first, then the files that it needs. Called only if `check` finds no
    error."""
    references: Callable[[Resource], Iterable[Reference]] = declared
    """Return the references of a manifest inside the project. Default: those that its models declare. Literal ids are
    not references."""
    check: Callable[[Resource, Scope], Iterable[Finding]] = lambda _resource, _scope: ()
    """Return the violations of rules that models cannot check: limits over several fields, files that must exist."""
    check_all: Callable[[Sequence[Resource]], Iterable[tuple[Resource, Finding]]] = lambda _resources: ()
    """Return the violations of rules over several manifests, of any kind, each with its manifest."""
    to_manifest: "Mapping[str, Callable[[Live, str, Callable[[str], str]], SpecDraft]]" = field(default_factory=dict)
    """Conversion of a live object to a manifest of a given name, by type; the last argument gives the name of an id."""
    hints: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Hints for fields that a target does not have, and for values of its fields that are out of range, by target and
    dotted path without indices.
    """
    naming: Naming = NAMES
    """Rule for `metadata.name`."""
    ended_targets: frozenset[str] = frozenset()
    """Targets whose API OpenAI ended. They are suggested only for what no other target supports."""
    body: str = ""
    """Field of `spec` that is the body of a manifest in Markdown; empty if manifests of the kind are YAML only."""
    folder: str = ""
    """Folder of new manifests. Default: the plural of `name` in lower case."""
    attaches: bool = False
    """True if its files are local files that are not manifests, and its uploads are `Scope.attached` for all kinds."""
    stages: bool = False
    """True if its files are copied to environments: the purpose of their uploads is then `user_data`, unless manifests
    of other kinds refer to them."""
    is_object: bool = True
    """False for a kind whose manifests describe no object: commands about objects do not take their addresses."""
    is_dated: bool = False
    """True if `check` depends on the current day, which is in `Scope.today` for such kinds only."""
    has_lifecycle: bool = True
    """False for a kind whose manifests cannot have `lifecycle`: no setting exempts a release from its digest."""
    verbatim: bool = False
    """True if `$file` and variables are content of the manifest and are not replaced."""
    provides: Callable[[Resource], Iterable[Address]] = lambda _resource: ()
    """Addresses besides its own that other manifests may refer to."""
    frozen: Literal["", "release", "content"] = ""
    """Name of the copy that a release makes of such an object: `NAME@CHATBOT.N` for `release`; for `content`
    `NAME@<content12>`, which releases of equal content share. Empty where a release makes no copy."""
    shared_live: Callable[[Resource], bool] = lambda _resource: False
    """True for a manifest whose object a release uses directly instead of a copy."""
    pulled: "Callable[[Any, Live], SpecDraft] | None" = None
    """Function that returns the files that `pull` writes for a live object, given the spec. None for a kind whose drift
    is in its manifest."""
    unreadable: Callable[[str, JSON, JSON], Sequence[str]] = lambda _field, _desired, _live: ()
    """Return the parts of a live value that `pull` cannot write because the API does not return their content, given
    the field and its desired and live values."""
    editors: Mapping[str, "Editor"] = field(default_factory=dict)
    """Functions by which `pull` edits fields of `spec` with patterns for several values of the canonical form."""


def may_be_manifest(document: object) -> bool:
    """Return True for a document with an `apiVersion` or a `kind`, unless both are those of other software, such as
    `apps/v1` and `Deployment`.
    """
    from reconciler.resources.registry import kinds  # it imports the modules that declare kinds

    if not isinstance(document, Mapping):
        return False
    version, kind = document.get("apiVersion"), document.get("kind")
    is_other = isinstance(version, str) and _OTHER_VERSION.fullmatch(version) and isinstance(kind, str)
    return ("apiVersion" in document or "kind" in document) and not (is_other and kind not in kinds())


class Notebook(Protocol):
    """The interface that an editor of a field writes with."""

    def plain(self, value: JSON) -> JSON:
        """Return a canonical value as a manifest writes it."""
        ...

    def refuse(self, path: Path, message: str, hint: str) -> None:
        """Report a value that cannot be written."""
        ...


Editor: TypeAlias = Callable[[Any, ProjectFiles, Notebook, JSON, JSON, JSON], JSON]
"""Returns the new text of a field, given the spec, the files of the project, a notebook, the present text, and the old
and new canonical values."""


def written_for(model: type[Spec], spec: Mapping[str, JSON], target: str) -> dict[str, JSON]:
    """Return a spec in the form that the model of a target accepts."""
    rest = {name: value for name, value in spec.items() if name != "target"}
    return {"target": target, **rest} if "target" in model.model_fields else rest
