"""`reconciler init` and `reconciler demo`"""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli import options
from reconciler.cli.output import show_prose

if TYPE_CHECKING:
    from reconciler.workflows import CI, Setup


@click.command(name="init")
@click.argument("folder", metavar="[DIR]", type=click.Path(path_type=Path, file_okay=False), default=Path())
@click.option(
    "--ci", type=click.Choice(["github", "gitlab"]), help="Write the CI files of an existing project instead."
)
@click.option(
    "--source",
    metavar="SOURCE",
    help="With --ci: install Reconciler from an action, OWNER/REPO/setup@COMMIT, from a wheel in the repository, "
    "PATH.whl, or from the package index, 'assistant-reconciler==VERSION --hash=sha256:DIGEST'.",
)
@options.no_cache
def command(folder: Path, ci: "CI | None", source: str | None) -> int:
    """Write a small project to DIR (default: the current folder)."""
    if ci:
        return _ci_files(folder, ci, source)
    if source:
        raise click.UsageError("--source requires --ci")
    from reconciler.operations.init import init

    for path in init(folder):
        show_prose(f"wrote {folder / path}")
    where = "" if folder == Path() else f" -C {shlex.quote(str(folder))}"
    show_prose("")
    show_prose("Next, with the embedded API (no API key is required):")
    show_prose("  export RECONCILER_ENDPOINT=embedded")
    show_prose(f"  reconciler plan{where}")
    show_prose(f"  reconciler apply{where}")
    return 0


def _ci_files(folder: Path, ci: "CI", source: str | None) -> int:
    from reconciler.operations.init import write_workflows

    found = write_workflows(folder, options.environ(), ci, source)
    for path in found.written:
        show_prose(f"wrote {path}")
    for path in found.unchanged:
        show_prose(f"{path} is unchanged")
    show_prose("")
    if ci == "github":
        _github_steps(found.setup)
    else:
        _gitlab_steps(found.setup, found.include)
    return 0


def _github_steps(setup: "Setup") -> None:
    from reconciler.workflows.github import environments

    show_prose("Next, configure the repository on GitHub. Environments, with their secrets and protection:")
    for name, secrets, protection in environments(setup):
        show_prose(f"  {name}: {secrets}; {protection}")
    _aws_steps(setup, "environments")
    show_prose("Actions: allow GitHub Actions to create and approve pull requests (required for the rollback).")
    checks = ", ".join(f'"plan: {setup.project} {name}'.strip() + '"' for name in setup.entries)
    show_prose(f"Rules for {setup.branch}: require a pull request, a review, and the checks {checks}.")


def _gitlab_steps(setup: "Setup", include: str) -> None:
    if include:
        show_prose("Add this entry to .gitlab-ci.yml, which exists:")
        show_prose("  include:")
        show_prose(f"    - local: {include}")
        show_prose("The jobs are in the stage `test`. If the file has `stages`, they must contain it; if it has")
        show_prose("`workflow: rules`, they must allow pipelines of merge requests and of schedules.")
    show_prose("Next, configure the project on GitLab. CI/CD variables, masked, by environment scope:")
    further = "".join(f", {name}" for name in setup.secrets)
    writing = "".join(f", {name}" for name in setup.writing_secrets)
    read = f"OPENAI_API_KEY with read scopes{further}, and GITLAB_TOKEN"
    for entry in setup.entries:
        name = setup.environment(entry)
        show_prose(f"  {name}-read: {read}")
        show_prose(f"  {name}: OPENAI_API_KEY with write scopes{further}{writing}; protected")
    _aws_steps(setup, "scopes")
    show_prose(f"Protect the branch {setup.branch}, and add a pipeline schedule for the drift report.")


def _aws_steps(setup: "Setup", where: str) -> None:
    if setup.on_aws:
        show_prose(f"To log in to AWS without stored keys, set the variable AWS_ROLE_ARN in the {where} instead.")
    if "s3" in setup.extras and not setup.regional:
        show_prose(f"A bucket has no region in project.yaml: set the variable AWS_REGION in the {where}.")


@click.command(name="demo")
def demo_() -> int:
    """Run the demo: the main workflow on the sample organisation and the embedded API, in about 15 seconds."""
    from reconciler.cli.main import run
    from reconciler.operations.demo import demo

    demo(click.echo, run)
    return 0
