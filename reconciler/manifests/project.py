"""The project of a folder: its document of kind Project, for one environment."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from reconciler.files.search import PROJECT_FILE
from reconciler.manifests.envelope import name_in, open_envelope
from reconciler.manifests.includes import Positions
from reconciler.manifests.parsing import Document
from reconciler.manifests.project_settings import Environment, Peer, ProjectSpec
from reconciler.manifests.validation_errors import explain
from reconciler.resources.address import Identity, is_name
from reconciler.resources.base import Path as Keys
from reconciler.resources.front_matter import API_VERSION
from reconciler.resources.guard_settings import GuardSettings
from reconciler.resources.name_lists import suggestion
from reconciler.resources.problems import Finding, Place, Problem
from reconciler.resources.variables import as_text

KIND: Final = "Project"
_UNNAMED: Final = "unnamed"
"""Placeholder for the name of a project without a valid one, which is a problem."""
_FOLLOWING: Final[Mapping[str, frozenset[str]]] = {
    "environments": frozenset({"unknown-variable", "unknown-environment", "environment-required"}),
    "variables": frozenset({"unknown-variable"}),
    "defaults": frozenset({"missing-target"}),
}
"""Codes of problems that may be caused by an error in a part of the spec."""
_ALL: Final = frozenset[str]().union(*_FOLLOWING.values())


@dataclass(frozen=True)
class Project:
    """A project and one of its environments."""

    root: Path
    repository: Path
    """Folder that paths in messages are relative to."""
    identity: Identity
    spec: ProjectSpec
    place: Place
    where: Callable[[Keys], Place] = field(default=lambda _path: Place("project.yaml"), compare=False)
    """Returns the place of the value at a path of the document, or of the closest value around it."""
    texts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Variables as written, such as `1.10`, where they differ from their values, by environment; by an empty name in a
    project without environments."""

    def shown(self, path: str) -> str:
        """Return a path in the project folder as messages show it."""
        return Path(os.path.relpath(self.root / path, self.repository)).as_posix()

    @property
    def environment(self) -> Environment:
        """The chosen environment; an empty one if the project has no environments."""
        return self.spec.environments.get(self.identity.environment or "", Environment())

    @property
    def variables(self) -> Mapping[str, Any]:
        return self.spec.variables_in(self.identity.environment)

    @property
    def variable_texts(self) -> Mapping[str, str]:
        return self.texts.get(self.identity.environment or "", {})

    @property
    def peers(self) -> Mapping[Place, Peer]:
        """Peers by the place that names them, without this environment itself."""
        named = {self.where(("spec", "peers", index)): peer for index, peer in enumerate(self.spec.peers)}
        return {place: peer for place, peer in named.items() if peer.identity != str(self.identity)}

    @property
    def openai_project(self) -> str | None:
        """Id of the OpenAI project that this environment is restricted to."""
        return self.environment.openai_project or self.spec.openai_project

    @property
    def guard_settings(self) -> GuardSettings:
        """The settings that the guard reads. Prices are among them if the costs are limited."""
        safety, prices = self.spec.safety, self.spec.prices
        is_limited = safety.max_daily_cost is not None
        own = {name: getattr(prices, name) for name in ("vector_storage", "free_gb") if name in prices.model_fields_set}
        return GuardSettings(
            openai_project=self.openai_project,
            max_deletes=safety.max_deletes,
            max_archives=safety.max_archives,
            max_daily_cost=safety.max_daily_cost,
            strict=safety.archive == "strict",
            peers={peer.identity: peer.state.url if peer.state else None for peer in self.peers.values()},
            **(own if is_limited else {}),
        )


@dataclass(frozen=True)
class Opened:
    """A project with its problems. It is complete even if there are errors, so that manifests can still be checked."""

    project: Project
    problems: list[Problem]
    following: frozenset[str] = frozenset()
    """Codes of problems in manifests that may be caused by those of the project."""


def is_project(document: Document) -> bool:
    written = document.written
    return isinstance(written, dict) and written.get("kind") == KIND


