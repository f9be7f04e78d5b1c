"""`reconciler demo`"""

import click


@click.command(name="demo")
def command() -> int:
    """Run the demo: the main workflow on the sample organisation and the embedded API, in about 10 seconds."""
    from reconciler.cli.main import run
    from reconciler.operations.demo import demo

    demo(click.echo, run)
    return 0
