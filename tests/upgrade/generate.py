"""Write `tests/upgrade/data` anew, with the code of commit 893cbbb: what a user of that version has on disk.

    git worktree add ../at-893cbbb 893cbbb
    .venv/bin/python -m tests.upgrade.generate ../at-893cbbb [acme] [initech] [globex] [backends]

Everything is made by the command line of that checkout, in processes of its own, against its embedded API. Ids, times
and tokens differ each time, so a part is written, and committed, as a whole. The data is for later versions to
read: do not run this with any other code. The locks of killed runs are free two and a half minutes later: only then do
the tests pass.
"""

import hashlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from tests.upgrade import sources

BASE: Final = "893cbbb"
DATA: Final = Path(__file__).parent / "data"
CASES: Final = DATA / "acme" / "cases"
API: Final = Path(".reconciler", "emulator.sqlite")
FOLDERS: Final = {"state": ".reconciler/state", "bundles": ".reconciler/bundles", "published": "published"}
"""What is kept beside the manifests, and where it is in a project. `published` is left out where it is as `bundles`."""
RUN: Final = {
    "GITHUB_RUN_ID": "4711",
    "GITHUB_SERVER_URL": "https://github.example",
    "GITHUB_REPOSITORY": "acme/bots",
    "GITHUB_ACTOR": "grace",
}
"""A run that has a page of its own, and so is named by it."""
GIT: Final = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_AUTHOR_NAME": "ada",
    "GIT_AUTHOR_EMAIL": "ada@example.com",
    "GIT_COMMITTER_NAME": "ada",
    "GIT_COMMITTER_EMAIL": "ada@example.com",
}
KILL: Final = "UPGRADE_KILL"
"""`before|after METHOD PATH N`: die around the N-th request of that method and path, `*` being one part of a path."""

_CHILD: Final = """
import asyncio, fnmatch, os, signal, socket, sys
socket.gethostname = lambda: "workstation"
from reconciler.state import lock
lock._machine = lambda: "a machine that is no more"
if os.environ.get("UPGRADE_KILL"):
    import httpx2
    when, method, path, number = os.environ["UPGRADE_KILL"].split()
    turn, met, handle = asyncio.Lock(), 0, httpx2.ASGITransport.handle_async_request
    async def handled(self, request):
        global met
        async with turn:
            here = request.method == method and fnmatch.fnmatchcase(request.url.path, path)
            met += here
            if here and met == int(number) and when == "before":
                os.kill(os.getpid(), signal.SIGKILL)
            answer = await handle(self, request)
            if here and met == int(number):
                os.kill(os.getpid(), signal.SIGKILL)
            return answer
    httpx2.ASGITransport.handle_async_request = handled
from reconciler.cli.main import main
main()
"""


def write(root: Path, files: Mapping[str, str | None]) -> None:
    """Write files, and remove those of which the text is None."""
    for path, text in files.items():
        target = root / path
        if text is None:
            target.unlink()
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")


