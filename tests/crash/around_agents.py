"""Skills, vaults, credentials, templates and automations, with the agents of all of them, before and after an edit.

The edit creates, changes, replaces, renames and deletes objects of each kind.
"""

from typing import Any, Final

from tests.support.credentials import BEARER, OAUTH, VARIABLE, agent, credential, vault
from tests.support.world import Document, World, manifest

SKILL_MD: Final = "---\nname: {name}\ndescription: {about}\n---\nDo it.\n"
NEXT: Final = {"$env": "NEXT_TOKEN"}
ERP: Final = "https://mcp.example.com/erp"
PRIVATE: Final = {"MODE": "night", "ERP_TOKEN": {"$env": "CRM_TOKEN"}}


def skill(name: str, folder: str = "", **more: Any) -> Document:
    return manifest("Skill", name, {"folder": f"skills/{folder or name}"}, **more)


def template(name: str, *, skills: tuple[str, ...] = (), file: str = "", **spec: Any) -> Document:
    """A template without network, with skills and a file of the project."""
    held: Document = {"skills": [{"type": "skill_reference", "skill_id": one} for one in skills]} if skills else {}
    files = [{"type": "file_id", "file_id": file, "path": f"/workspace/{file}"}] if file else []
    held |= {"files": files} if files else {}
    more = {"lifecycle": spec.pop("lifecycle")} if "lifecycle" in spec else {}
    return manifest("EnvironmentTemplate", name, {"network": {"access": "disabled"}, **held, **spec}, **more)


def automation(name: str, agent: str, /, environment: Any = None, **spec: Any) -> Document:
    """A nightly automation of an agent."""
    target = {"agent": agent, "environment": environment or {"type": "none"}, "input": "Begin.", **spec.pop("in_", {})}
    more = {"lifecycle": spec.pop("lifecycle")} if "lifecycle" in spec else {}
    schedule = {} if "run_at" in spec else {"expression": "0 3 * * *", "timezone": "Europe/London"}
    return manifest("Automation", name, {**schedule, "target": target, **spec}, **more)


def hosted(**more: Any) -> Document:
    """An environment of its own, with a secret."""
    return {"type": "openai_hosted", "network": {"access": "disabled"}, "env": PRIVATE, **more}


def from_(former: str) -> Document:
    """Return the lifecycle of a renamed object."""
    return {"moved_from": former}


def first(made: World) -> None:
    """Write the manifests that are applied before the edit."""
    for name in ("notes", "drafts", "dropped"):
        made.file(f"skills/{name}/SKILL.md", SKILL_MD.format(name=name, about="As it was."))
    made.file("kit/list.csv", "tool\n")
    made.file("kit/scrap.csv", "scrap\n")
    made.wants(
        *(skill("notes"), skill("drafts"), skill("dropped")),
        *(vault(), vault("erp"), vault("old")),
        credential("rotates", generation=1),
        credential("replaced", auth=OAUTH),
        credential("tagged", auth=VARIABLE),
        credential("leaves"),
        credential("kept-name", vault="erp", auth={**BEARER, "mcp_server_url": ERP}, name="For the ERP"),
        credential("new-name", vault="erp", auth={**BEARER, "mcp_server_url": ERP}),
        credential("gone", vault="old"),
        *(agent("caller", "rotates"), agent("asker", "replaced"), agent("second", "replaced")),
        *(agent("buyer", "kept-name", ERP), agent("seller", "new-name", ERP)),
        *(agent("leaver", "gone"), agent("changer", "leaves")),
        template("tools", skills=("notes",), file="kit/list.csv", env=PRIVATE, setup_commands=[{"command": "make"}]),
        template("box", skills=("drafts",)),
        template("scrap", skills=("dropped",), file="kit/scrap.csv"),
        automation("nightly", "leaver", "scrap", in_={"vault_ids": ["old"]}),
        automation("pauses", "asker", "tools", in_={"vault_ids": ["crm"]}),
        automation("resumes", "caller", "box", paused=True),
        automation("weekly", "buyer", "box", in_={"vault_ids": ["erp"]}),
        automation("private", "caller", hosted(), generation=1),
        automation("once", "seller"),
        automation("ends", "leaver", "scrap", in_={"vault_ids": ["old"]}),
    )


def second(made: World) -> None:
    """Write the edit."""
    made.file("skills/notes/SKILL.md", SKILL_MD.format(name="notes", about="As it is."))
    for name in ("fresh", "other"):
        made.file(f"skills/{name}/SKILL.md", SKILL_MD.format(name="fresh", about="New.") + name)
    made.file("kit/list.csv", "tool\nsaw\n")
    made.drops("Skill/drafts", "Skill/dropped", "Vault/erp", "Vault/old")
    made.drops(*(f"Credential/{name}" for name in ("leaves", "kept-name", "new-name", "gone")))
    made.drops("Assistant/leaver", "EnvironmentTemplate/box", "EnvironmentTemplate/scrap")
    made.drops("Automation/weekly", "Automation/ends")
    made.wants(
        *(skill("sketches", "drafts", lifecycle=from_("drafts")), skill("fresh"), skill("other")),
        manifest("Vault", "crm", {"metadata": {"team": "sales"}}),
        *(vault("sap", lifecycle=from_("erp")), vault("new")),
        credential("rotates", generation=2, auth={**BEARER, "token": NEXT}),
        credential("replaced", auth={**OAUTH, "mcp_server_url": ERP}),
        credential("tagged", auth=VARIABLE, metadata={"team": "sales"}),
        credential(
            "sap-token",
            vault="sap",
            auth={**BEARER, "mcp_server_url": ERP},
            name="For the ERP",
            lifecycle=from_("kept-name"),
        ),
        credential("newer-name", vault="sap", auth={**BEARER, "mcp_server_url": ERP}, lifecycle=from_("new-name")),
        credential("created", vault="new", auth={**OAUTH, "access_token": NEXT}),
        *(agent("asker", "replaced", ERP), agent("second", "replaced", ERP)),
        *(agent("buyer", "sap-token", ERP), agent("seller", "newer-name", ERP)),
        *(agent("changer", "rotates"), agent("new-caller", "created")),
        template("tools", skills=("notes", "fresh"), file="kit/list.csv", env=PRIVATE, setup_commands=[]),
        template("crate", skills=("sketches",), lifecycle=from_("box")),
        template("made", skills=("other",), env=PRIVATE, generation=1),
        template("twin", skills=("other",), setup_commands=[{"command": "make all"}]),
        automation("nightly", "new-caller", "made", in_={"vault_ids": ["new"]}),
        automation("pauses", "asker", "tools", in_={"vault_ids": ["crm", "new"]}, paused=True),
        automation("resumes", "second", "crate", expression="0 4 * * *", paused=False),
        automation("monthly", "buyer", "crate", in_={"vault_ids": ["sap"]}, lifecycle=from_("weekly")),
        automation("private", "caller", hosted(setup_commands=[{"command": "make"}]), generation=2),
        automation("once", "seller", run_at=4_102_444_800),
        automation("begins", "new-caller", "twin", in_={"vault_ids": ["new"]}),
        automation("sleeps", "caller", hosted(skills=[{"type": "skill_reference", "skill_id": "fresh"}]), paused=True),
    )
