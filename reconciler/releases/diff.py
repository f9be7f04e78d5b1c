"""`diff`: what changed between two versions of a chatbot. Offline."""

from collections.abc import Mapping
from pathlib import Path

from reconciler.manifests import Loaded, find_project
from reconciler.project.all_environments import AllEnvironments, load_all_environments
from reconciler.project.suggest import did_you_mean
from reconciler.releases.comparison import Comparison, Version, compare_versions
from reconciler.releases.versions_to_compare import of_release, of_working
from reconciler.resources.address import RELEASE, Address
from reconciler.resources.problems import Problem, ReconcilerError

CHATBOT = "chatbot"


def diff(start: Path, environ: Mapping[str, str], before: str, after: str, *, env: str | None = None) -> Comparison:
    """Compare two versions, each a release (`support@2`) or the working chatbot (`support`), with the values of `env`,
    or of the first environment.
    """
    project = load_all_environments(find_project(start))
    loaded = _seen_by(project, env or environ.get("RECONCILER_ENV") or None)
    old, new = (_version(project, loaded, text) for text in (before, after))
    return compare_versions(old, new, loaded.project.identity.environment)


def _version(project: AllEnvironments, loaded: Loaded, text: str) -> Version:
    name = text.removeprefix(f"{RELEASE}/").removeprefix(f"{CHATBOT}/")
    address = Address(RELEASE if "@" in name else CHATBOT, name)
    if address.kind == RELEASE:
        return of_release(project.named(address), loaded)
    return of_working(project, project.named(address).address, loaded)


def _seen_by(project: AllEnvironments, env: str | None) -> Loaded:
    for loaded in project.loads:
        if env in (None, loaded.project.identity.environment):
            return loaded
    hint = did_you_mean(env or "", project.environments) or f"It has {', '.join(project.environments) or 'none'}."
    raise ReconcilerError(Problem("unknown-environment", f"the project has no environment {env}", hint=hint))
