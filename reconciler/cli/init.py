"""`reconciler init`"""

import shlex
from pathlib import Path

import click

from reconciler.cli.output import show


@click.command(name="init")
@click.argument("folder", metavar="[DIR]", type=click.Path(path_type=Path, file_okay=False), default=Path())
@click.option("--ci", type=click.Choice(["github"]), help="Write the workflows for the project that is there instead.")
def command(folder: Path, ci: str | None) -> int:
    """Write a small project into DIR (this folder if left out) that validates, plans and applies."""
    if ci:
        return _workflows(folder)
    from reconciler.operations.init import init

    for path in init(folder):
        show(f"wrote {folder / path}")
    where = "" if folder == Path() else f" -C {shlex.quote(str(folder))}"
    show("")
    show("Next, without a key, against the API that is built in:")
    show("  export RECONCILER_ENDPOINT=embedded")
    show(f"  reconciler plan{where}")
    show(f"  reconciler apply{where}")
    return 0


def _workflows(folder: Path) -> int:
    from reconciler.operations.workflows import write_workflows

    for path in write_workflows(folder):
        show(f"wrote {path}")
    show("")
    show("Next, in the settings of the repository on GitHub:")
    show("  secrets       OPENAI_READ_KEY for plans and drift; OPENAI_API_KEY in the two environments below")
    show("  environments  reconciler, for the branch main only; reconciler-approval, with required reviewers")
    show("  Actions       allow GitHub Actions to create and approve pull requests, for the rollback")
    show("  rules         for main: a pull request with a review, and the checks of reconciler-plan")
    return 0
