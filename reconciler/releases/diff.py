"""`diff`: compare two versions of a chatbot. Works offline."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from reconciler.manifests import Loaded, find_project
from reconciler.manifests.renames import present_names
from reconciler.project.all_environments import AllEnvironments, load_all_environments
from reconciler.releases.comparison import Comparison, Version, compare_versions
from reconciler.releases.snapshot import NOT_CONTENT, snapshot
from reconciler.resources.address import RELEASE, Address, composed
from reconciler.resources.base import Resource, Scope
from reconciler.resources.problems import Problem, ReconcilerError
from reconciler.resources.registry import resource_types
from reconciler.resources.releases.content import ChatbotVersionSpec, KeptFiles, environment_text, lacking, parts
from reconciler.resources.resource_type import CONTENT, Members
from reconciler.resources.values import JSON, Fields, reference, replace_references

CHATBOT = "chatbot"


def diff(start: Path, environ: Mapping[str, str], before: str, after: str, *, env: str | None = None) -> Comparison:
    """Compare two versions, each a release (`support@2`) or the working version (`support`), with the variables of
    `env` or of the first environment.
    """
    project = load_all_environments(find_project(start), environ)
    loaded = _loaded_for(project, env or environ.get("RECONCILER_ENV") or None)
    old, new = (_version(project, loaded, text) for text in (before, after))
    compared = compare_versions(old, new, loaded.project.identity.environment)
    return replace(compared, warnings=project.warnings())


def _version(project: AllEnvironments, loaded: Loaded, text: str) -> Version:
    name = text.removeprefix(f"{RELEASE}/").removeprefix(f"{CHATBOT}/")
    if "/" in name:
        hint = f"To compare a manifest with the live object, run `reconciler plan --target {name}`."
        raise ReconcilerError(Problem("unknown-address", f"{name} is not a chatbot or a release", hint=hint))
    address = Address(RELEASE if "@" in name else CHATBOT, name)
    if address.kind == RELEASE:
        return of_release(project.named(address), loaded)
    return of_working(project, project.named(address).address, loaded)


def _loaded_for(project: AllEnvironments, env: str | None) -> Loaded:
    if env is None:
        return project.loads[0]
    project.check_environment(env)
    return next(loaded for loaded in project.loads if loaded.project.identity.environment == env)


def of_release(release: Resource, loaded: Loaded) -> Version:
    """Return a release; raises ReconcilerError if it is archived, or has no variables for the environment."""
    spec: ChatbotVersionSpec = release.spec
    if spec.content is None:
        hint = f"Git has its content: git log -p -- {release.place.file}"
        raise ReconcilerError(Problem("archived-release", f"{release.address} is archived", release.place, hint))
    environment = loaded.project.identity.environment
    missing = lacking(spec.content, environment)
    if missing:
        message = f"{release.address} has no value for {', '.join(missing)} in {environment_text(environment)}"
        names = ", ".join(sorted(filter(None, spec.content.variables)))
        hint = f"Pass --env with one of {names}." if names else "Release the chatbot again."
        raise ReconcilerError(Problem("release-without-values", message, release.place, hint))
    scope = replace(loaded.scope, files=KeptFiles(spec.content.files))
    files = {composed(path): kept.sha256 for path, kept in spec.content.files.items()}
    now = present_names(loaded.resources)
    objects = {
        now.get(address, address): _renamed(fields, now)
        for address, fields in _objects(parts(release, loaded.scope), scope)
    }
    variables = _as_written(spec.content.variables, spec.content.texts)
    return Version(str(release.address), objects, files, variables)


def _as_written(
    variables: Mapping[str, Mapping[str, JSON]], texts: Mapping[str, Mapping[str, str]]
) -> dict[str, dict[str, JSON]]:
    """Return the variables with their texts, such as `1.10`, in place of the values."""
    return {environment: {**values, **texts.get(environment, {})} for environment, values in variables.items()}


def _renamed(fields: Fields, now: Mapping[Address, Address]) -> Fields:
    """Return the fields with present addresses in references, so that a renamed object is compared with itself."""

    def named(text: str) -> dict[str, str]:
        address = Address.parse(text)
        return reference(now.get(address, address))

    return {name: replace_references(value, named) for name, value in fields.items()}


def of_working(project: AllEnvironments, chatbot: Address, loaded: Loaded) -> Version:
    """Return the working version of a chatbot, which the next release would contain."""
    taken = snapshot(project, chatbot)
    used = [resource for resource in loaded.resources if str(resource.address) in taken.objects]
    files = {path: asked.file.sha256 for path, asked in taken.files.items()}
    return Version(str(chatbot), dict(_objects(used, loaded.scope)), files, _as_written(taken.variables, taken.texts))


def _objects(found: Iterable[Resource], scope: Scope) -> Iterator[tuple[Address, Fields]]:
    for part in found:
        own = next(iter(part.kind.desired(part, scope)))
        resource_type = resource_types()[own.type]
        members, as_files = resource_type.members, resource_type.versioned | resource_type.derived
        hidden = NOT_CONTENT | as_files
        fields = {name: value for name, value in {**own.fields, **own.unreadable}.items() if name not in hidden}
        yield part.address, _without_contents(members, fields) if members else fields


def _without_contents(members: Members, fields: Fields) -> Fields:
    """Return the fields without the contents of members, which are compared as files."""
    if members.field not in fields:
        return fields
    compared = {members.reference, CONTENT}
    entries = {
        path: {key: item for key, item in entry.items() if key not in compared} if members.is_marked(entry) else entry
        for path, entry in members.of(fields).items()
    }
    return {**fields, members.field: entries}
