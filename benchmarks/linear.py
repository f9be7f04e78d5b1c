"""The cost of one object among 100, 1,000 and 10,000: bytes written to the state, and CPU, of an apply and of a plan.

`one` is an apply that changes a single object: its bytes, all of them, and its CPU, which is that of the plan of all.

    python -m benchmarks.linear [local|s3|postgres] [SIZE ...]

`s3` and `postgres` are the servers of the tests. The API is the embedded one, in a process of its own, whose CPU is not
counted; nothing is paced. A cost that does not grow with the number of objects has a ratio of 1.
"""

import asyncio
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from reconciler.live.client import Endpoint, connect
from reconciler.live.pace import Pace
from reconciler.operations.apply import apply_plan
from reconciler.operations.plan import make_plan
from reconciler.project.workspace import Workspace, open_workspace
from tests.support.processes import Process, api
from tests.support.servers import PostgresServer, S3Server, postgres_programs
from tests.support.world import PROJECT, Quiet, as_yaml, manifest

SIZES: Final = (100, 1_000, 10_000)
KEY: Final = {"OPENAI_API_KEY": "sk-test"}


@dataclass(frozen=True)
class Cost:
    """Of one command, for each object."""

    bytes: float
    cpu: float
    """Milliseconds."""
    seconds: float
    """All of it, for all objects."""


def project(root: Path, objects: int) -> Path:
    """Agents, each with instructions of its own."""
    spec = {"target": "agents", "model": "gpt-6-luna"}
    agents = [manifest("Assistant", f"a{number}", {**spec, "instructions": f"{number}."}) for number in range(objects)]
    root.mkdir()
    (root / "project.yaml").write_text(as_yaml([PROJECT]))
    (root / "agents.yaml").write_text(as_yaml(agents))
    return root


def changed(root: Path, url: str, environ: Mapping[str, str], objects: int) -> Cost:
    """Change one object, and apply that, in this process."""
    agents = root / "agents.yaml"
    agents.write_text(agents.read_text().replace("0.", "Another.", 1))
    cost = applied(root, url, environ, 1)
    return Cost(cost.bytes, cost.cpu / objects, cost.seconds)


def applied(root: Path, url: str, environ: Mapping[str, str], objects: int) -> Cost:
    """Plan and apply what is there, in this process."""
    before, started = _cpu(), time.monotonic()

    async def work() -> int:
        workspace = open_workspace(root, environ)
        written = _counting(workspace)
        async with connect(Endpoint(url), pace=Pace({})) as connection:
            observed = await make_plan(workspace, connection)
            result = await apply_plan(workspace, connection, observed, Quiet(), resume="")
            if not result.complete:
                raise SystemExit(f"only {len(result.of('done'))} objects were made")
        return sum(written)

    written = asyncio.run(work())
    return Cost(written / objects, (_cpu() - before) * 1000 / objects, time.monotonic() - started)


def _counting(workspace: Workspace) -> list[int]:
    """The length of every document of the state that is written from now on; bundles are no state."""
    store: Any = workspace.backend.store
    written: list[int] = []

    def counted(write: Any) -> Any:
        def call(key: str, data: bytes, *rest: Any) -> Any:
            if key.startswith("state/"):
                written.append(len(data))
            return write(key, data, *rest)

        return call

    store.create, store.replace = counted(store.create), counted(store.replace)
    return written


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


@contextmanager
def state(backend: str) -> Iterator[dict[str, str]]:
    """Yield the environment variables that name an empty state."""
    if backend == "local":
        yield {}
    elif backend == "s3":
        server = S3Server()
        server.start()
        server.make_bucket("acme")
        keys = {"AWS_ACCESS_KEY_ID": "benchmark", "AWS_SECRET_ACCESS_KEY": "benchmark"}
        try:
            yield {**keys, "RECONCILER_STATE": f"s3://acme/state?region=eu-central-1&endpoint_url={server.url}"}
        finally:
            server.stop()
    else:
        programs = postgres_programs()
        if programs is None:
            raise SystemExit("takes PostgreSQL's server: Debian's package postgresql")
        with tempfile.TemporaryDirectory() as folder:
            shutil.chown(folder, "postgres")
            database = PostgresServer(programs, Path(folder))
            database.make()
            database.start()
            try:
                yield {"RECONCILER_STATE": database.dsn}
            finally:
                database.stop()


def measure(backend: str, objects: int) -> dict[str, Cost]:
    with tempfile.TemporaryDirectory() as folder, state(backend) as named:
        environ = {**KEY, **named}
        root = project(Path(folder, "acme"), objects)
        with api(Path(folder, "api.sqlite")) as url:
            works = {"apply": applied, "plan": applied, "one": changed}
            arguments = (root, url, environ, objects)
            return {what: Process(environ, work, *arguments).result(patience=None) for what, work in works.items()}


def main(backend: str, sizes: Sequence[int]) -> None:
    print(f"{backend}: for each object")
    print(f"{'objects':>8}  {'':5}  {'bytes':>8}  {'ms CPU':>8}  {'seconds in all':>14}")
    costs = {}
    for objects in sizes:
        costs[objects] = measure(backend, objects)
        for what, cost in costs[objects].items():
            print(f"{objects:>8}  {what:5}  {cost.bytes:>8.0f}  {cost.cpu:>8.2f}  {cost.seconds:>14.1f}", flush=True)
    few, many = costs[sizes[0]], costs[sizes[-1]]
    for what in few:
        written = f"{many[what].bytes / few[what].bytes:.2f}" if few[what].bytes else "-"
        print(f"{sizes[-1]:,} to {sizes[0]:,}, {what}: bytes {written}, CPU {many[what].cpu / few[what].cpu:.2f}")


if __name__ == "__main__":
    main(sys.argv[1] if sys.argv[1:] else "local", [int(size) for size in sys.argv[2:]] or SIZES)
