"""`ci rollback`: publish another release immediately, and edit the manifest accordingly."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from reconciler.applying.steps import lower
from reconciler.manifests import find_project
from reconciler.operations.run import planned
from reconciler.planning.build import Planned
from reconciler.planning.model import Change, Plan
from reconciler.planning.requests import requests
from reconciler.project.all_environments import load_all_environments
from reconciler.project.edits import write
from reconciler.releases.publish import publication
from reconciler.resources.address import Address
from reconciler.resources.problems import Problem, ReconcilerError
from reconciler.review.approval import contents, without


def rollback(
    start: Path, environ: Mapping[str, str], chatbot: str, number: int, *, env: str | None, endpoint: str | None
) -> Plan:
    """Return a plan that only moves the pointer to release `number`, and what runs the chatbot with it, and edit the
    manifest so that it publishes it.

    Other pending changes and drift are not part of the plan, except of the objects that run the chatbot, and of what
    these need: an object is written as a whole. Raises ReconcilerError if an object of the release is
    missing, expired or changed. In this case, and if the plan is refused, nothing is edited.
    """
    project = load_all_environments(find_project(start))
    _, edit = publication(project, chatbot, number, env or environ.get("RECONCILER_ENV") or None)
    address, release = Address("chatbot", chatbot), project.releases_of(chatbot)[number].address
    edited = {} if edit.after is None else {edit.path: edit.after}
    now = planned(start, environ, env, endpoint, on_drift="keep", targets=[address, release], edited=edited)
    if now.plan.refusals:
        return now.plan
    problems = list(_unusable(now, release))
    if problems:
        raise ReconcilerError(*problems)
    write(project.root, [edit])
    kept = {change.digest for change in _moving(now, address)}
    plan = without(now.plan, {change.digest for change in now.plan.work} - kept)
    return replace(plan, requests=requests(now.inputs, now.matched, plan.work))


def _moving(now: Planned, chatbot: Address) -> Iterator[Change]:
    """Yield the changes that move the pointer of a chatbot, that move live objects which run it, and that these need.
    One that is not live yet runs nothing that could be rolled back.
    """
    steps = lower(now)
    users = {address for address, runner in now.inputs.runners.items() if runner.chatbot == chatbot}
    waiting = [step for step in steps if step.address in users & now.matched.live.keys() and step.verb == "write"]
    needed = {step for step in steps if (step.address, step.verb) == (chatbot, "publish")}
    while waiting:
        step = waiting.pop()
        if step not in needed and step.address != chatbot:
            needed.add(step)
            waiting.extend(steps[step])
    for step in steps:
        if step in needed:
            yield from step.changes


def _unusable(now: Planned, release: Address) -> Iterator[Problem]:
    """Return a problem for each object of the release that is not live as released."""
    known = now.inputs.releases.get(release)
    parts = {str(release), *contents(now, str(release)), *map(str, known.parts if known else ())}
    for change in (*now.plan.changes, *now.plan.drift):
        if change.address in parts:
            message = f"{change.address}, a part of {release}, is not live as it was released"
            hint = "Choose another release, or restore this one with: reconciler apply --on-drift revert"
            yield Problem("dead-release", message, hint=hint)
