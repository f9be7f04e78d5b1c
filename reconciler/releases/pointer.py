"""The published release of a chatbot in each environment, and the edit of its manifest."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from reconciler.manifests import Loaded
from reconciler.manifests.editing.comments import comments
from reconciler.manifests.editing.documents import ManifestSource, source_of
from reconciler.manifests.editing.edits import UneditableError
from reconciler.project.all_environments import AllEnvironments
from reconciler.project.edits import Edit
from reconciler.releases.model import Move
from reconciler.resources.address import Address, release_number
from reconciler.resources.base import Resource
from reconciler.resources.kinds.chatbot import published_in, publishing_spec
from reconciler.resources.problems import Problem, ReconcilerError
from reconciler.resources.releases.content import environment_text, lacking
from reconciler.resources.releases.running import INSTEAD, REQUIRED, fault_of_release, running


def set_published(
    project: AllEnvironments,
    chatbot: Resource,
    release: Resource | None,
    environments: Collection[str | None],
    texts: Mapping[str, str] | None = None,
) -> tuple[tuple[Move, ...], Edit]:
    """Return the changes, and the edit of the manifest that publishes `release`, or none, in `environments`. `texts`
    has earlier edits by path.

    Raises ReconcilerError if the release cannot be created in one of the environments.
    """
    moves = moves_to(project, chatbot, release, environments)
    source = source_of(project.project, chatbot, texts)
    if not moves:
        return (), Edit(source.path, source.text, source.text)
    after = published_numbers(project, chatbot) | {move.environment: move.after for move in moves}
    try:
        return moves, Edit(source.path, source.text, _edited(source, after, everywhere=len(environments) == len(after)))
    except UneditableError as error:
        raise ReconcilerError(source.uneditable(error)) from error


def moves_to(
    project: AllEnvironments, chatbot: Resource, release: Resource | None, environments: Collection[str | None]
) -> tuple[Move, ...]:
    """Return the changes that publish `release`, or none, in `environments`; raises ReconcilerError if it cannot be
    published in one of them.
    """
    number = release_number(release.address) if release else None
    if release:
        problems = unpublishable(project, chatbot, release, environments)
        if problems:
            raise ReconcilerError(*problems)
    before = published_numbers(project, chatbot)
    after = {name: number if name in environments else known for name, known in before.items()}
    users = tuple(sorted(str(one.address) for one in runners(project, chatbot)))
    return tuple(Move(name, before[name], after[name], users) for name in before if before[name] != after[name])


def unpublishable(
    project: AllEnvironments, chatbot: Resource, release: Resource, environments: Collection[str | None]
) -> list[Problem]:
    """Return why a release cannot be published in `environments`, as far as the manifests show it; empty if it can."""
    return [
        *_lacking(release, environments),
        *_archived_by_limit(project, chatbot, release, environments),
        *_not_an_agent(project, chatbot, release, environments),
    ]


def publishing(loaded: Loaded, chatbot: Address, numbers: Mapping[str | None, int | None]) -> Loaded:
    """Return the manifests of one environment as if that of the chatbot published these releases, by environment."""
    resources = (
        one.with_spec(publishing_spec(one.spec, numbers)) if one.address == chatbot else one for one in loaded.resources
    )
    return replace(loaded, resources=tuple(resources))


def _edited(source: ManifestSource, after: Mapping[str | None, int | None], *, everywhere: bool) -> str:
    """Return the text of the file with the published releases. A number for each environment becomes one number for all
    only if it has no comments, which are about the environments.
    """
    value = source.document.value
    spec = {name: old for name, old in value["spec"].items() if name != "published"}
    numbers = {environment: number for environment, number in after.items() if number is not None}
    if not numbers:
        return source.edited({**value, "spec": spec})
    each = source.edited({**value, "spec": {**spec, "published": numbers}}) if None not in numbers else ""
    if not everywhere:
        return each
    one = source.edited({**value, "spec": {**spec, "published": next(iter(numbers.values()))}})
    has_comments = each and sum(1 for _ in comments(each)) > sum(1 for _ in comments(one))
    return each if has_comments else one


def chosen(project: AllEnvironments, env: str | None) -> tuple[str | None, ...]:
    """Return `env`, or all environments if it is None; raises ReconcilerError if it does not exist."""
    if env is None:
        return project.environments or (None,)
    project.check_environment(env)
    return (env,)


def published_numbers(project: AllEnvironments, chatbot: Resource) -> dict[str | None, int | None]:
    """Return the number of the published release by environment."""
    return dict(_published(project, chatbot))


def _published(project: AllEnvironments, chatbot: Resource) -> Iterator[tuple[str | None, int | None]]:
    for loaded, found in zip(project.loads, project.in_each(chatbot.address), strict=True):
        environment = loaded.project.identity.environment
        yield environment, published_in(found.spec, environment)


def _archived_by_limit(
    project: AllEnvironments, chatbot: Resource, release: Resource, environments: Iterable[str | None]
) -> Iterator[Problem]:
    """Return a problem if the release is archived because the chatbot keeps a limited number of releases."""
    keep = chatbot.spec.releases.keep if chatbot.spec.releases else None
    numbers = [number for number, one in project.releases_of(chatbot.address.name).items() if not one.spec.archived]
    number, before = release_number(release.address), published_numbers(project, chatbot)
    if keep is None or number in numbers[-keep:] or number not in numbers:
        return
    for environment in environments:
        if before.get(environment) != number:
            where = f" in {environment}" if environment else ""
            message = f"{release.address} is archived{where}: `releases.keep` of {chatbot.address} is {keep}"
            hint = f"It keeps {', '.join(map(str, numbers[-keep:]))}, and the published release."
            yield Problem("archived-reference", message, release.place, hint)


def _not_an_agent(
    project: AllEnvironments, chatbot: Resource, release: Resource, environments: Collection[str | None]
) -> Iterator[Problem]:
    """Yield a problem if other manifests run the chatbot, and the release is not one agent."""
    users = runners(project, chatbot)
    faults = (fault_of_release(release, name, project.resources) for name in environments) if users else iter(())
    fault = next(filter(None, faults), "")
    for resource in users if fault else ():
        message = f"{release.address} {fault}; {resource.address} runs {chatbot.address}, and {REQUIRED}"
        yield Problem("not-an-agent", message, resource.place, INSTEAD)


def runners(project: AllEnvironments, chatbot: Resource) -> list[Resource]:
    """Return the manifests that run a chatbot."""
    return [resource for resource, _ in running([*project.resources.values()]).get(chatbot.address, ())]


def _lacking(release: Resource, environments: Iterable[str | None]) -> Iterator[Problem]:
    for environment in environments:
        missing = lacking(release.spec.content, environment)
        if missing:
            message = f"{release.address} has no value for {', '.join(missing)} in {environment_text(environment)}"
            hint = f"Create a release with all environments: reconciler release {release.address.family.name}"
            yield Problem("release-without-values", message, release.place, hint)
