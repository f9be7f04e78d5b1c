"""`reconciler demo`"""

import click


@click.command(name="demo")
def command() -> int:
    """Walk through the main job on the sample organisation, against the embedded API. Takes about fifteen seconds."""
    from reconciler.operations.demo import demo

    demo(click.echo)
    return 0
