"""Options of the commands that plan, ask for a confirmation, and apply in one step."""

from collections.abc import Callable
from typing import Final

import click

from reconciler.cli import options

yes: Final = click.option("--yes", is_flag=True, help="Skip the confirmation.")


def in_one_step(dry_run: str) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """Add `--out`, `--yes`, `--dry-run` with this description, `--lock-timeout` and `--json-events`."""

    def add(function: Callable[..., int]) -> Callable[..., int]:
        only_shown = click.option("--dry-run", is_flag=True, help=dry_run)
        return options.out(yes(only_shown(options.applying(function))))

    return add