@dataclass
class Project:
    """A project folder that the old command line works on."""

    checkout: Path
    root: Path
    environ: dict[str, str] = field(default_factory=dict)

    @classmethod
    def make(
        cls, checkout: Path, root: Path, files: Mapping[str, str], environ: Mapping[str, str] = MappingProxyType({})
    ) -> "Project":
        made = cls(checkout, root, dict(environ))
        write(root, files)
        made.git("init", "--quiet", "--initial-branch=main")
        made.commit("Begin")
        return made

    def copied(self, root: Path) -> "Project":
        shutil.copytree(self.root, root)
        return Project(self.checkout, root, dict(self.environ))

    def edit(self, path: str, old: str, new: str) -> None:
        file = self.root / path
        text = file.read_text(encoding="utf-8")
        assert old in text, (path, old)
        file.write_text(text.replace(old, new), encoding="utf-8")

    def git(self, *words: str) -> str:
        done = subprocess.run(
            ["git", *words], cwd=self.root, env={**os.environ, **GIT}, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    def commit(self, message: str) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", message)

    def cli(self, *words: object, code: int = 0, environ: Mapping[str, str] = MappingProxyType({})) -> str:
        """What a command prints; it has to end with `code`."""
        kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
        done = subprocess.run(
            [sys.executable, "-c", _CHILD, *map(str, words)],
            cwd=self.root,
            env={
                **kept,
                **GIT,
                "PYTHONPATH": str(self.checkout),
                "USER": "ada",
                "RECONCILER_ENDPOINT": "embedded",
                **self.environ,
                **environ,
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def apply(self, *environments: str) -> None:
        """Apply, in each environment; then there is nothing to do."""
        for chosen in [["--env", name] for name in environments] or [[]]:
            self.cli("apply", "--yes", *chosen)
            self.cli("plan", "--detailed-exitcode", *chosen)

    def killed(self, where: str, *words: object) -> None:
        self.cli("apply", "--yes", *words, code=-signal.SIGKILL, environ={KILL: where})

    def by_hand(self, change: Callable[[Any], Any]) -> Any:
        """What somebody else does with the SDK at the embedded API of this project."""
        import asyncio

        import httpx2
        from openai import AsyncOpenAI

        from reconciler.emulator import Settings, create_app

        async def run() -> Any:
            transport = httpx2.ASGITransport(create_app(Settings(data=self.root / API)))
            client = httpx2.AsyncClient(transport=transport)
            async with AsyncOpenAI(api_key="x", base_url="http://embedded/v1", http_client=client) as sdk:
                return await change(sdk)

        return asyncio.run(run())

    def save(self, name: str) -> Path:
        """Everything that is there, in `data/<name>`."""
        into = DATA / name
        shutil.copytree(
            self.root, into / "project", ignore=shutil.ignore_patterns(".git", ".gitignore", ".reconciler", "published")
        )
        for folder, source in FOLDERS.items():
            if (self.root / source).exists():
                shutil.copytree(self.root / source, into / folder)
        if _texts(into / "published") == _texts(into / "bundles"):
            shutil.rmtree(into / "published", ignore_errors=True)
        self.save_api(into)
        return into

    def save_api(self, into: Path) -> None:
        with closing(sqlite3.connect(self.root / API)) as database:
            lines = "\n".join(database.iterdump())
        (into / "api.sql").write_text(lines + "\n", encoding="utf-8")

    def save_edits(self, base: Path, into: Path) -> None:
        """What differs from the project that was saved in `base`: changed files, and the names of removed ones."""
        kept = _texts(base / "project")
        found = _texts(self.root)
        write(into / "changes", {path: text for path, text in found.items() if kept.get(path) != text})
        (into / "removed.txt").write_text("".join(f"{path}\n" for path in sorted(kept.keys() - found.keys())))


def _texts(root: Path) -> dict[str, str]:
    """The files of a project, without what is not its own."""
    paths = [path for path in root.rglob("*") if path.is_file()]
    names = {path.relative_to(root).as_posix(): path for path in paths}
    hidden = (".git/", ".gitignore", ".reconciler/", "published/", "plan")
    return {name: path.read_text(encoding="utf-8") for name, path in names.items() if not name.startswith(hidden)}


# acme: every kind, two environments, releases; plans that are pending.

BOTH: Final = ("staging", "production")


def acme(checkout: Path, scratch: Path) -> None:
    first = {**sources.ACME, "assistants/diarist.yaml": sources.DIARIST_BEFORE}
    made = Project.make(checkout, scratch / "acme", first)
    made.apply(*BOTH)
    _move_and_remove(made)
    made.apply(*BOTH)
    first_release = _release(made)
    made.by_hand(_strangers)
    made.apply(*BOTH)
    _move_in_state(made)
    for name in BOTH:
        (scratch / f"{name}.json").write_text(made.cli("state", "pull", "--env", name))
    base = made.save("acme")
    for name in BOTH:
        shutil.copy(scratch / f"{name}.json", base / f"pulled-{name}.json")
    (base / "support-v1.yaml").write_text(first_release, encoding="utf-8")
    _cases(made, base)


def _move_and_remove(made: Project) -> None:
    write(
        made.root,
        {
            "assistants/front-desk.yaml": None,
            "assistants/desk.yaml": sources.DESK,
            "assistants/diarist.yaml": sources.ACME["assistants/diarist.yaml"],
            "stores/memo.yaml": None,
            "stores/notes.yaml": sources.NOTES,
            "assistants/keeper.yaml": None,
            "assistants/old.yaml": None,
        },
    )
    made.commit("Rename, keep one that goes, delete one")


def _release(made: Project) -> str:
    """support: 1 archived, 2 published, 3 not. hotline: 1 published in staging, 2 not.

    Gives the manifest of the first release, as it was before it was archived.
    """
    made.cli("release", "support", "--publish", "-m", "The first")
    made.commit("Release 1")
    made.apply(*BOTH)
    first = (made.root / "releases/support/v1.yaml").read_text(encoding="utf-8")
    made.edit("prompts/triage.md", "what it is about", "what it is all about")
    made.edit("kb/open/bills.md", "first", "second")
    made.cli("release", "support", "--publish", "-m", "Bills come later")
    made.commit("Release 2")
    made.apply(*BOTH)
    made.cli("archive", "release/support@1")
    made.commit("Archive release 1")
    made.apply(*BOTH)
    made.edit("pipelines/flow.yaml", "Be brief.", "Be very brief.")
    write(made.root, {"kb/open/new.md": "A page that release 2 has not.\n"})
    made.commit("Edit")
    made.cli("release", "support", "-m", "Shorter")
    made.cli("release", "hotline", "--publish", "--env", "staging", "--vendor")
    made.commit("Release support 3 and hotline 1")
    made.apply(*BOTH)
    made.edit("assistants/early.yaml", "level: 2", "level: 3")
    made.commit("Edit")
    made.cli("release", "hotline", "--vendor", "-m", "Level 3")
    made.commit("Release hotline 2")
    made.apply(*BOTH)
    return first


async def _strangers(sdk: Any) -> None:
    """Objects that are not managed, and a file that is pruned."""
    await sdk.beta.agents.create(model="gpt-6-luna", name="somebody else's")
    await sdk.vector_stores.create(name="somebody else's")
    uploaded = await sdk.files.create(file=("stray.md", b"Stray."), purpose="assistants")
    stores = [found async for found in sdk.vector_stores.list()]
    for store in stores:
        if _label(store).endswith(" vectorstore/handbook"):
            await sdk.vector_stores.files.create(store.id, file_id=uploaded.id)


def _move_in_state(made: Project) -> None:
    """There and back: two segments of the journal that say everything anew. Then a change that is in staging only."""
    made.cli("state", "mv", "assistant/warden", "assistant/guard", "--env", "production")
    made.cli("state", "mv", "assistant/guard", "assistant/warden", "--env", "production")
    made.edit("project.yaml", "note: first", "note: second")
    made.commit("Note")
    made.cli("apply", "--yes", "--env", "staging", environ=RUN)
    made.apply(*BOTH)


def _cases(made: Project, base: Path) -> None:
    """Plans of production that are pending, each with the edits that it was made on."""
    for prepare in (_fresh, _refused, _consent, _drift, _subjects):
        name = prepare.__name__.removeprefix("_")
        case = made.copied(made.root.parent / f"acme-{name}")
        into = base / "cases" / name
        into.mkdir(parents=True)
        prepare(case, into)
        case.save_edits(base, into)


def _plan(case: Project, into: Path, *words: str, code: int = 0, name: str = "plan.json") -> dict[str, Any]:
    case.cli("plan", "--env", "production", "--out", into / name, *words, code=code)
    return _read(into / name)


def _read(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


def _fresh(case: Project, into: Path) -> None:
    """Every action that a plan can have, where live is as it was applied."""
    case.edit("prompts/triage.md", "all about", "about")
    case.edit("assistants/billing.yaml", "1200", "1300")
    case.edit("kb/open/bills.md", "second", "third")
    desk = sources.DESK.replace("name: desk", "name: reception").replace("front-desk", "[desk, front-desk]")
    write(
        case.root,
        {
            "assistants/desk.yaml": None,
            "assistants/reception.yaml": desk,
            "assistants/fresh.yaml": sources.agent("fresh", "Begin."),
            "assistants/gone.yaml": None,
            "assistants/lodger.yaml": None,
            "kb/open/safety.md": None,
            "kb/open/later.md": "Later.\n",
            "releases/hotline/v2.yaml": None,
        },
    )
    case.edit("stores/handbook.yaml", "What is known.", "What is known now.")
    case.edit("stores/handbook.yaml", "    - path: kb/open/safety.md\n", "    - path: kb/open/later.md\n")
    case.commit("Edit")
    case.cli("release", "support", "--publish", "--env", "production", "-m", "All of it")
    case.cli("release", "diary")
    _plan(case, into)


def _refused(case: Project, into: Path) -> None:
    write(case.root, {"assistants/triage.yaml": None, "assistants/warden.yaml": None})
    case.edit("pipelines/flow.yaml", "assistant: triage", "assistant: desk")
    case.edit("assistants/billing.yaml", "1200", "1300")
    _plan(case, into, code=3)


def _consent(case: Project, into: Path) -> None:
    write(case.root, {"assistants/warden.yaml": None})
    refused = _plan(case, into, code=3, name="refused.json")
    (refusal,) = refused["refusals"]
    last = (datetime.now(UTC) + timedelta(days=60)).date().isoformat()
    written = refusal["consent"].replace('reason: ""', 'reason: "It is of no use."')
    written = written.replace('expires: ""', f'expires: "{last}"')
    write(case.root, {"consents.yaml": written})
    _plan(case, into)


def _drift(case: Project, into: Path) -> None:
    case.by_hand(_change)
    case.edit("assistants/billing.yaml", "1200", "1300")
    case.cli("drift", "--env", "production", "--out", into / "drift.json", code=2)
    _plan(case, into)
    _plan(case, into, "--on-drift", "keep", name="plan-keep.json")
    case.save_api(into)


def _subjects(case: Project, into: Path) -> None:
    """Refusals that a consent lifts, of as many rules as one plan can have."""
    case.by_hand(_automate)
    case.by_hand(_change)
    write(case.root, {"assistants/gone.yaml": None, "assistants/warden.yaml": None})
    case.edit("project.yaml", "max_deletes: 6", "max_deletes: 0")
    case.edit("pipelines/flow.yaml", "Be very brief.", "Be brief again.")
    case.commit("Edit")
    case.cli("release", "support")
    _plan(case, into, "--on-drift", "keep", code=3)
    case.save_api(into)


async def _automate(sdk: Any) -> None:
    """Somebody has an agent run each night."""
    say = {"role": "user", "content": [{"type": "input_text", "text": "Go."}]}
    async for agent in sdk.beta.agents.list():
        if _label(agent) == "acme/production assistant/gone":
            target = {"type": "new_session", "environment": {"type": "none"}, "input": [say], "agent_id": agent.id}
            schedule = {"type": "periodic", "name": "nightly", "expression": "0 3 * * *", "timezone": "UTC"}
            await sdk.beta.agents.automations.create(**schedule, target=target)


async def _change(sdk: Any) -> None:
    """Somebody changes an agent, a store, and the files of another store."""
    async for agent in sdk.beta.agents.list():
        if _label(agent) == "acme/production assistant/triage":
            await sdk.beta.agents.update(agent.id, instructions="By hand.")
    async for store in sdk.vector_stores.list():
        if _label(store) == "acme/production vectorstore/handbook":
            await sdk.vector_stores.update(store.id, name="Renamed")
        if _label(store) == "acme/production vectorstore/tariffs":
            files = [found async for found in sdk.vector_stores.files.list(store.id)]
            await sdk.vector_stores.files.delete(files[0].id, vector_store_id=store.id)


def _label(item: Any) -> str:
    labels = item.metadata or {}
    return f"{labels.get('reconciler-project')} {labels.get('reconciler-address')}"


# globex: no environments; what killed and partial runs leave.


def globex(checkout: Path, scratch: Path) -> None:
    base = globex_applied(checkout, scratch / "globex", {})
    base.save("globex/applied")
    for name, where in KILLS.items():
        case = base.copied(scratch / f"globex-{name}")
        write(case.root, sources.GLOBEX_LATER)
        case.killed(where)
        case.save(f"globex/{name}")
        if name == "killed-upload":
            _killed_and_rewritten(case)
    _planned(base.copied(scratch / "globex-planned"))
    _partial(base.copied(scratch / "globex-partial"))
    _migrated(base.copied(scratch / "globex-migrated"), scratch)
    _rebuilt(base.copied(scratch / "globex-rebuilt"))


KILLS: Final = {
    "killed-create": "after POST /v1/agents 2",  # two agents are made, and nothing says so
    "killed-upload": "before POST /v1/vector_stores/*/file_batches 1",  # documents are uploaded, and in no store
    "killed-replace": "before DELETE /v1/* 1",  # documents are replaced, and the old ones still there
}


def _killed_and_rewritten(case: Project) -> None:
    """What a killed run announced is in the state document, as everything was written anew since."""
    case.cli("state", "mv", "assistant/goes", "assistant/went")
    case.cli("state", "mv", "assistant/went", "assistant/goes")
    saved = case.save("globex/killed-rewritten")
    assert _read(saved / "state" / "globex" / "state.json")["pending"]


def globex_applied(checkout: Path, root: Path, environ: Mapping[str, str]) -> Project:
    """globex with one release published and one not, and a journal of several runs."""
    made = Project.make(checkout, root, sources.GLOBEX, environ)
    remote = root.parent / f"{root.name}.git"
    subprocess.run(["git", "init", "--quiet", "--bare", str(remote)], check=True, env={**os.environ, **GIT})
    made.git("remote", "add", "origin", str(remote))
    made.git("push", "--quiet", "origin", "main")
    made.apply()
    made.cli("release", "desk", "--publish", "-m", "The first")
    made.commit("Release 1")
    made.cli("apply", "--yes", environ=RUN)
    made.edit("assistants/helper.yaml", "Help.", "Help!")
    made.commit("Edit")
    made.cli("release", "desk", "-m", "The second")
    made.commit("Release 2")
    made.apply()
    write(made.root, {"assistants/helper.yaml": sources.HELPER})
    made.apply()
    return made


def _planned(case: Project) -> None:
    """A saved plan that was applied completely, and its result."""
    write(case.root, sources.GLOBEX_LATER)
    case.cli("plan", "--out", "plan.json")
    case.cli("apply", "--yes", "plan.json", "--out", "apply.json", environ=RUN)
    into = case.save("globex/planned")
    _move_documents(into)


def _partial(case: Project) -> None:
    """A saved plan of which a part was applied."""
    write(case.root, sources.GLOBEX_LATER)
    case.cli("plan", "--out", "plan.json")
    faults = {"RECONCILER_FAULTS": "error-before=400:POST:/v1/agents:2"}
    case.cli("apply", "--yes", "plan.json", "--out", "apply.json", code=4, environ={**faults, **RUN})
    into = case.save("globex/partial")
    _move_documents(into)


def _move_documents(into: Path) -> None:
    for name in ("plan.json", "apply.json"):
        shutil.move(into / "project" / name, into / name)


def _migrated(case: Project, scratch: Path) -> None:
    """A state that went to a Git branch: a note of that is what is left."""
    remote = scratch / "elsewhere.git"
    subprocess.run(["git", "init", "--quiet", "--bare", str(remote)], check=True, env={**os.environ, **GIT})
    case.git("remote", "set-url", "origin", str(remote))
    case.git("push", "--quiet", "origin", "main")
    case.cli("state", "migrate-backend", "git")
    shutil.copytree(case.root / ".reconciler" / "state", DATA / "globex" / "migrated" / "state")


def _rebuilt(case: Project) -> None:
    """A state that was lost and rebuilt, after somebody had detached a file: nothing proves what was applied."""

    async def detach(sdk: Any) -> None:
        async for store in sdk.vector_stores.list():
            if _label(store) == "globex vectorstore/kb":
                files = [found async for found in sdk.vector_stores.files.list(store.id)]
                await sdk.vector_stores.files.delete(files[0].id, vector_store_id=store.id)

    case.by_hand(detach)
    shutil.rmtree(case.root / ".reconciler" / "state")
    case.cli("state", "rebuild")
    saved = case.save("globex/rebuilt")
    assert '"unproven"' in "".join(_texts(saved / "state").values())


# initech: the latest documents of the journal are merged into one.


def initech(checkout: Path, scratch: Path) -> None:
    made = Project.make(checkout, scratch / "initech", sources.INITECH)
    made.apply()
    for number in range(20):
        made.edit("assistants/small.yaml", f"turn-{number}", f"turn-{number + 1}")
        made.apply()
    saved = made.save("initech")
    assert list(saved.glob("state/initech/journal/*-*.json")), "nothing was merged"


# The same project with its state in each of the shared backends, applied and killed.


def backends(checkout: Path, scratch: Path) -> None:
    from tests.support.servers import PASSWORD, PostgresServer, S3Server, postgres_programs

    for name in ("git", "s3", "postgres"):
        (DATA / name).mkdir()
    _in_git(checkout, scratch)
    keys = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": PASSWORD}
    server = S3Server()
    server.start()
    try:
        server.make_bucket("fixture")
        url = f"s3://fixture/team/globex?region=eu-central-1&endpoint_url={server.url}"
        _backend(checkout, scratch, "s3", {**keys, "RECONCILER_STATE": url}, lambda into: _save_objects(server, into))
    finally:
        server.stop()
    programs = postgres_programs()
    assert programs, "PostgreSQL's server is not installed"
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    if os.getuid() == 0:
        shutil.chown(folder, "postgres")
    database = PostgresServer(programs, folder)
    database.make()
    database.start()
    try:
        url = f"{database.dsn}?schema=reconciler"
        _backend(checkout, scratch, "postgres", {"RECONCILER_STATE": url}, lambda into: _save_rows(database.dsn, into))
    finally:
        database.stop()
        shutil.rmtree(folder)


def _backend(
    checkout: Path, scratch: Path, name: str, environ: Mapping[str, str], save: Callable[[Path], None]
) -> None:
    made = globex_applied(checkout, scratch / f"globex-{name}", environ)
    save(made.save(f"{name}/applied"))
    write(made.root, sources.GLOBEX_LATER)
    made.killed("after POST /v1/agents 2")
    save(made.save(f"{name}/killed"))


def _in_git(checkout: Path, scratch: Path) -> None:
    remote = scratch / "globex-git.git"

    def save(into: Path) -> None:
        words = ["git", "-C", str(remote), "fast-export", "--reencode=no", "reconciler-state"]
        exported = subprocess.run(words, check=True, capture_output=True).stdout
        (into / "state.fast-export").write_bytes(exported)

    _backend(checkout, scratch, "git", {"RECONCILER_STATE": "git"}, save)


def _save_objects(server: Any, into: Path) -> None:
    import boto3

    bucket = boto3.resource(
        "s3", endpoint_url=server.url, region_name="eu-central-1", aws_access_key_id="x", aws_secret_access_key="x"
    ).Bucket("fixture")
    for found in bucket.objects.all():
        target = into / "objects" / found.key
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(found.get()["Body"].read())


def _save_rows(dsn: str, into: Path) -> None:
    import psycopg

    with psycopg.connect(dsn) as connection:
        rows = connection.execute("SELECT key, data, version FROM reconciler.documents ORDER BY key").fetchall()
    records = [{"key": key, "version": version, "data": bytes(data).decode()} for key, data, version in rows]
    (into / "rows.json").write_text(json.dumps(records, indent=1) + "\n", encoding="utf-8")
    from reconciler.state import postgres

    (into / "table.sql").write_text(postgres._TABLE + "\n", encoding="utf-8")


# The digests of all of it, read from what was written.


def pins() -> dict[str, Any]:
    """What must stay the same for ever, by what it is of."""
    return {
        "releases": {
            name: {
                f"release/{file.parent.name}@{file.stem[1:]}": _digest_line(file)
                for file in sorted((DATA / folder).parent.glob("project/releases/*/v*.yaml"))
            }
            for name, folder in PUBLISHED.items()
        },
        "bundles": {name: _pointers(DATA / folder) for name, folder in PUBLISHED.items()},
        "labels": {name: _labels((DATA / folder).parent / "api.sql") for name, folder in PUBLISHED.items()},
        "marks": {name: _marks((DATA / folder).parent / "api.sql") for name, folder in PUBLISHED.items()},
        "plans": {
            file.relative_to(DATA).as_posix(): _plan_pins(_read(file)) for file in sorted(DATA.glob("**/plan*.json"))
        },
        "consents": {
            case: {f"{one['rule']} {one['address']}": one["subject"] for one in _read(CASES / case)["refusals"]}
            for case in ("refused/plan.json", "consent/refused.json", "subjects/plan.json")
        },
    }


PUBLISHED: Final = {"acme": "acme/bundles", "globex": "globex/applied/bundles"}


def _digest_line(file: Path) -> str:
    return next(line.split()[-1] for line in file.read_text().splitlines() if line.startswith("  digest:"))


def _pointers(outlet: Path) -> dict[str, str]:
    """Of every pointer, the digest of its blob; and of every blob, that it is the one its name says."""
    found = {}
    for file in sorted(outlet.rglob("*.json")):
        if file.parent.name == "blobs":
            assert hashlib.sha256(file.read_bytes()).hexdigest() == file.stem
        else:
            found[file.relative_to(outlet).as_posix()] = _read(file)["blob"]
    return found


def _labels(api: Path) -> dict[str, Any]:
    """The labels of every live object that has some, by identity and address."""
    found: dict[str, Any] = {}
    for metadata in _labelled(api).values():
        found[f"{metadata['reconciler-project']} {metadata['reconciler-address']}"] = {
            name: value for name, value in metadata.items() if name.startswith("reconciler-")
        }
    return dict(sorted(found.items()))


def _marks(api: Path) -> dict[str, Any]:
    """The attributes of the files of each store of ours."""
    stores = _labelled(api)
    found: dict[str, Any] = {}
    for store, body in _rows(api, "SELECT scope, body FROM objects WHERE kind = 'vector_store.file'"):
        if store in stores:
            name = f"{stores[store]['reconciler-project']} {stores[store]['reconciler-address']}"
            found.setdefault(name, []).append(json.loads(body)["attributes"])
    return {name: sorted(found[name], key=lambda one: one["reconciler-sha256"]) for name in sorted(found)}


def _labelled(api: Path) -> dict[str, dict[str, str]]:
    """The metadata of every labelled object, by id."""
    documents = (json.loads(body) for (body,) in _rows(api, "SELECT body FROM objects ORDER BY seq"))
    metadata = {one["id"]: one.get("given", one).get("metadata") or {} for one in documents}
    return {id_: one for id_, one in metadata.items() if "reconciler-address" in one}


def _rows(api: Path, query: str) -> list[Any]:
    with closing(sqlite3.connect(":memory:")) as database:
        database.executescript(api.read_text(encoding="utf-8"))
        return database.execute(query).fetchall()


def _plan_pins(plan: Mapping[str, Any]) -> dict[str, Any]:
    work = [*plan["changes"], *plan["drift"]]
    return {
        "digest": plan["digest"],
        "changes": {f"{change['action']} {change['address']}": change["digest"] for change in work},
    }


PARTS: Final[dict[str, tuple[Callable[[Path, Path], None], tuple[str, ...]]]] = {
    "acme": (acme, ("acme",)),
    "initech": (initech, ("initech",)),
    "globex": (globex, ("globex",)),
    "backends": (backends, ("git", "s3", "postgres")),
}
"""Each part with the folders that it writes."""


def main() -> None:
    checkout, *chosen = sys.argv[1:]
    at = Path(checkout).resolve()
    words = ["git", "-C", str(at), "rev-parse", "HEAD"]
    head = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    assert head.startswith(BASE), f"{at} is at {head.strip()}, not at {BASE}"
    sys.path.insert(0, str(at))
    for name in chosen or PARTS:
        write_part, folders = PARTS[name]
        for folder in folders:
            shutil.rmtree(DATA / folder, ignore_errors=True)
        with tempfile.TemporaryDirectory() as scratch:
            write_part(at, Path(scratch))
    (DATA / "pins.json").write_text(json.dumps(pins(), indent=1, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
