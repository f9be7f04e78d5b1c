"""Stored responses and request bodies of the Responses API as assistants of target `responses`."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, Never

from reconciler.importing.destination import Destination, destination, valid
from reconciler.importing.live_inventory import project_context
from reconciler.importing.model import Imported, Origin, Skipped, origin_comment
from reconciler.importing.request_api import of_other_api, target_of, unwrapped
from reconciler.importing.request_body import configuration, request_of
from reconciler.live.client import Connection
from reconciler.live.errors import LiveError
from reconciler.live.requests import Object
from reconciler.live.shapes import OBJECT, TEXT, TIME, TYPED, understood
from reconciler.manifests.drafts import Draft, literal, with_files
from reconciler.project.connection import open_connection, run_async
from reconciler.resources.kinds.assistant import KIND
from reconciler.resources.problems import Place, Problem, ReconcilerError
from reconciler.resources.values import JSON, nesting

LARGEST: Final = 16 * 2**20
"""Maximum size of a request body in bytes."""
DEEPEST: Final = 60
"""Maximum nesting of a request body: that of a manifest file, without the levels around it."""


def import_responses(
    start: Path,
    environ: Mapping[str, str],
    *,
    env: str | None,
    endpoint: str | None,
    ids: Sequence[str],
    into: Path | None,
) -> Imported:
    """Write an assistant for each of these stored responses. One that cannot be read is reported as a problem."""

    async def run() -> Imported:
        here = project_context(start, environ, env=env, endpoint=endpoint)
        async with open_connection(here.project, here.endpoint) as connection:
            return await import_stored_responses(destination(start, into, here), connection, ids)

    return run_async(run())


async def import_stored_responses(target: Destination, connection: Connection, ids: Sequence[str]) -> Imported:
    """Read the responses and write their assistants to `target`."""
    read: list[tuple[Draft, Origin]] = []
    problems: list[Problem] = []
    skipped: list[Skipped] = []
    for id_ in dict.fromkeys(ids):
        if id_ in target.imported:
            skipped.append(Skipped("response", id_, "", f"already imported as {target.imported[id_]}"))
            continue
        try:
            body = await connection.read("responses", id_)
            request = _request_of(body) if body else {}
        except LiveError as error:
            problems += error.problems
            continue
        if body is None:
            hint = "OpenAI keeps responses for 30 days, and only those created with `store: true`."
            problems.append(Problem("not-live", f"response {id_} was not found", hint=hint))
        else:
            read.append(_drafted(target, "response", id_, f"response-{id_.removeprefix('resp_')[:8]}", request, body))
    return replace(_finished(target, read, problems), skipped=tuple(skipped))


def _request_of(response: Object) -> dict[str, JSON]:
    """Return the request body of a stored response; raises LiveError if it has values of an unexpected type."""
    with understood("response", response, {"created_at": TIME, "model": TEXT, "tools": TYPED, "text": OBJECT}):
        return request_of(response)


def import_requests(start: Path, environ: Mapping[str, str], *, files: Sequence[Path], into: Path | None) -> Imported:
    """Write an assistant for each of these files, JSON bodies of `responses.create` or of `agents.create`. Requires no
    API key.
    """
    here = project_context(start, environ, env=None, endpoint=None)
    target = destination(start, into, here)
    read: list[tuple[Draft, Origin]] = []
    problems: list[Problem] = []
    for file in files:
        try:
            body = _body(file)
        except ReconcilerError as error:
            problems += error.problems
        else:
            name = body["name"] if isinstance(body.get("name"), str) and target_of(body) == "agents" else file.stem
            read.append(_drafted(target, "request", file.name, name, body, {}))
    return _finished(target, read, problems)


def _body(file: Path) -> dict[str, JSON]:
    try:
        if file.stat().st_size > LARGEST:
            raise _unusable(file, "too-large", f"is larger than {LARGEST // 2**20} MiB")
        body = json.loads(file.read_bytes().decode("utf-8-sig"), parse_constant=_not_a_number)
    except OSError as error:
        raise _unusable(file, "unreadable-file", f"cannot be read: {error.strerror}") from error
    except json.JSONDecodeError as error:
        raise _unusable(file, "syntax", f"is not JSON: {error.msg}", error.lineno, error.colno) from error
    except (UnicodeDecodeError, RecursionError, ValueError) as error:
        raise _unusable(file, "syntax", "is not JSON in UTF-8, or is nested too deeply") from error
    if not isinstance(body, dict):
        raise _unusable(file, "syntax", "is not a JSON object; expected a request body")
    if nesting(body, DEEPEST) > DEEPEST:
        raise _unusable(file, "too-deep", f"is nested deeper than {DEEPEST} levels")
    body = unwrapped(body)
    if other := of_other_api(body, file):
        raise ReconcilerError(other)
    return body


def _not_a_number(name: str) -> Never:
    raise ValueError(f"{name} is not JSON")


def _unusable(file: Path, code: str, what: str, line: int = 1, column: int = 1) -> ReconcilerError:
    hint = "Save the arguments of `responses.create` as one JSON object."
    return ReconcilerError(Problem(code, f"{file} {what}", Place(str(file), line, column), hint))


def _drafted(
    target: Destination, type_: str, id_: str, fallback: str, body: Mapping[str, JSON], stored: Mapping[str, JSON]
) -> tuple[Draft, Origin]:
    spec, losses, notes = configuration(body, target_of(body))
    origins: dict[str, Origin] = {}

    def made(name: str) -> Draft:
        origins[name] = Origin(f"{KIND.prefix}/{name}", type_, id_, "", losses, notes)
        apart, included = with_files(name, literal(spec))
        comment = origin_comment(origins[name], stored.get("created_at"))
        return Draft(KIND.name, name, apart, comment, {}, included)

    draft = target.named(KIND.prefix, fallback, type_, made)
    return draft, origins[draft.name]


def _finished(target: Destination, read: Sequence[tuple[Draft, Origin]], problems: Iterable[Problem]) -> Imported:
    good, refused = valid(draft for draft, _ in read)
    kept = {draft.name for draft in good}
    written = target.write(good, "Written by `reconciler import`.")
    origins = tuple(origin for draft, origin in read if draft.name in kept)
    return Imported(target.root, written, origins, (), (*problems, *refused))
