"""`python -m tests.support.own_workflows`: write the workflows that this repository runs for its sample, manifests/.

They are what `reconciler init --ci github` writes, with the action of the checkout and the embedded API.
"""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Final

from reconciler.project.all_environments import load_all_environments
from reconciler.workflows.github import workflows
from reconciler.workflows.model import Setup
from reconciler.workflows.source import Source

ROOT: Final = Path(__file__).parents[2]
SETUP: Final = Setup("manifests", ("staging", "production"), "main", "embedded", "", extras=frozenset({"emulator"}))


def main() -> None:
    for path, text in own_workflows().items():
        (ROOT / path).write_text(text, encoding="utf-8")
        sys.stdout.write(f"wrote {path}\n")


def own_workflows() -> dict[str, str]:
    """Return the texts of the workflows by their paths in the repository.

    `./setup` is the action of the checkout: in the job that comments, that of the base branch. `$/setup` would be that
    of the pull request, next to a token that can write.
    """
    setup = replace(SETUP, manifest_secrets=tuple(load_all_environments(ROOT / SETUP.project, {}).secrets))
    return workflows(setup, Source(uses="./setup # zizmor: ignore[self-repository]"), stem="")


if __name__ == "__main__":
    main()
