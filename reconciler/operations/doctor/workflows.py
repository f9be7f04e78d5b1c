"""Check of the files with which the repository runs the project in CI."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from reconciler import DISTRIBUTION
from reconciler.git.worktree import worktree
from reconciler.operations.doctor.subject import Subject
from reconciler.operations.version import versions
from reconciler.project.all_environments import load_all_environments
from reconciler.project.connection import in_thread
from reconciler.project.health import CheckResult, ok, results_of, unknown
from reconciler.project.workspace import Workspace
from reconciler.resources.name_lists import few
from reconciler.resources.problems import ReconcilerError
from reconciler.workflows import CI, Setup, Source, github, gitlab, setup_of
from reconciler.workflows.names import named

_NAMES: Final[dict[CI, str]] = {"github": "GitHub Actions", "gitlab": "GitLab CI"}
_USES: Final = re.compile(r"^ *- uses: (\S+@[0-9a-f]{40,64})$", re.MULTILINE)
_FOLDER_OF_ACTION: Final = re.compile(r"/setup@")
"""The mark of the action that installs Reconciler: its folder."""
_WHEEL: Final = re.compile(r"^\./(\S+\.whl)(?=\s|$)", re.MULTILINE)
"""A wheel of the repository in a requirements file."""
_VERSION: Final = re.compile(rf"(?:{DISTRIBUTION}==|assistant_reconciler-)([0-9][0-9A-Za-z.+!]*)")


async def check_workflows(subject: Subject) -> list[CheckResult]:
    """Check that the files are there and those of this version, and name the secrets that they need."""
    return await in_thread(lambda: list(_of_project(subject.environments[0].workspace)))


def _of_project(workspace: Workspace) -> Iterator[CheckResult]:
    try:
        project = load_all_environments(workspace.root, workspace.environ)
    except ReconcilerError:  # the check of the manifests reports it
        return
    try:
        setup = setup_of(project)
    except ReconcilerError as error:
        for one in results_of(error.problems, "CI cannot run this project: "):
            yield replace(one, condition="warning")
        return
    repository = project.project.repository
    found = [result for ci in _NAMES for result in _of_system(ci, setup, repository)]
    if found:
        yield from found
        return
    hint = "reconciler init --ci github --source SOURCE"
    yield CheckResult("warning", "there are no files that plan and apply this project in CI", hint)


def _of_system(ci: CI, setup: Setup, repository: Path) -> Iterator[CheckResult]:
    """Yield the results for one CI system; none if the project has no file for it."""
    setup = named(setup, ci, repository)
    texts = _texts(ci, setup, repository)
    present = {path for path in texts if (repository / path).is_file()}
    marks = [
        path for path in present if f"Project: {setup.project}\n" in (repository / path).read_text("utf-8", "replace")
    ]
    if not marks:
        return
    name, command = _NAMES[ci], f"reconciler init --ci {ci} --source SOURCE"
    read = {path: _text(repository / path) for path in sorted(present)}
    further = _further(ci, setup, read, repository)
    absent = {path for path in further if not (repository / path).is_file()}
    missing = sorted((texts.keys() - present) | absent)
    differing = sorted(path for path in present if (repository / path).read_bytes() != texts[path].encode())
    if missing:
        yield CheckResult("warning", f"{name}: missing {few(missing)}", command)
    if differing:
        message = f"{name}: not as this version writes them: {few(differing)} (edited, or of another version)"
        yield CheckResult("warning", message, f"git rm {' '.join(differing)} && {command}")
    if not missing and not differing:
        yield ok(f"{name}: {'1 file is that' if len(texts) == 1 else f'{len(texts)} files are those'} of this version")
    if ci == "gitlab":
        yield from _not_included(setup, repository)
    yield from _uncommitted(name, present | (further - absent), repository)
    sources = dict.fromkeys(use for text in read.values() for use in _USES.findall(text))
    installed = [use for use in sources if _FOLDER_OF_ACTION.search(use)]
    if installed:
        yield unknown(f"{name} installs Reconciler from {few(installed)}: whether it exists is seen in the first run")
    yield from _installed(ci, setup, repository)
    yield unknown(f"{name} needs these secrets, which can be seen there only: {'; '.join(_secrets(ci, setup))}")


def _further(ci: CI, setup: Setup, texts: Mapping[str, str], repository: Path) -> set[str]:
    """Return the other files that the files `texts` need: the requirements, the wheel that these name, and the file
    that includes the pipeline.
    """
    found = {gitlab.ROOT} if ci == "gitlab" else set[str]()
    path = _requirements(ci, setup)
    if any(path in text for text in texts.values()):
        found.add(path)
        file = repository / path
        found.update(_WHEEL.findall(_text(file)) if file.is_file() else ())
    return found


def _not_included(setup: Setup, repository: Path) -> Iterator[CheckResult]:
    """Yield a warning if the file that GitLab reads does not name the pipeline."""
    file, entry = repository / gitlab.ROOT, f"{gitlab.FOLDER}/{setup.prefix}.yml"
    if file.is_file() and entry not in _text(file):
        message = f"{_NAMES['gitlab']}: {gitlab.ROOT} does not include {entry}, so that its jobs do not run"
        yield CheckResult("warning", message, f"Add to {gitlab.ROOT}: include: [{{local: {entry}}}]")


def _uncommitted(name: str, present: set[str], repository: Path) -> Iterator[CheckResult]:
    """Yield a warning about files that are not in the commit: a CI system runs only what is committed and pushed."""
    tree = worktree(repository)
    if tree is None:
        return
    committed = {entry.path for entry in tree.index()} - set(tree.changed()) if tree.commit() else set[str]()
    missing = sorted(present - committed)
    if missing:
        message = f"{name}: not committed: {few(missing)}; only committed and pushed files run"
        yield CheckResult("warning", message, f"git add {' '.join(missing)} && git commit && git push")


def _text(file: Path) -> str:
    return file.read_text("utf-8", "replace")


def _texts(ci: CI, setup: Setup, repository: Path) -> dict[str, str]:
    """Return the files that this version would write, without the requirements, whose content is that of the source."""
    if ci == "gitlab":
        return {path: text for path, text in _pipeline(setup).items() if path.endswith(".yml")}
    plan = repository / github.FOLDER / f"{setup.prefix}-plan.yml"
    text = plan.read_text("utf-8", "replace") if plan.is_file() else ""
    candidates = [Source(uses=uses) for uses in dict.fromkeys(_USES.findall(text))] or [_REQUIREMENTS]
    written = [_workflows(setup, source) for source in candidates]
    return next((texts for texts in written if _are_in(texts, repository)), written[0])


_REQUIREMENTS: Final = Source(requirement="-", locks=dict.fromkeys(("base", "emulator", "postgres", "s3"), ""))


def _workflows(setup: Setup, source: Source) -> dict[str, str]:
    return {path: text for path, text in github.workflows(setup, source).items() if path.endswith(".yml")}


def _pipeline(setup: Setup) -> dict[str, str]:
    try:
        return gitlab.pipeline(setup, _REQUIREMENTS)
    except ReconcilerError:  # of an API that jobs of GitLab cannot use
        return {}


def _are_in(texts: dict[str, str], repository: Path) -> bool:
    files = ((repository / path, text) for path, text in texts.items())
    return any(file.is_file() and file.read_bytes() == text.encode() for file, text in files)


def _installed(ci: CI, setup: Setup, repository: Path) -> Iterator[CheckResult]:
    """Yield the version that the jobs install, which is a warning if it is another one than the one that runs."""
    path = _requirements(ci, setup)
    file = repository / path
    found = _VERSION.search(file.read_text("utf-8", "replace")) if file.is_file() else None
    own = versions()["version"]
    if found and found[1] == own:
        yield ok(f"{_NAMES[ci]}: the jobs install version {own}, as this one")
    elif found:
        message = f"{_NAMES[ci]}: the jobs install version {found[1]}, and this is version {own}"
        yield CheckResult("warning", message, f"git rm {path} && reconciler init --ci {ci} --source SOURCE")


def _requirements(ci: CI, setup: Setup) -> str:
    """Return the path of the file with the versions that the jobs install, where the source is not an action."""
    if ci == "github":
        return github.REQUIREMENTS.format(prefix=setup.prefix)
    return f"{gitlab.FOLDER}/{setup.prefix}-requirements.txt"


def _secrets(ci: CI, setup: Setup) -> Iterator[str]:
    if ci == "github":
        yield from (f"{name}: {secrets}" for name, secrets, _ in github.environments(setup))
        return
    for entry in setup.entries:
        name, further = setup.environment(entry), setup.secrets
        yield f"{name}-read: {', '.join(('OPENAI_API_KEY', *further, 'GITLAB_TOKEN'))}"
        yield f"{name}: {', '.join(('OPENAI_API_KEY', *further, *setup.writing_secrets))}"