def open_project(
    documents: Sequence[Document], env: str | None, root: Path, repository: Path, shown: str, *, removed: bool = False
) -> Opened:
    """Return the project that one of these documents defines, or the valid part of it. With `removed`, the environment
    may be one that it does not have any longer.
    """
    home = shown + PROJECT_FILE
    projects = [found for found in documents if is_project(found)]
    document = next((found for found in projects if found.file == home), None)
    problems = [
        Problem("duplicate-project", f"this project is already defined in {home}", other.place, "keep one of the two")
        for other in projects
        if other is not document
    ]
    if document is None:
        unreadable = any(found.file == home and found.value is None and found.problems for found in documents)
        if not unreadable:
            message = f"{PROJECT_FILE} does not have a document of kind Project"
            hint = f"start it with `apiVersion: {API_VERSION}` and `kind: {KIND}`"
            problems.append(Problem("no-project", message, Place(home), hint))
        return Opened(Project(root, repository, Identity(_UNNAMED), ProjectSpec(), Place(home)), problems, _ALL)
    spec, findings = _spec(document.value) if document.value is not None else (ProjectSpec(), [])
    following = _following(findings) if document.value is not None else _ALL
    environment, finding = choose_environment(spec, env)
    if removed and env is not None and is_name(env):
        environment, finding = env, None
    findings += [finding] if finding and finding.code not in following else []
    name = name_in(document.written)
    identity = Identity(name if isinstance(name, str) and is_name(name) else _UNNAMED, environment)
    findings += check_peers(spec.peers, identity, len(spec.environments))
    positions = Positions(document)
    problems += document.problems
    problems += (positions.problem(found) for found in findings)
    texts = _texts(spec, positions)
    project = Project(root, repository, identity, spec, document.place, positions.where, texts)
    return Opened(project, problems, following)


def _texts(spec: ProjectSpec, positions: Positions) -> dict[str, dict[str, str]]:
    """Return the source of the variables that are not strings, where it differs from their value, by environment."""
    found: dict[str, dict[str, str]] = {}
    for environment in spec.environments or ("",):
        for name, value in spec.variables_in(environment).items():
            own = ("spec", "environments", environment, "variables", name)
            is_own = environment in spec.environments and name in spec.environments[environment].variables
            written = "" if isinstance(value, str) else positions.source(own if is_own else ("spec", "variables", name))
            if written and written != as_text(value):
                found.setdefault(environment, {})[name] = written
    return found


def choose_environment(spec: ProjectSpec, wanted: str | None) -> tuple[str | None, Finding | None]:
    """Return the chosen environment. With a finding, the environment is only for checking manifests further."""
    names = list(spec.environments)
    if wanted is None and len(names) <= 1:
        return next(iter(names), None), None
    if wanted in spec.environments:
        return wanted, None
    path = ("spec", "environments")
    known = ", ".join(f"`{name}`" for name in names)
    if wanted is None:
        message = f"this project has several environments: {known}"
        finding = Finding(path, "environment-required", message, "choose one with `--env NAME` or `RECONCILER_ENV`")
    else:
        hint = suggestion(wanted, names) or "the project has no environments"
        finding = Finding(path, "unknown-environment", f"the environment `{wanted}` does not exist", hint)
    return next(iter(names), None), finding


def check_peers(peers: Sequence[Peer], identity: Identity, environments: int) -> Iterator[Finding]:
    """Yield findings for peers that are repeated, and for the project itself if it has no other environment."""
    names = [peer.identity for peer in peers]
    for index, name in enumerate(names):
        path = ("spec", "peers", index)
        if name in names[:index]:
            yield Finding(path, "duplicate-peer", f"`{name}` is listed twice", "remove one of the two")
        elif name == str(identity) and environments <= 1:
            yield Finding(path, "own-peer", f"`{name}` is this project itself", "remove it")


def _spec(value: Any) -> tuple[ProjectSpec, list[Finding]]:
    _, findings = open_envelope(value, name_in(value), {KIND})
    spec = value.get("spec", {})
    if not isinstance(spec, dict):
        return ProjectSpec(), findings
    try:
        return ProjectSpec.model_validate(spec), findings
    except ValidationError as error:
        wrong = explain(error, ProjectSpec, spec, ("spec",))
        return _valid_part(spec, wrong), findings + wrong


def _valid_part(spec: Mapping[str, Any], wrong: Sequence[Finding]) -> ProjectSpec:
    """Return the spec without the invalid values; if it is still invalid, without the fields that contain them; then
    an empty one.
    """
    for depth in (None, 2):
        rest = deepcopy(spec)
        for finding in wrong:
            _drop(rest, finding.path[1:depth])
        try:
            return ProjectSpec.model_validate(rest)
        except ValidationError:
            continue
    return ProjectSpec()


def _drop(value: Any, path: Keys) -> None:
    """Remove the value at `path`, or the list that contains it."""
    *above, last = list(takewhile(lambda part: isinstance(part, str), path)) or [""]
    for part in above:
        value = value.get(part) if isinstance(value, dict) else None
    if isinstance(value, dict):
        value.pop(last, None)


def _following(findings: Iterable[Finding]) -> frozenset[str]:
    """Return the codes of problems that may be caused by the findings. An unknown field may cause any of them, because
    it may be a misspelling of any field.
    """
    codes: frozenset[str] = frozenset()
    for finding in findings:
        if finding.path[:1] == ("spec",):
            part = str(finding.path[1]) if len(finding.path) > 1 else ""
            codes |= _FOLLOWING.get(part, frozenset()) if part in ProjectSpec.model_fields else _ALL
    return codes
