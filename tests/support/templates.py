"""Environment templates for tests."""

from typing import Any, Final

from tests.support.world import Document, World, manifest

TOKEN: Final = "tok-8d1f-not-in-any-file"
ARCHIVE: Final = {"type": "base64", "media_type": "application/zip", "data": "UEsFBg=="}
SKILL: Final = manifest("Skill", "notes", {"folder": "skills/notes"})
SKILL_MD: Final = "---\nname: meeting-notes\ndescription: Take notes of a meeting.\n---\nWrite it down.\n"
TABLE: Final = {"type": "file_id", "file_id": "data/tariffs.csv", "path": "/workspace/kb/tariffs.csv"}
PROMPT: Final = {"type": "inline", "path": "/workspace/prompt.txt", "text": "Be brief."}
PLUGIN: Final = {"type": "inline", "name": "crm", "description": "The CRM.", "source": "plugins/crm.zip"}
SPEC: Final[Document] = {
    "network": {"access": "restricted", "allowed_domains": ["CRM.example.com", "api.example.com"]},
    "packages": {"python": ["pandas==2.2"]},
    "files": [TABLE, PROMPT],
    "skills": [{"type": "skill_reference", "skill_id": "notes"}],
    "plugins": [PLUGIN],
    "env": {"APP_MODE": "prod", "CRM_TOKEN": {"$env": "CRM_TOKEN"}},
    "setup_commands": [{"command": "make setup"}],
    "capability_directories": ["/workspace/caps"],
    "desktop": {"enabled": True},
}


def template(name: str = "desk", /, *without: str, lifecycle: Document | None = None, **fields: Any) -> Document:
    """Return a manifest with every setting, but `without` some and with others."""
    spec = {key: value for key, value in {**SPEC, **fields}.items() if key not in without}
    return manifest("EnvironmentTemplate", name, spec, **({"lifecycle": lifecycle} if lifecycle else {}))


def with_files(world: World) -> None:
    """Write the files that the manifest needs, and set its secret."""
    world.file("skills/notes/SKILL.md", SKILL_MD)
    world.file("data/tariffs.csv", "tariff,price\n")
    world.file("plugins/crm.zip", "PK one")
    world.environ = {**world.environ, "CRM_TOKEN": TOKEN}


def live(world: World) -> list[Document]:
    """Return the live templates, newest first."""
    listed: list[Document] = world.by_hand(world.connection.page("agents", "environments", "templates"))["data"]
    return listed
