"""Skills: numbered versions of a bundle of files. The file `SKILL.md` has the name and the description.

Limits and rules: the guide "Skills" of the API, and the Agent Skills specification for the front matter. The number of
a new version is one more than the highest existing number, so numbers of deleted versions are used again.
"""

import io
import re
import zipfile
from collections.abc import Iterable, Mapping
from typing import Any, Required

from openai._types import FileTypes
from openai.types.skill_list_params import SkillListParams
from openai.types.skill_update_params import SkillUpdateParams
from openai.types.skills.version_list_params import VersionListParams
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from reconciler.emulator.api import Body, Call, Endpoint, deleted, new_id
from reconciler.emulator.bodies import form
from reconciler.emulator.errors import invalid, not_found
from reconciler.emulator.limits import items
from reconciler.emulator.paging import Paging
from reconciler.emulator.schema import Check, Upload
from reconciler.emulator.store import Document, Where, Window

KIND = "skill"
VERSION = "skill.version"
FILES = 500
ARCHIVE_BYTES = 50 * 2**20
FILE_BYTES = 25 * 2**20
CURATED = "openai-"
"""The prefix of the ids of skills that OpenAI provides."""
NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
FRONT_MATTER = re.compile(r"\A---\s*\n(.*?)\n---\s*(?:\n|\Z)", re.DOTALL)


def create(call: Call) -> Document:
    skill: Document = {"id": new_id("skill_"), "object": KIND, "created_at": int(call.now)}
    version = _added(call, skill["id"], "1")
    return _pointed(call, skill, version, version["version"])


def retrieve(call: Call) -> Document:
    return existing(call, call.id)


def update(call: Call) -> Document:
    """Set the default version, whose name and description become those of the skill."""
    skill, number = existing(call, call.id), call.body["default_version"]
    version = _numbered(call, call.id, number)
    if version is None or version["created_at"] > call.now - call.settings.skill_delay:
        raise invalid(f"Version '{number}' of the skill does not exist.", "default_version", "invalid_value")
    return _pointed(call, skill, version, skill["latest_version"])


def delete(call: Call) -> Document:
    """Delete the skill and all its versions. References to it stay."""
    existing(call, call.id)
    for version in _versions(call, call.id):
        call.store.delete_content(version["id"])
    call.store.delete_scope(VERSION, call.id)
    call.store.delete(KIND, call.id)
    return deleted(call, "skill.deleted")


def content(call: Call) -> Response:
    return _archive_of(call, existing(call, call.id)["default_version"])


def list_skills(call: Call) -> Document:
    return call.list(KIND, Paging(params=SkillListParams, minimum=0), dict, where=lambda _filters: _visible(call))


def create_version(call: Call) -> Document:
    skill = existing(call, call.id)
    version = _added(call, call.id, str(int(skill["latest_version"]) + 1))
    if call.body.get("default"):
        _pointed(call, skill, version, version["version"])
    else:
        call.store.put(KIND, {**skill, "latest_version": version["version"]})
    return version


def retrieve_version(call: Call) -> Document:
    return _existing_version(call)


def version_content(call: Call) -> Response:
    return _archive_of(call, _existing_version(call)["version"])


def delete_version(call: Call) -> Document:
    """Delete a version. The default version cannot be deleted, unless it is the only one: then the skill is deleted."""
    version, skill = _existing_version(call), existing(call, call.id)
    kept = [one for one in _versions(call, call.id) if one["id"] != version["id"]]
    if not kept:
        call.store.delete(KIND, call.id)
    elif version["version"] == skill["default_version"]:
        raise invalid("The default version of a skill cannot be deleted.", "version", "invalid_value")
    else:
        call.store.put(KIND, {**skill, "latest_version": kept[-1]["version"]})
    call.store.delete(VERSION, version["id"], call.id)
    call.store.delete_content(version["id"])
    return {"id": version["id"], "object": "skill.version.deleted", "deleted": True, "version": version["version"]}


def list_versions(call: Call) -> Document:
    existing(call, call.id)
    paging = Paging(params=VersionListParams, minimum=0)
    return call.list(VERSION, paging, dict, scope=call.id, where=lambda _filters: _visible(call))


def existing(call: Call, id_: str) -> Document:
    """Return the skill with this id; raises ApiError 404."""
    skill = call.store.get(KIND, id_)
    if skill is None:
        raise not_found(f"Skill with id '{id_}' not found.")
    return skill


def check_references(call: Call, given: Iterable[Mapping[str, Any]] | None) -> None:
    """Raise ApiError for a reference to a skill or a version that does not exist."""
    for one in given or ():
        if one["type"] != "skill_reference" or one["skill_id"].startswith(CURATED):
            continue
        existing(call, one["skill_id"])
        number = one.get("version")
        if number not in (None, "latest") and _numbered(call, one["skill_id"], number) is None:
            raise not_found(f"Version '{number}' of skill '{one['skill_id']}' not found.")


def _added(call: Call, skill: str, number: str) -> Document:
    archive, name, description = _bundle(call.body["files"])
    version: Document = {
        "id": new_id("skillver_"),
        "object": VERSION,
        "created_at": int(call.now),
        "skill_id": skill,
        "version": number,
        "name": name,
        "description": description,
    }
    call.store.put(VERSION, version, skill)
    call.store.put_content(version["id"], archive)
    return version


def _pointed(call: Call, skill: Document, version: Document, latest: str) -> Document:
    """Store and return the skill with this default version."""
    shown = {name: version[name] for name in ("name", "description")}
    made = {**skill, **shown, "default_version": version["version"], "latest_version": latest}
    call.store.put(KIND, made)
    return made


