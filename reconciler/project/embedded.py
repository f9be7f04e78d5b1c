"""The embedded API: its server, and errors that prevent its start."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from reconciler.emulator.fault_spec import SpecError
from reconciler.emulator.settings import DurationError
from reconciler.emulator.store import DamagedError
from reconciler.project.endpoint import DATA
from reconciler.project.garbage import leave_out_loaded
from reconciler.resources.problems import Problem, ReconcilerError
from reconciler.state.local import ignore_in_git

if TYPE_CHECKING:
    from reconciler.live.client import Endpoint
    from reconciler.manifests.project import Project

SERVED: Final = "proj_served"
"""The OpenAI project of the server. It differs from that of the API in this process, so that state separates them."""
FAULTS: Final = "RECONCILER_FAULTS"
"""The variable with faults of the embedded API in this process, like `emulator serve --faults` for the server."""
AHEAD: Final = "RECONCILER_EMULATOR_AHEAD"
"""The variable with the time by which the clock of the embedded API is ahead, like `emulator serve --ahead`."""


@contextmanager
def available(data: Path | None) -> Iterator[None]:
    """Turn errors that prevent the start of the embedded API into ReconcilerErrors: missing extra, data, faults."""
    try:
        yield
    except ImportError as error:
        hint = "Install the extra, in a checkout of Reconciler: pip install '.[emulator]'"
        raise ReconcilerError(Problem("no-emulator", "the embedded API is not installed", hint=hint)) from error
    except sqlite3.Error as error:
        message = f"the embedded API cannot store its data in {data}: {error}"
        hint = "Check the permissions. If the file is damaged, delete it to start with an empty API."
        raise ReconcilerError(Problem("emulator-data", message, hint=hint)) from error
    except DamagedError as error:
        hint = f"Delete {data} to start with an empty API."
        raise ReconcilerError(Problem("emulator-data", f"{data} is damaged: {error}", hint=hint)) from error
    except DurationError as error:
        hint = "Use a number and a unit: 90s, 30m, 12h or 8d."
        message = f"invalid clock of the embedded API: {error}"
        raise ReconcilerError(Problem("bad-duration", message, hint=hint)) from error
    except SpecError as error:
        hint = "To list the faults, run `reconciler emulator serve --help`."
        raise ReconcilerError(
            Problem("bad-faults", f"invalid faults of the embedded API: {error}", hint=hint)
        ) from error


def serve_emulator(
    host: str,
    port: int,
    announce: Callable[[str], None],
    *,
    data: Path | None,
    latency: float,
    ingest_delay: float,
    rate_limit: float | None,
    faults: str,
    ahead: str,
    assistants: bool,
) -> None:
    """Serve until interrupted; raises ReconcilerError if the port is in use or the extra is not installed."""
    with available(data):
        from reconciler.emulator import Settings, clock_ahead
        from reconciler.emulator.serve import serve

        settings = Settings(
            project=SERVED,
            data=data,
            latency=latency,
            ingest_delay=ingest_delay,
            rate_limit=rate_limit,
            faults=faults,
            assistants=assistants,
            now=clock_ahead(ahead),
        )
        leave_out_loaded()
        try:
            serve(settings, host, port, announce)
        except OSError as error:
            message = f"cannot serve on {host}:{port}: {error.strerror or error}"
            raise ReconcilerError(
                Problem("address-in-use", message, hint="Choose another --host or --port.")
            ) from error


def embedded(project: "Project", *, assistants: bool) -> "Endpoint":
    """Return the endpoint of the emulator in this process; its data is in `.reconciler/` of the project."""
    data = project.root / DATA
    with available(data):
        import httpx2

        from reconciler.emulator import Settings, clock_ahead, create_app
        from reconciler.live.client import Endpoint

        data.parent.mkdir(exist_ok=True)
        ignore_in_git(data.parent)
        settings = Settings(data=data, faults=os.environ.get(FAULTS, ""), assistants=assistants)
        ahead = os.environ.get(AHEAD)
        app = create_app(replace(settings, now=clock_ahead(ahead)) if ahead else settings)

    class Embedded(httpx2.ASGITransport):
        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            with available(data):
                return await super().handle_async_request(request)

        async def aclose(self) -> None:
            app.state.store.close()

    return Endpoint(transport=Embedded(app=app), mirrors_openai=not assistants)
