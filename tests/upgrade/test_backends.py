"""State that version 893cbbb wrote on a Git branch, in a bucket and in a database: read, and resumed after a kill."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.upgrade.conftest import DATA, Cli, Restore, is_empty, live, live_of, read

GIT = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_AUTHOR_NAME": "ada",
    "GIT_AUTHOR_EMAIL": "ada@example.com",
    "GIT_COMMITTER_NAME": "ada",
    "GIT_COMMITTER_EMAIL": "ada@example.com",
}
Open = Callable[[str], Path]


@pytest.fixture(params=["git", "s3", "postgres"])
def opened(request: pytest.FixtureRequest, restore: Restore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Open:
    """Put globex at one of its stages where its backend has it; gives the project folder."""
    backend = str(request.param)

    def opened(stage: str) -> Path:
        source, root = DATA / backend / stage, restore(f"{backend}/{stage}")
        if backend == "git":
            for name, value in GIT.items():
                monkeypatch.setenv(name, value)
            _push(source / "state.fast-export", tmp_path / "remote.git", root)
            state = "git"
        elif backend == "s3":
            bucket = request.getfixturevalue("bucket")
            _upload(source / "objects", bucket.bucket, bucket.endpoint_url)
            state = f"s3://{bucket.bucket}/team/globex?region=eu-central-1&endpoint_url={bucket.endpoint_url}"
        else:
            state = request.getfixturevalue("database")
            _insert(source, state)
        monkeypatch.setenv("RECONCILER_STATE", state)
        return root

    return opened


def _push(export: Path, remote: Path, root: Path) -> None:
    def git(folder: Path, *words: str, data: bytes | None = None) -> None:
        environ = {**os.environ, **GIT}
        subprocess.run(["git", *words], cwd=folder, env=environ, input=data, check=True, capture_output=True)

    remote.mkdir()
    git(remote, "init", "--quiet", "--bare", "--initial-branch=main")
    git(remote, "fast-import", "--quiet", data=export.read_bytes())
    git(root, "init", "--quiet", "--initial-branch=main")
    git(root, "remote", "add", "origin", remote.as_uri())


def _upload(objects: Path, bucket: str, endpoint: str) -> None:
    import boto3

    store = boto3.client("s3", endpoint_url=endpoint, region_name="eu-central-1")
    for file in objects.rglob("*"):
        if file.is_file():
            store.put_object(Bucket=bucket, Key=file.relative_to(objects).as_posix(), Body=file.read_bytes())


def _insert(source: Path, url: str) -> None:
    import psycopg
    from psycopg.sql import SQL, Identifier

    dsn, _, schema = url.partition("?schema=")
    table = Identifier(schema, "documents")
    rows = read(source / "rows.json")
    with psycopg.connect(dsn) as connection:
        connection.execute(SQL("CREATE SCHEMA {schema}").format(schema=Identifier(schema)))
        connection.execute(SQL((source / "table.sql").read_text()).format(table=table))
        insert = SQL("INSERT INTO {table} (key, data, version) OVERRIDING SYSTEM VALUE VALUES (%s, %s, %s)")
        with connection.cursor() as cursor:
            values = [(row["key"], row["data"].encode(), row["version"]) for row in rows]
            cursor.executemany(insert.format(table=table), values)
        last = max(row["version"] for row in rows)
        restart = f"ALTER TABLE {{table}} ALTER COLUMN version RESTART WITH {last + 1}"
        connection.execute(SQL(restart).format(table=table))


def test_plan_of_an_applied_project_is_empty(cli: Cli, opened: Open):
    root = opened("applied")
    plan = cli("plan", "--detailed-exitcode", "-o", "json")
    assert plan.code == 0, plan.out + plan.err
    assert is_empty(plan.document)
    assert cli("drift").code == 0
    assert cli("state", "history", "-o", "json").document["applies"][0]["by"] == "ada@workstation"
    assert not (root / ".reconciler" / "state").exists()


def test_apply_completes_a_killed_run_with_no_duplicate_and_no_orphan(cli: Cli, opened: Open, tmp_path):
    whole = live_of("globex/planned", tmp_path / "whole")
    root = opened("killed")
    assert live(root) != whole
    applied = cli("apply", "--yes", "-o", "json")
    assert applied.code == 0, applied.out + applied.err
    assert live(root) == whole
    plan = cli("plan", "--detailed-exitcode", "-o", "json")
    assert plan.code == 0
    assert is_empty(plan.document)