def _visible(call: Call) -> Where:
    """Return the condition for objects that lists have: they show a new object only after a while."""
    return Where("json_extract(body, '$.created_at') <= ?", (call.now - call.settings.skill_delay,))


def _versions(call: Call, skill: str) -> list[Document]:
    return call.store.page(VERSION, Window(limit=100_000, ascending=True), skill).data


def _numbered(call: Call, skill: str, number: str) -> Document | None:
    where = Where("json_extract(body, '$.version') = ?", (number,))
    return next(iter(call.store.page(VERSION, Window(limit=1), skill, where).data), None)


def _existing_version(call: Call) -> Document:
    existing(call, call.id)
    number = call.path["version"]
    version = _numbered(call, call.id, number)
    if version is None:
        raise not_found(f"Version '{number}' of skill '{call.id}' not found.")
    return version


def _archive_of(call: Call, number: str) -> Response:
    version = _numbered(call, call.id, number)
    assert version is not None  # noqa: S101 - the default version of a skill always exists
    return Response(call.store.content(version["id"]), media_type="application/zip")


def _bundle(uploads: list[Upload]) -> tuple[bytes, str, str]:
    """Return the archive of a bundle, and the name and the description in its `SKILL.md`."""
    archive = uploads[0].content if len(uploads) == 1 and zipfile.is_zipfile(io.BytesIO(uploads[0].content)) else None
    found = _unpacked(archive) if archive is not None else {upload.name: upload.content for upload in uploads}
    items(FILES)([*found], "files")
    folders = {path.partition("/")[0] if "/" in path else "" for path in found}
    if len(folders) != 1 or "" in folders:
        raise invalid("All files of a skill must be in one top-level folder.", "files", "invalid_value")
    if large := next((path for path, text in found.items() if len(text) > FILE_BYTES), None):
        raise invalid(f"'{large}' is larger than {FILE_BYTES // 2**20} MB.", "files", "invalid_value")
    manifests = [path for path in found if path.rpartition("/")[2].lower() == "skill.md"]
    if len(manifests) != 1 or manifests[0].count("/") != 1:
        raise invalid("A skill must have exactly one SKILL.md, in its top-level folder.", "files", "invalid_value")
    return archive or _packed(found), *_front_matter(found[manifests[0]])


def _unpacked(archive: bytes) -> dict[str, bytes]:
    if len(archive) > ARCHIVE_BYTES:
        raise invalid(f"The archive is larger than {ARCHIVE_BYTES // 2**20} MB.", "files", "invalid_value")
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        members = [member for member in opened.infolist() if not member.is_dir()]
        if large := next((member for member in members if member.file_size > FILE_BYTES), None):
            raise invalid(f"'{large.filename}' is larger than {FILE_BYTES // 2**20} MB.", "files", "invalid_value")
        return {member.filename: opened.read(member) for member in members[: FILES + 1]}


def _packed(files: Mapping[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, text in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(path), text)
    return made.getvalue()


def _front_matter(text: bytes) -> tuple[str, str]:
    match = FRONT_MATTER.match(text.decode("utf-8-sig", errors="replace").replace("\r\n", "\n"))
    try:
        given = YAML(typ="safe", pure=True).load(match[1]) if match else None
    except YAMLError as error:
        raise invalid("The front matter of SKILL.md is not valid YAML.", "files", "invalid_value") from error
    members = given if isinstance(given, dict) else {}
    name, description = members.get("name"), members.get("description")
    if not (isinstance(name, str) and len(name) <= 64 and NAME.fullmatch(name)):
        message = "The front matter of SKILL.md must have a name of 1 to 64 lowercase letters, digits and hyphens."
        raise invalid(message, "files", "invalid_value")
    if not (isinstance(description, str) and 1 <= len(description) <= 1024):
        message = "The front matter of SKILL.md must have a description of 1 to 1024 characters."
        raise invalid(message, "files", "invalid_value")
    return name, description


async def _read(request: Request) -> Document:
    """Read a form with one file or a list of files."""
    body = await form(request)
    if isinstance(body.get("files"), Upload):
        body["files"] = [body["files"]]
    if body.get("default") in ("true", "false"):
        body["default"] = body["default"] == "true"
    return body


class _Create(TypedDict, total=False):
    files: Required[list[FileTypes]]


class _CreateVersion(_Create, total=False):
    default: bool


LIMITS: Mapping[str, Check] = {"files": items(FILES, minimum=1)}
SKILLS, SKILL = "/v1/skills", "/v1/skills/{id}"
VERSIONS = SKILL + "/versions"
ONE_VERSION = VERSIONS + "/{version}"
ENDPOINTS = [
    Endpoint(method="POST", path=SKILLS, handle=create, body=Body(_Create, LIMITS, read=_read)),
    Endpoint(method="GET", path=SKILLS, handle=list_skills),
    Endpoint(method="GET", path=SKILL, handle=retrieve),
    Endpoint(method="POST", path=SKILL, handle=update, body=Body(SkillUpdateParams)),
    Endpoint(method="DELETE", path=SKILL, handle=delete),
    Endpoint(method="GET", path=SKILL + "/content", handle=content),
    Endpoint(method="POST", path=VERSIONS, handle=create_version, body=Body(_CreateVersion, LIMITS, read=_read)),
    Endpoint(method="GET", path=VERSIONS, handle=list_versions),
    Endpoint(method="GET", path=ONE_VERSION, handle=retrieve_version),
    Endpoint(method="DELETE", path=ONE_VERSION, handle=delete_version),
    Endpoint(method="GET", path=ONE_VERSION + "/content", handle=version_content),
]
