"""The two sides of a comparison: a release, or the working chatbot, as one environment sees it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from reconciler.manifests import Loaded
from reconciler.manifests.moving import present_names
from reconciler.project.all_environments import AllEnvironments
from reconciler.releases.comparison import Version
from reconciler.releases.snapshot import NOT_CONTENT, snapshot
from reconciler.resources.address import Address
from reconciler.resources.base import Desired, Resource, Scope
from reconciler.resources.problems import Problem, ReconcilerError
from reconciler.resources.registry import resource_types
from reconciler.resources.releases.content import ChatbotVersionSpec, KeptFiles, lacking
from reconciler.resources.releases.freezing import parts
from reconciler.resources.resource_type import CONTENT, Members
from reconciler.resources.values import Fields, reference, replace_references


def of_release(release: Resource, loaded: Loaded) -> Version:
    """ReconcilerError for a release of which nothing is left, or that has no values for the environment."""
    spec: ChatbotVersionSpec = release.spec
    if spec.content is None:
        hint = f"Git has what it was: git log -p -- {release.place.file}"
        raise ReconcilerError(Problem("archived-release", f"{release.address} is archived", release.place, hint))
    environment = loaded.project.identity.environment
    missing = lacking(spec.content, environment)
    if missing:
        message = f"{release.address} has no value of {', '.join(missing)} for {environment}"
        hint = f"Compare with --env and one of {', '.join(sorted(spec.content.variables))}."
        raise ReconcilerError(Problem("release-without-values", message, release.place, hint))
    scope = replace(loaded.scope, files=KeptFiles(spec.content.files))
    files = {path: kept.sha256 for path, kept in spec.content.files.items()}
    now = present_names(loaded.resources)
    objects = {
        now.get(address, address): _renamed(fields, now)
        for address, fields in _objects(parts(release, loaded.scope), scope)
    }
    return Version(str(release.address), objects, files, spec.content.variables)


def _renamed(fields: Fields, now: Mapping[Address, Address]) -> Fields:
    """Fields with references under present names: an object that was renamed since is the same one."""

    def named(text: str) -> dict[str, str]:
        address = Address.parse(text)
        return reference(now.get(address, address))

    return {name: replace_references(value, named) for name, value in fields.items()}


def of_working(project: AllEnvironments, chatbot: Address, loaded: Loaded) -> Version:
    """The chatbot as the next release would be."""
    taken = snapshot(project, chatbot)
    used = [resource for resource in loaded.resources if str(resource.address) in taken.objects]
    files = {path: asked.file.sha256 for path, asked in taken.files.items()}
    return Version(str(chatbot), dict(_objects(used, loaded.scope)), files, taken.variables)


def _objects(found: Iterable[Resource], scope: Scope) -> Iterator[tuple[Address, Fields]]:
    for part in found:
        own = next(iter(part.kind.desired(part, scope)))
        members = resource_types()[own.type].members
        fields = {name: value for name, value in _fields(own).items() if name not in NOT_CONTENT}
        yield part.address, _shown(members, fields) if members else fields


def _fields(own: Desired) -> Fields:
    return {**own.fields, **own.unreadable}


def _shown(members: Members, fields: Fields) -> Fields:
    """Without which bytes a member has: that is told of the file."""
    if members.field not in fields:
        return fields
    told = {members.reference, CONTENT}
    entries = {
        path: {key: item for key, item in entry.items() if key not in told} if members.is_marked(entry) else entry
        for path, entry in members.of(fields).items()
    }
    return {**fields, members.field: entries}
