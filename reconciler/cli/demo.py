"""`reconciler demo`"""

import click


@click.command(name="demo")
def command() -> int:
    """Walk through the main job on the sample organisation, against the embedded API. Takes about ten seconds."""
    from reconciler.cli.main import run
    from reconciler.operations.demo import demo

    demo(click.echo, run)
    return 0
