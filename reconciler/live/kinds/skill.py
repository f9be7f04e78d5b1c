"""Skills: `/v1/skills`, with numbered versions that never change, one of which is the default.

A version is uploaded as one archive. Lists show neither the content of a version nor a digest of it, and a new version
only after some seconds. Numbers of deleted versions are used again: which number has a content is read from the bytes.
"""

import asyncio
import base64
import hashlib
import io
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from posixpath import dirname
from typing import Final

from reconciler.live import bodies
from reconciler.live.adapters import WriteRequest
from reconciler.live.bodies import older_than
from reconciler.live.client import Connection
from reconciler.live.contents import planned_bytes
from reconciler.live.errors import LiveError, UnknownOutcomeError
from reconciler.live.marks import NONE, mark_of
from reconciler.live.pages import walk
from reconciler.live.requests import Object
from reconciler.live.shapes import TEXT, TIME, check, understood
from reconciler.resources.address import Identity, composed
from reconciler.resources.base import Live, version_of
from reconciler.resources.kinds.skill import CONTENT, FILES, LARGEST_FILE, MANIFEST, MOST_FILES, members
from reconciler.resources.labels import field_hash
from reconciler.resources.problems import Problem
from reconciler.resources.registry import resource_types
from reconciler.resources.values import JSON, same

SHOWN: Final = ("name", "description")
DETAIL: Final = ("created_at", "default_version", "latest_version")
SHAPES: Final = {
    **dict.fromkeys((*SHOWN, "default_version", "latest_version"), TEXT),
    "created_at": TIME,
}
VERSION_SHAPES: Final = {**dict.fromkeys(("version", *SHOWN), TEXT), "created_at": TIME}
AT_ONCE: Final = 4
"""Archives in memory: each may have 50 MB."""
TRIES: Final = 3
"""Times that a version is sent at most, each time after it was looked for in vain."""
LOOKS: Final = (0.0, 1.0, 2.0, 4.0)
"""Seconds before each look for a version that an interrupted request or run may have uploaded."""
PATIENCE: Final = 60.0
"""Seconds within which a new version must be in the list."""
PAUSE: Final = 0.5
_DAMAGED: Final = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError)
"""Errors of a damaged, encrypted or otherwise unreadable archive."""


