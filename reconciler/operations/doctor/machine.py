"""Checks of the machine and the repository: versions of Reconciler, Python and packages, manifests, and Git."""

import re
from collections.abc import Iterator
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, metadata, requires, version
from typing import Final

from reconciler import DISTRIBUTION
from reconciler.git.worktree import Worktree, worktree
from reconciler.operations.doctor.subject import Environment, Subject
from reconciler.operations.version import versions
from reconciler.project.caching import chosen_cache
from reconciler.project.connection import in_thread
from reconciler.project.endpoint import is_embedded
from reconciler.project.health import CheckResult, ok
from reconciler.project.outlets import outlets_of
from reconciler.resources.name_lists import few
from reconciler.resources.problems import ReconcilerError
from reconciler.state.local import FOLDER

_REQUIREMENT: Final = re.compile(r"(?P<name>[A-Za-z0-9._-]+)(?:\[[^]]*\])?(?P<range>[^;]*)(?:;(?P<marker>.*))?")
_EXTRA: Final = re.compile(r"""extra\s*==\s*["']([a-z0-9]+)["']""")
_BOUND: Final = re.compile(r"(>=|<=|==|!=|<|>)\s*([0-9][0-9.]*)")


async def check_versions(subject: Subject) -> list[CheckResult]:
    """Check Python and every package that the project needs against the supported versions."""
    own = versions()
    wanted = metadata(DISTRIBUTION)["Requires-Python"] or ""
    found = list(_packages(_extras(subject)))
    if not _is_within(own["python"], wanted):
        message = f"Python {own['python']} is not supported ({wanted})"
        found.insert(0, CheckResult("failure", message, f"Install Reconciler with Python {wanted}."))
    return found or [ok(f"reconciler {own['version']}, Python {own['python']}, openai {own['openai']}")]


def _extras(subject: Subject) -> set[str]:
    """Return the extras of the package that the endpoint, the states and the outlets need."""
    extras = set[str]()
    with suppress(ReconcilerError):  # the check of the endpoint reports it
        extras |= {"emulator"} if is_embedded(subject.endpoint) else set()
    for one in subject.environments:
        project = one.loaded.project
        state = subject.environ.get("RECONCILER_STATE") or project.spec.state.url
        backend = state.partition(":")[0].replace("postgresql", "postgres")
        extras |= {backend} & {"s3", "postgres"}
        extras |= {"s3"} if any(outlet.name.startswith("s3://") for outlet in outlets_of(project)) else set()
    return extras


def _packages(extras: set[str]) -> Iterator[CheckResult]:
    for line in requires(DISTRIBUTION) or ():
        found = _REQUIREMENT.match(line)
        extra = _EXTRA.search(line)
        if not found or (extra and extra[1] not in extras):
            continue
        name, wanted = found["name"], found["range"].strip()
        suffix = f"[{extra[1]}]" if extra else ""
        hint = f"pip install --upgrade '{DISTRIBUTION}{suffix}'"
        try:
            installed = version(name)
        except PackageNotFoundError:
            yield CheckResult("failure", f"the package {name} is not installed", hint)
            continue
        if not _is_within(installed, wanted):
            yield CheckResult("failure", f"{name} {installed} is not supported ({wanted})", hint)


def _is_within(installed: str, wanted: str) -> bool:
    """Return True if a version is within the bounds of a requirement; other conditions are not compared."""
    now = _numbers(installed)
    compare = {
        ">=": now.__ge__,
        "<=": now.__le__,
        "<": now.__lt__,
        ">": now.__gt__,
        "==": now.__eq__,
        "!=": now.__ne__,
    }
    return all(compare[operator](_numbers(bound)) for operator, bound in _BOUND.findall(wanted))


def _numbers(text: str) -> tuple[int, ...]:
    found = re.match(r"[0-9]+(?:\.[0-9]+)*", text)
    numbers = [int(part) for part in found[0].split(".")] if found else []
    while numbers and not numbers[-1]:
        numbers.pop()
    return tuple(numbers)


async def check_manifests(environment: Environment) -> list[CheckResult]:
    """Check that the manifests are valid."""
    loaded = environment.loaded
    errors = [one for one in loaded.problems if one.severity == "error" and one.code != "environment-required"]
    option = f" --env {environment.name}" if environment.name else ""
    if errors:
        place = f"{errors[0].place}: " if errors[0].place else ""
        first = f"{place}{errors[0].message}"
        text = f"{_count(len(errors), 'error')}, the first one: {first}" if len(errors) > 1 else first
        return [CheckResult("failure", text, f"reconciler validate{option}", errors[0].code)]
    text = f"{_count(len(loaded.resources), 'manifest')}, no errors"
    if loaded.problems:
        warnings = _count(len(loaded.problems), "warning")
        return [CheckResult("warning", f"{text}, {warnings}", f"reconciler validate{option}")]
    return [ok(text)]


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


async def check_cache(subject: Subject) -> list[CheckResult]:
    """Show the folder of the cache of manifests, or the reason why it is off."""
    cache = chosen_cache(subject.environ, subject.folder)
    return [ok(str(cache.folder) if cache.folder else f"off: {cache.reason}")]


async def check_git(subject: Subject) -> list[CheckResult]:
    """Check the repository: its commit and branch, uncommitted files, the remote, and that `.reconciler` is ignored."""
    tree = worktree(subject.folder)
    if tree is None:
        message = "the project is not in a Git repository, or Git is not installed: plans name no commit"
        return [CheckResult("warning", message, "git init")]
    return await in_thread(lambda: list(_of_repository(tree)))


def _of_repository(tree: Worktree) -> Iterator[CheckResult]:
    commit, branch, remote = tree.commit(), tree.branch(), tree.remote()
    if commit is None:
        yield CheckResult("warning", "the repository has no commit", "git add . && git commit")
    else:
        on = f"branch {branch}" if branch else "no branch (detached)"
        yield ok(f"{on}, commit {commit[:12]}, {f'remote {remote}' if remote else 'no remote'}")
        changed = list(dict.fromkeys(tree.changed()))
        if changed:
            yield CheckResult("warning", f"not committed: {few(changed)}", "git status")
    tracked, untracked = tree.below(FOLDER)
    if tracked:
        message = f"{few(tracked)} should not be committed: the folder belongs to one machine"
        yield CheckResult("failure", message, f"git rm -r --cached {FOLDER}")
    elif untracked:
        message = f"{FOLDER}/ is not ignored by Git"
        yield CheckResult("warning", message, f"echo '*' > {FOLDER}/.gitignore")
