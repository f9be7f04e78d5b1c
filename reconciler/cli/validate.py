"""`reconciler validate`"""

from pathlib import Path

import click

from reconciler.cli import options
from reconciler.cli.output import show, show_json, show_problems


@click.command(name="validate")
@options.project
def command(start: Path, env: str | None, format_: str) -> int:
    """Check all manifests offline, without reading OpenAI or the state.

    All environments are checked, unless --env or RECONCILER_ENV selects one. All problems are reported together, with
    file, line and column; one that only some environments have names them.

    Exit code 1 if there is an error.
    """
    from reconciler.operations.validate import validate

    checked = validate(start, options.environ(), env=env)
    if format_ == "json":
        from reconciler.resources.problems import problems_json

        show_json(problems_json(checked.problems, checked.environments))
    else:
        if checked.problems:
            show_problems(checked.problems)
        if checked.valid:
            from reconciler.reports.style import count

            several = f" in {', '.join(checked.environments)}" if len(checked.environments) > 1 else ""
            show(f"{checked.identity}: {count(checked.resources, 'manifest')}, all valid{several}.")
    return 0 if checked.valid else 1
