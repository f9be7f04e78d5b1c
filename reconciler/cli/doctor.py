"""`reconciler doctor`"""

import os
import sys
import traceback
from pathlib import Path

import click

from reconciler.cli import codes, options
from reconciler.cli.output import show, show_json, style


@click.command(name="doctor")
@options.live
def command(start: Path, env: str | None, endpoint: str | None, format_: str) -> int:
    """Check the key, the API, the state, Git and everything else that commands need. Nothing is written.

    Without --env, all environments are checked. Works outside of a project for the key, the API and the versions.

    Exit code 1 if there is a failure; warnings do not change the exit code.
    """
    from reconciler.operations.doctor.examine import examine

    health = examine(start, options.environ(), env=env, endpoint=endpoint)
    if format_ == "json":
        from reconciler.project.health import doctor_json

        show_json(doctor_json(health))
    else:
        from reconciler.reports.text.doctor import doctor_text

        show(doctor_text(health, style=style(sys.stdout)))
    if os.environ.get("RECONCILER_TRACE"):
        for line in health.lines:
            if line.result.defect:
                traceback.print_exception(line.result.defect)
    return 0 if health.is_usable else codes.FAILED
