"""`reconciler emulator`: the embedded OpenAI API over a socket."""

from pathlib import Path

import click

from reconciler.cli.output import note
from reconciler.emulator.faults.spec import table

SECONDS = click.FloatRange(0, 3600)


@click.group(name="emulator")
def command() -> None:
    """Run the embedded OpenAI API, for trying things out and for anyone's tests."""


FAULTS = f"""\b
Faults (--faults, and RECONCILER_FAULTS for RECONCILER_ENDPOINT=embedded):
{table()}

\b
--faults drop-after:POST:/v1/agents:2      the second create of an agent
--faults 429=3:POST:*:1-3,seed=7,slow:GET:*:10%
PUT and GET /_emulator/faults change and count them while it runs: docs/emulator.md."""


@command.command(name="serve", epilog=FAULTS)
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(0, 65535), default=8787, show_default=True, help="0 takes a free one.")
@click.option("--data", metavar="FILE", type=click.Path(path_type=Path), help="Keep objects in FILE; else in memory.")
@click.option("--latency", type=SECONDS, default=0.0, metavar="SECONDS", help="Added to every answer.")
@click.option(
    "--ingest-delay",
    type=SECONDS,
    default=0.0,
    metavar="SECONDS",
    help="How long a file in a vector store takes to index.",
)
@click.option(
    "--rate-limit",
    type=click.FloatRange(0, min_open=True),
    metavar="FACTOR",
    help="Enforce OpenAI's rate limits, times FACTOR.",
)
@click.option(
    "--faults",
    metavar="SPEC",
    default="",
    help="What goes wrong with which requests: FAULT[=VALUE][:METHOD[:PATH[:WHICH]]], with commas between.",
)
def serve(
    host: str, port: int, data: Path | None, latency: float, ingest_delay: float, rate_limit: float | None, faults: str
) -> int:
    """Serve agents, files, vector stores, models and what refers to them, until interrupted.

    Point any OpenAI client at it: OPENAI_BASE_URL=http://127.0.0.1:8787/v1, with any OPENAI_API_KEY.
    """
    from reconciler.project.embedded import serve_emulator

    def announce(url: str) -> None:
        note(f"OpenAI API at {url} (any API key will do). Ctrl-C stops it.")

    serve_emulator(
        host,
        port,
        announce,
        data=data,
        latency=latency,
        ingest_delay=ingest_delay,
        rate_limit=rate_limit,
        faults=faults,
    )
    return 0
