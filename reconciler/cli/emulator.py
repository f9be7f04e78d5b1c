"""`reconciler emulator`: the embedded OpenAI API as a server."""

from pathlib import Path

import click

from reconciler.cli.output import note
from reconciler.emulator.fault_spec import table

SECONDS = click.FloatRange(0, 3600)


@click.group(name="emulator")
def command() -> None:
    """Run the embedded OpenAI API as a server for trials and tests."""


FAULTS = f"""\b
Faults (--faults, and RECONCILER_FAULTS for RECONCILER_ENDPOINT=embedded):
{table()}

\b
--faults drop-after:POST:/v1/agents:2      drop the response to the second create of an agent
--faults 429=3:POST:*:1-3,seed=7,slow:GET:*:10%
To change or count faults at run time, use PUT and GET /_emulator/faults."""


@command.command(name="serve", epilog=FAULTS)
@click.option("--host", default="127.0.0.1", show_default=True, help="Listen on this address.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8787,
    show_default=True,
    help="Listen on this port; 0 selects a free port.",
)
@click.option(
    "--data", metavar="FILE", type=click.Path(path_type=Path), help="Store objects in FILE. Default: in memory."
)
@click.option(
    "--latency", type=SECONDS, default=0.0, metavar="SECONDS", help="Delay every response by SECONDS (default: 0)."
)
@click.option(
    "--ingest-delay",
    type=SECONDS,
    default=0.0,
    metavar="SECONDS",
    help="Index each file of a vector store for SECONDS (default: 0).",
)
@click.option(
    "--rate-limit",
    type=click.FloatRange(0, min_open=True),
    metavar="FACTOR",
    help="Enforce the rate limits of OpenAI, multiplied by FACTOR. Default: no limits.",
)
@click.option(
    "--faults",
    metavar="SPEC",
    default="",
    help="Inject faults: FAULT[=VALUE][:METHOD[:PATH[:WHICH]]], separated by commas.",
)
@click.option(
    "--ahead",
    metavar="DURATION",
    default="",
    help="Set the clock ahead of the time of this machine, by 90s, 30m, 12h or 8d, so that objects expire.",
)
@click.option(
    "--assistants",
    is_flag=True,
    help="Serve the Assistants API, too, which OpenAI has shut down.",
)
def serve(
    host: str,
    port: int,
    data: Path | None,
    latency: float,
    ingest_delay: float,
    rate_limit: float | None,
    faults: str,
    ahead: str,
    assistants: bool,
) -> int:
    """Serve the embedded OpenAI API until interrupted.

    To use it, set OPENAI_BASE_URL=http://127.0.0.1:8787/v1 and any OPENAI_API_KEY.
    """
    from reconciler.project.embedded import serve_emulator

    def announce(url: str) -> None:
        note(f"OpenAI API at {url} (accepts any API key). Press Ctrl-C to stop.")

    serve_emulator(
        host,
        port,
        announce,
        data=data,
        latency=latency,
        ingest_delay=ingest_delay,
        rate_limit=rate_limit,
        faults=faults,
        ahead=ahead,
        assistants=assistants,
    )
    return 0
