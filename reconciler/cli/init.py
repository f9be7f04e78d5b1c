"""`reconciler init` and `reconciler demo`"""

import shlex
from pathlib import Path

import click

from reconciler.cli.output import show


@click.command(name="init")
@click.argument("folder", metavar="[DIR]", type=click.Path(path_type=Path, file_okay=False), default=Path())
@click.option("--ci", type=click.Choice(["github"]), help="Write the workflows for an existing project instead.")
def command(folder: Path, ci: str | None) -> int:
    """Write a small project to DIR (default: the current folder)."""
    if ci:
        return _workflows(folder)
    from reconciler.operations.init import init

    for path in init(folder):
        show(f"wrote {folder / path}")
    where = "" if folder == Path() else f" -C {shlex.quote(str(folder))}"
    show("")
    show("Next, with the embedded API (no API key is required):")
    show("  export RECONCILER_ENDPOINT=embedded")
    show(f"  reconciler plan{where}")
    show(f"  reconciler apply{where}")
    return 0


def _workflows(folder: Path) -> int:
    from reconciler.operations.init import write_workflows

    for path in write_workflows(folder):
        show(f"wrote {path}")
    show("")
    show("Next, configure the repository on GitHub:")
    show("  secrets       OPENAI_READ_KEY for plans and drift; OPENAI_API_KEY in each of the environments")
    show("  environments  reconciler, restricted to the branch main; reconciler-approval, with required reviewers")
    show("  Actions       allow GitHub Actions to create and approve pull requests (required for the rollback)")
    show("  rules         for main, require a pull request, a review, and the checks of reconciler-plan")
    return 0


@click.command(name="demo")
def demo_() -> int:
    """Run the demo: the main workflow on the sample organisation and the embedded API, in about 10 seconds."""
    from reconciler.cli.main import run
    from reconciler.operations.demo import demo

    demo(click.echo, run)
    return 0
