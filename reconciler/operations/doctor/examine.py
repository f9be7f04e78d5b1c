"""The checks, and how they are run: side by side, each limited in time, and none stops another."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from reconciler.files.search import project_around
from reconciler.manifests import Loaded
from reconciler.operations.doctor import api, machine, stores, workflows
from reconciler.operations.doctor.subject import Environment, Subject
from reconciler.project.caching import NO_CACHE, cache_of
from reconciler.project.connection import run_async
from reconciler.project.endpoint import choose
from reconciler.project.health import BUG, CheckName, CheckResult, Health, HealthLine, results_of
from reconciler.project.loading import load_each, load_project
from reconciler.project.workspace import Workspace
from reconciler.resources.problems import ReconcilerError, reason

SECONDS: Final = 25.0
"""Maximum time of one check. It may wait for the state and for the API, one after the other."""


@dataclass(frozen=True, slots=True)
class Check:
    """One check of the machine, the API or the project as a whole."""

    name: CheckName
    run: Callable[[Subject], Awaitable[list[CheckResult]]]
    needs_project: bool = False


@dataclass(frozen=True, slots=True)
class EnvironmentCheck:
    """One check that is made for each environment."""

    name: CheckName
    run: Callable[[Environment], Awaitable[list[CheckResult]]]


CHECKS: Final[Sequence[Check | EnvironmentCheck]] = (
    Check("versions", machine.check_versions),
    Check("key", api.check_key),
    Check("endpoint", api.check_endpoint),
    Check("scopes", api.check_scopes),
    Check("openai-project", api.check_project),
    Check("clock", api.check_clock),
    EnvironmentCheck("manifests", machine.check_manifests),
    Check("cache", machine.check_cache, needs_project=True),
    Check("git", machine.check_git, needs_project=True),
    Check("workflows", workflows.check_workflows, needs_project=True),
    EnvironmentCheck("state", stores.check_state),
    EnvironmentCheck("lock", stores.check_lock),
    EnvironmentCheck("outlets", stores.check_outlets),
)
"""Every check, in the order in which the results are shown. To add one, write its function and add it here."""


def examine(start: Path, environ: Mapping[str, str], *, env: str | None = None, endpoint: str | None = None) -> Health:
    """Make every check, for one environment or for all of them; outside of a project, those that need none.

    Raises ReconcilerError only if the environment does not exist.
    """
    root = project_around(start)
    loading = _with_usable_cache(environ, root) if root else environ
    loads = _loads(root, env or environ.get("RECONCILER_ENV") or None, loading) if root else ()
    subject = Subject(start, environ, endpoint, tuple(_environments(loads, endpoint, loading)))
    return run_async(_examined(subject))


def _with_usable_cache(environ: Mapping[str, str], root: Path) -> Mapping[str, str]:
    """Return variables with which the project can be loaded. The check of the cache reports a folder that cannot be
    used.
    """
    try:
        cache_of(environ, root)
    except ReconcilerError:
        return {**environ, NO_CACHE: "1"}
    return environ


def _loads(root: Path, env: str | None, environ: Mapping[str, str]) -> Sequence[Loaded]:
    """Load the project for the environment, or for each of them."""
    if env is None:
        return load_each(root, environ)
    loaded = load_project(root, environ, env=env)
    wrong = [problem for problem in loaded.problems if problem.code == "unknown-environment"]
    if wrong:
        raise ReconcilerError(*wrong)
    return (loaded,)


def _environments(loads: Iterable[Loaded], endpoint: str | None, environ: Mapping[str, str]) -> Iterator[Environment]:
    for one in loads:
        yield Environment(
            Workspace(one, _endpoint(one, endpoint, environ), environ),
            one.project.identity.environment if len(one.project.spec.environments) > 1 else None,
        )


async def _examined(subject: Subject) -> Health:
    async with subject.closing:
        lines = await asyncio.gather(*(_lines(*work) for work in _work(subject)))
    project = subject.environments[0].workspace.identity.project if subject.environments else None
    return Health(project, tuple(line for group in lines for line in group))


def _endpoint(loaded: Loaded, flag: str | None, environ: Mapping[str, str]) -> str | None:
    """Return the endpoint; None if it is not valid, which the check of the endpoint reports."""
    try:
        return choose(loaded.project, flag, environ)
    except ReconcilerError:
        return None


def _work(subject: Subject) -> Iterator[tuple[CheckName, str | None, Callable[[], Awaitable[list[CheckResult]]]]]:
    for check in CHECKS:
        if isinstance(check, EnvironmentCheck):
            for one in subject.environments:
                yield check.name, one.name, _bound(check.run, one)
        elif subject.environments or not check.needs_project:
            yield check.name, None, _bound(check.run, subject)


def _bound(
    run: Callable[..., Awaitable[list[CheckResult]]], about: Subject | Environment
) -> Callable[[], Awaitable[list[CheckResult]]]:
    return lambda: run(about)


async def _lines(
    name: CheckName, environment: str | None, work: Callable[[], Awaitable[list[CheckResult]]]
) -> list[HealthLine]:
    try:
        async with asyncio.timeout(SECONDS):
            results = await work()
    except ReconcilerError as error:
        results = results_of(error.problems)
    except TimeoutError:
        hint = "Check the network and the server, then run it again."
        results = [CheckResult("failure", f"no result after {SECONDS:.0f} s", hint, "timeout")]
    except OSError as error:
        results = [CheckResult("failure", reason(error), "Check that the file exists and can be read.", "io")]
    except MemoryError:  # of the whole command, which reports it
        raise
    except Exception as error:  # noqa: BLE001 - a bug in one check must not hide the results of the others
        message = f"the check failed: {type(error).__name__}: {error}".removesuffix(": ")
        results = [CheckResult("failure", message, BUG, "internal", error)]
    return [HealthLine(name, one, environment) for one in results]