class Skills:
    type = "skill"
    lists_whole = False

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._resource_type = resource_types()[self.type]
        self.refers = self._resource_type.refers
        self._memory = asyncio.Semaphore(AT_ONCE)

    async def list(self, identity: Identity, known: Sequence[str]) -> Sequence[Live]:  # noqa: ARG002 - no parts
        return [self._live(body) for body in await walk(self._connection, "skills")]

    async def whole(self, live: Live) -> Live | None:
        """Return the skill with its content, and with its files in the detail."""
        return await self._with_content(live, with_files=True)

    async def read(self, id: str) -> Live | None:  # noqa: A002
        """Return the skill with its content."""
        body = await self._connection.read("skills", id)
        return None if body is None else await self._with_content(self._live(body))

    async def read_again(self, planned: Live, parts: frozenset[str]) -> Live | None:  # noqa: ARG002 - one part
        """Return the skill; while its revision is the same, the content is as planned and not downloaded."""
        body = await self._connection.read("skills", planned.id)
        live = None if body is None else self._live(body)
        if live is None or live.revision != planned.revision or CONTENT not in planned.fields:
            return live and await self._with_content(live)
        return replace(self._holding(live, planned.fields[CONTENT]), mark=NONE)

    async def create(self, request: WriteRequest) -> Live:
        made = await self._send(request, "skills")
        return self._holding(self._live(made), request.desired.fields[CONTENT])

    async def find(self, request: WriteRequest, since: float) -> Live | None:
        """Return the oldest recent skill with this content. Further ones are in `detail["also_fits"]`."""
        wanted = request.desired.fields
        recent = await walk(self._connection, "skills", until=older_than(since, self._connection.ahead))
        alike = (live for live in map(self._live, recent) if all(live.fields[n] == wanted.get(n) for n in SHOWN))
        found = [await self._with_content(live) for live in alike]
        fitting = [live for live in found if live and same(live.fields[CONTENT], wanted[CONTENT])]
        if not fitting:
            return None
        *others, oldest = fitting
        return replace(oldest, detail={**oldest.detail, "also_fits": [live.id for live in others]})

    async def update(self, live: Live, request: WriteRequest) -> Live:
        """Make the version with the desired content the default, and upload it first if the skill has none."""
        number = await self._number(live, request, LOOKS if request.is_resumed else LOOKS[:1])
        number = number or await self._uploaded(live, request)
        body = {"default_version": number}
        moved = await self._connection.replace("skills", live.id, body=body, about=request.desired)
        return self._holding(self._live(moved), request.desired.fields[CONTENT])

    async def disown(self, id: str, identity: Identity, lineage: str | None) -> None:  # noqa: A002
        """Do nothing, because a skill has no labels."""

    async def delete(self, id: str) -> None:  # noqa: A002
        """Delete the skill with all its versions. Single versions are never deleted: their numbers are used again."""
        await self._connection.remove("skills", id)

    async def _number(self, live: Live, request: WriteRequest, looks: Iterable[float]) -> str | None:
        """Return the number of a version with the desired content: the one that was applied before, or one that is
        newer than the default version.
        """
        wanted, seen = request.desired.fields[CONTENT], set[str]()
        applied, default = version_of(request.revision), live.detail["default_version"]
        for wait in looks:
            await self._connection.pace.sleep(wait)
            for version in await self._versions(live.id):
                number = version["version"]
                if version["id"] in seen or not (number == applied or _is_newer(number, default)):
                    continue
                seen.add(version["id"])
                if same(await self._content_of(live.id, number), wanted):
                    return str(number)
        return None

    async def _uploaded(self, live: Live, request: WriteRequest) -> str:
        """Upload a version, wait until it is in the list, and return its number."""
        for attempt in range(1, TRIES + 1):
            try:
                made = await self._send(request, "skills", live.id, "versions")
            except UnknownOutcomeError:
                found = await self._number(live, request, LOOKS)
                if found is not None:
                    return found
                if attempt == TRIES:
                    raise
            else:
                return await self._visible(live.id, made, request)
        raise AssertionError("unreachable: the last try returns or raises")

    async def _visible(self, id_: str, made: Object, request: WriteRequest) -> str:
        """Return the number of a new version as soon as the list has it: until then, the API may not find it."""
        check("skill version", made, VERSION_SHAPES)
        pace = self._connection.pace
        deadline = pace.clock() + PATIENCE
        while all(version["id"] != made["id"] for version in await self._versions(id_)):
            if pace.clock() > deadline:
                message = (
                    f"{request.desired.address}: version {made['version']} of {id_} was uploaded and is not listed"
                )
                hint = "Apply again: the version is then made the default, and not uploaded again."
                raise LiveError(Problem("version-not-listed", message, place=request.desired.place, hint=hint))
            await pace.sleep(PAUSE)
        return str(made["version"])

    async def _versions(self, id_: str) -> Sequence[Object]:
        """Return the versions of a skill, newest first."""
        found = await walk(self._connection, "skills", id_, "versions", fans_out=True)
        for version in found:
            check("skill version", version, VERSION_SHAPES)
        return found

    async def _send(self, request: WriteRequest, *path: str) -> Object:
        """Upload the files. A new version does not become the default."""
        desired, body = request.desired, {"default": "false"} if len(path) > 1 else {}
        folder = desired.address.family.name
        async with self._memory:
            files = {
                f"{folder}/{path_}": await asyncio.to_thread(planned_bytes, request.root, part, desired)
                for path_, part in sorted(members(desired.parts).items())
            }
            archive = await asyncio.to_thread(_packed, files)
            sent = (("files", f"{folder}.zip", archive),)
            return await self._connection.create(*path, body=body, files=sent, about=desired)

    async def _content_of(self, id_: str, number: str) -> dict[str, JSON] | None:
        async with self._memory:
            archive = await self._connection.download("skills", id_, "versions", number, "content")
            return None if archive is None else await asyncio.to_thread(_content, id_, archive)

    async def _with_content(self, live: Live, *, with_files: bool = False) -> Live | None:
        """Return the skill with the content of its default version; None if it was deleted in the meantime."""
        number = str(live.detail["default_version"])
        async with self._memory:
            archive = await self._connection.download("skills", live.id, "versions", number, "content")
            if archive is None:
                return None
            # A mark is of what lists show. The content may be another one, so that it has to be compared.
            held = replace(self._holding(live, await asyncio.to_thread(_content, live.id, archive)), mark=NONE)
            if not with_files:
                return held
            files = {path: base64.b64encode(content).decode() for path, content in _files(live.id, archive)}
            return replace(held, detail={**held.detail, FILES: files})

    def _holding(self, live: Live, content: JSON) -> Live:
        return replace(live, fields={**live.fields, CONTENT: content})

    def _live(self, body: Object) -> Live:
        with understood(self.type, body, SHAPES):
            fields = bodies.canonical(self._resource_type, body, SHOWN)
            revision = f"{body['default_version']}-{field_hash([fields[name] for name in SHOWN])}"
            return Live(
                type=self.type,
                id=body["id"],
                fields=fields,
                name=body["name"] or "",
                detail=bodies.detail(body, DETAIL),
                revision=revision,
                mark=mark_of(body["id"], fields, revision),
            )


def _is_newer(number: str, other: JSON) -> bool:
    """Return True if a version has a higher number than another."""
    return number.isdecimal() and str(other).isdecimal() and int(number) > int(str(other))


def _packed(files: Mapping[str, bytes]) -> bytes:
    """Return an archive that is equal for equal files."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files.items():
            entry = zipfile.ZipInfo(path)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, content)
    return made.getvalue()


def _content(id_: str, archive: bytes) -> dict[str, JSON]:
    return {path: hashlib.sha256(content).hexdigest() for path, content in _files(id_, archive)}


def _files(id_: str, archive: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the files of an archive, sorted, by their path relative to the folder of the SKILL.md."""
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            entries = {composed(one.filename): one for one in opened.infolist() if not one.is_dir()}
            if len(entries) > MOST_FILES or any(one.file_size > LARGEST_FILE for one in entries.values()):
                raise _unreadable(id_, "is larger than a skill can be")
            prefix = _prefix(entries)
            for path, entry in sorted(entries.items()):
                yield path.removeprefix(prefix), opened.read(entry)
    except _DAMAGED as error:
        raise _unreadable(id_, f"is not a readable archive: {error}") from error


def _prefix(paths: Iterable[str]) -> str:
    """Return the folder that all files of an archive are in, with a slash; empty without such a folder."""
    manifests = sorted((path for path in paths if path.rpartition("/")[2].casefold() == MANIFEST.casefold()), key=len)
    folder = f"{dirname(manifests[0])}/" if manifests and "/" in manifests[0] else ""
    return folder if all(path.startswith(folder) for path in paths) else ""


def _unreadable(id_: str, what: str) -> LiveError:
    hint = "Upload the skill again, or delete it."
    return LiveError(Problem("unreadable-skill", f"the content of skill {id_} {what}", hint=hint))


ADAPTER: Final = Skills
