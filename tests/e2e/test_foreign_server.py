"""Assistants on a server that others wrote: the cycle of a chatbot on openai-responses, through the command line.

openai-responses is a mock of the API. `tests/support/foreign` serves it over HTTP, with the faults corrected that no
server may have (`patches.py`); the last test shows that the cycle fails without each of these corrections. The server
checks no limits and no header, answers 200 to a delete of nothing, and does not page the list of files. What depends on
these is tested with the emulator.
"""

import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx2
import pytest

from reconciler.bundles.bundle import load
from reconciler.live.adapters import WriteRequest
from reconciler.live.kinds.file import Files
from reconciler.resources.base import Live
from tests.support.cli import Cli, edit
from tests.support.foreign.server import foreign_server, patches
from tests.support.world import BUNDLES, as_yaml, manifest

SCHEMA: Final = {"type": "object", "properties": {"answer": {"type": "string"}}, "required": ["answer"]}
FUNCTION: Final = {"name": "create_ticket", "description": "Create a ticket.", "parameters": {"type": "object"}}
CLERK: Final[Mapping[str, Any]] = {
    "model": "gpt-4o",
    "name": "Clerk",
    "description": "Answers questions on tariffs.",
    "instructions": "Answer briefly.",
    "tools": [
        {"type": "code_interpreter"},
        {"type": "file_search", "file_search": {"max_num_results": 5}},
        {"type": "function", "function": FUNCTION},
    ],
    "tool_resources": {
        "code_interpreter": {"file_ids": ["data/units.csv"]},
        "file_search": {"vector_store_ids": ["tariffs"]},
    },
    "temperature": 0.2,
    "response_format": {"type": "json_schema", "json_schema": {"name": "reply", "schema": SCHEMA}},
    "metadata": {"team": "network"},
}
STORE: Final[Mapping[str, Any]] = {"name": "Tariffs", "files": ["kb/*.md"]}
FILES: Final[Mapping[str, str]] = {
    "kb/day.md": "By day a unit costs 31 cents.\n",
    "kb/night.md": "By night a unit costs 22 cents.\n",
    "data/units.csv": "day,31\nnight,22\n",
    ".gitignore": ".reconciler/\n",
}
PROJECT: Final = manifest(
    "Project", "acme", {"defaults": {"target": "assistants"}, "safety": {"max_deletes": 20, "max_archives": 20}}
)


@dataclass
class Desk:
    """A project, and the server on which its objects are."""

    root: Path
    cli: Cli
    server: httpx2.Client
    assistant: dict[str, Any] = field(default_factory=lambda: dict(CLERK))
    store: dict[str, Any] = field(default_factory=lambda: dict(STORE))

    def write(self) -> None:
        """Write the manifests of the assistant and of its store."""
        for kind, name, spec in (("Assistant", "clerk", self.assistant), ("VectorStore", "tariffs", self.store)):
            (self.root / f"{name}.yaml").write_text(as_yaml([manifest(kind, name, spec)]))

    def run(self, *words: object, code: int = 0) -> Any:
        """Run a command, and return the document that it prints."""
        done = self.cli(*words, "-o", "json")
        assert done.code == code, done.err or done.out
        return done.document

    def apply(self) -> list[str]:
        """Apply the manifests, check that the next plan is empty, and return what was done."""
        done = [f"{one['action']} {one['address'].partition('@')[0]}" for one in self.run("apply", "--yes")["outcomes"]]
        assert self.run("plan", "--detailed-exitcode")["changes"] == []
        assert self.run("drift")["in_sync"]
        return done

    def drift(self) -> dict[str, list[str]]:
        """Return the fields that were changed at the server, by address."""
        found = self.run("drift", code=2)["entries"]
        return {one["address"]: sorted({change["keys"][0] for change in one.get("fields", [])}) for one in found}

    def ids(self) -> dict[str, str]:
        return {one["address"]: one["id"] for one in self.run("state", "list")["objects"]}

    def get(self, path: str) -> Any:
        return self.server.get(path).raise_for_status().json()

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """Change an object by hand, or make one."""
        return self.server.post(path, json=body).raise_for_status().json()

    def delete(self, path: str) -> None:
        assert self.server.delete(path).json()["deleted"] is True

    def clerk(self, address: str = "assistant/clerk") -> dict[str, Any]:
        """Return an assistant as the server has it."""
        found: dict[str, Any] = self.get(f"/assistants/{self.ids()[address]}")
        return found

    def published(self) -> str:
        """Return the id of the assistant that applications use."""
        [assistant] = load(self.root / BUNDLES, "acme", "chatbot/support").content["assistants"].values()
        return str(assistant["assistant"])

    def files_of(self, store: str) -> set[str]:
        return {entry["id"] for entry in self.get(f"/vector_stores/{store}/files")["data"]}

    def release(self) -> list[str]:
        """Release what is there, publish it, apply, and return what was done."""
        self.git("add", "--all")
        self.git("-c", "user.name=x", "-c", "user.email=x@example.com", "commit", "--quiet", "-m", "work")
        self.run("release", "support", "--publish")
        return self.apply()

    def git(self, *words: str) -> None:
        subprocess.run(["git", *words], cwd=self.root, check=True, capture_output=True)


def create(desk: Desk) -> None:
    stranger = desk.post("/assistants", {"model": "gpt-4o", "name": "Somebody else's"})
    assert desk.run("plan", "--detailed-exitcode", code=2)["changes"]
    assert desk.apply() == [
        "create file/data/units.csv",
        "create file/kb/day.md",
        "create file/kb/night.md",
        "create vectorstore/tariffs",
        "create assistant/clerk",
        "create chatbot/support",
    ]
    clerk = desk.clerk()
    assert clerk["tool_resources"]["file_search"]["vector_store_ids"] == [desk.ids()["vectorstore/tariffs"]]
    assert clerk["tool_resources"]["code_interpreter"]["file_ids"] == [desk.ids()["file/data/units.csv"]]
    assert clerk["response_format"]["json_schema"]["schema_"] == SCHEMA
    assert desk.get(f"/assistants/{stranger['id']}") == stranger


def edit_by_hand(desk: Desk) -> None:
    before = desk.clerk()
    other = {"type": "json_schema", "json_schema": {"name": "reply", "schema": {"type": "object"}}}
    desk.post(
        f"/assistants/{before['id']}",
        {"instructions": "Be rude.", "model": "gpt-4o-mini", "tools": before["tools"][:2], "response_format": other},
    )
    assert desk.drift() == {"assistant/clerk": ["instructions", "model", "response_format", "tools"]}
    assert desk.apply() == ["update assistant/clerk"]
    assert desk.clerk() == before


def reorder_by_hand(desk: Desk) -> None:
    """The order of tools has no meaning."""
    clerk = desk.clerk()
    desk.post(f"/assistants/{clerk['id']}", {"tools": clerk["tools"][::-1]})
    assert desk.run("drift")["in_sync"]


def remove_a_field(desk: Desk) -> None:
    del desk.assistant["description"], desk.assistant["temperature"]
    desk.write()
    assert desk.apply() == ["update assistant/clerk"]
    assert (desk.clerk()["description"], desk.clerk()["temperature"]) in [(None, None), (None, 1)]


def rename_the_store(desk: Desk) -> None:
    desk.store["name"] = "Prices"
    desk.write()
    assert desk.apply() == ["update vectorstore/tariffs"]
    assert desk.get(f"/vector_stores/{desk.ids()['vectorstore/tariffs']}")["name"] == "Prices"


def describe_the_files(desk: Desk) -> None:
    desk.store["attributes"] = {"language": "en"}
    desk.write()
    assert desk.apply() == ["update vectorstore/tariffs"]
    entries = desk.get(f"/vector_stores/{desk.ids()['vectorstore/tariffs']}/files")["data"]
    assert [entry["attributes"]["language"] for entry in entries] == ["en", "en"]


def replace_files(desk: Desk) -> None:
    """A new upload takes the place of each file that has changed, in the store and in the assistant."""
    before = desk.ids()
    edit(desk.root / "kb/day.md", "31", "33")
    edit(desk.root / "data/units.csv", "31", "33")
    done = desk.apply()
    assert sorted(one for one in done if "file/" not in one) == ["update assistant/clerk", "update vectorstore/tariffs"]
    after = desk.ids()
    assert desk.clerk()["tool_resources"]["code_interpreter"]["file_ids"] == [after["file/data/units.csv"]]
    assert desk.files_of(after["vectorstore/tariffs"]) == {after["file/kb/day.md"], after["file/kb/night.md"]}
    assert desk.server.get(f"/files/{after['file/kb/day.md']}/content").text == "By day a unit costs 33 cents.\n"
    assert not {before["file/kb/day.md"], before["file/data/units.csv"]} & {
        file["id"] for file in desk.get("/files")["data"]
    }


class Killed(BaseException):
    """The end of a process, after the request and before the response."""


def resume_an_upload(desk: Desk) -> None:
    """An upload of a run that was killed is found by its name and size."""
    create = Files.create

    async def create_and_die(adapter: Files, request: WriteRequest) -> Live:
        await create(adapter, request)
        raise Killed

    (desk.root / "kb/day.md").write_text("By day a unit costs 34 cents.\n")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Files, "create", create_and_die)
        with pytest.raises(Killed):
            desk.cli("apply", "--yes")
    assert desk.apply() == ["adopt file/kb/day.md", "update vectorstore/tariffs", "delete file/day.md"]
    assert {file["id"] for file in desk.get("/files")["data"]} == {
        id_ for address, id_ in desk.ids().items() if address.startswith("file/")
    }


def delete_by_hand(desk: Desk) -> None:
    """Deleted objects are created again, and objects that refer to them get the new ids."""
    for address, path, follows in (
        ("vectorstore/tariffs", "/vector_stores", "assistant/clerk"),
        ("assistant/clerk", "/assistants", "chatbot/support"),
    ):
        desk.delete(f"{path}/{desk.ids()[address]}")
        assert address in desk.drift()
        assert desk.apply() == [f"create {address}", f"update {follows}"]
    after = desk.ids()
    assert desk.clerk()["tool_resources"]["file_search"]["vector_store_ids"] == [after["vectorstore/tariffs"]]


def release_and_edit(desk: Desk) -> None:
    """A release has an assistant and a store of its own, which the working version does not change."""
    desk.release()
    copy, files = desk.clerk("assistant/clerk@support.1"), desk.files_of(desk.ids()["vectorstore/tariffs"])
    [store] = copy["tool_resources"]["file_search"]["vector_store_ids"]
    assert store != desk.ids()["vectorstore/tariffs"]
    assert desk.files_of(store) == files
    desk.assistant["instructions"] = "Answer at length."
    desk.write()
    (desk.root / "kb/night.md").write_text("By night a unit costs 20 cents.\n")
    desk.apply()
    assert desk.clerk()["instructions"] == "Answer at length."
    assert desk.clerk("assistant/clerk@support.1") == copy
    assert desk.files_of(store) == files


def release_again_and_roll_back(desk: Desk) -> None:
    desk.release()
    assert desk.published() == desk.ids()["assistant/clerk@support.2"]
    desk.run("publish", "support", 1)
    assert desk.apply() == ["publish chatbot/support"]
    assert desk.published() == desk.ids()["assistant/clerk@support.1"]


def archive_a_release(desk: Desk) -> None:
    before = desk.ids()
    desk.run("archive", "release/support@2")
    desk.apply()
    assert desk.server.get(f"/assistants/{before['assistant/clerk@support.2']}").status_code == 404
    assert desk.published() == desk.clerk("assistant/clerk@support.1")["id"]


def archive_everything(desk: Desk) -> None:
    """Objects that the project did not create stay."""
    desk.run("publish", "support", "none")
    desk.run("archive", "chatbot/support")
    desk.run("archive", "assistant/clerk")
    desk.apply()
    assert [found["name"] for found in desk.get("/assistants")["data"]] == ["Somebody else's"]
    assert desk.get("/vector_stores")["data"] == []
    assert desk.get("/files")["data"] == []


STORY: Final[tuple[Callable[[Desk], None], ...]] = (
    create,
    edit_by_hand,
    reorder_by_hand,
    remove_a_field,
    rename_the_store,
    describe_the_files,
    replace_files,
    resume_an_upload,
    delete_by_hand,
    release_and_edit,
    release_again_and_roll_back,
    archive_a_release,
    archive_everything,
)


@pytest.fixture
def opened(tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Desk]]:
    """Return a function that starts a server, without the named patches, and an empty project on it."""
    with ExitStack() as stack:

        def open_desk(*without: str) -> Desk:
            url = stack.enter_context(foreign_server(*without))
            monkeypatch.setenv("RECONCILER_ENDPOINT", url)
            monkeypatch.setenv("OPENAI_API_KEY", "key")
            monkeypatch.chdir(tmp_path)
            for name, text in FILES.items():
                file = tmp_path / name
                file.parent.mkdir(exist_ok=True)
                file.write_text(text)
            desk = Desk(tmp_path, cli, stack.enter_context(httpx2.Client(base_url=url)))
            desk.git("init", "--quiet")
            (tmp_path / "project.yaml").write_text(as_yaml([PROJECT]))
            (tmp_path / "support.yaml").write_text(as_yaml([manifest("Chatbot", "support", {"assistant": "clerk"})]))
            desk.write()
            return desk

        yield open_desk


def test_the_cycle_of_a_chatbot(opened):
    desk = opened()
    for step in STORY:
        step(desk)


def test_an_edit_by_hand_after_the_plan_is_not_overwritten(opened):
    """The assistant has no time of its last change: the values that the plan saw are compared."""
    desk = opened()
    create(desk)
    desk.assistant["instructions"] = "Answer at length."
    desk.write()
    desk.run("plan", "--out", "plan.json")
    desk.post(f"/assistants/{desk.ids()['assistant/clerk']}", {"instructions": "Be rude."})
    desk.run("apply", "plan.json", "--yes", code=5)
    assert desk.clerk()["instructions"] == "Be rude."


def test_a_store_that_an_assistant_of_others_searches_is_not_deleted(opened):
    desk = opened()
    create(desk)
    searches = {"file_search": {"vector_store_ids": [desk.ids()["vectorstore/tariffs"]]}}
    desk.post("/assistants", {"model": "gpt-4o", "tools": [{"type": "file_search"}], "tool_resources": searches})
    for name in ("support.yaml", "clerk.yaml", "tariffs.yaml"):
        (desk.root / name).unlink()
    [refusal] = desk.run("plan", code=3)["refusals"]
    assert (refusal["rule"], refusal["address"]) == ("referenced", "vectorstore/tariffs")


def test_assistants_on_several_pages_are_listed(opened):
    desk = opened()
    for number in range(130):
        desk.post("/assistants", {"model": "gpt-4o", "name": str(number)})
    assert len(desk.run("inventory")["objects"]) == 130


def test_assistants_are_migrated_from_the_server_with_their_files(opened, tmp_path_factory, monkeypatch):
    desk, new = opened(), tmp_path_factory.mktemp("new")
    create(desk)
    url = os.environ["RECONCILER_ENDPOINT"]
    done = desk.run("migrate", "--live", url, "Clerk", "--to", "responses", "--into", new)
    assert sorted(one["address"] for one in done["migrated"]) == ["assistant/clerk", "vectorstore/tariffs"]
    for name in ("kb/day.md", "kb/night.md"):
        assert (new / "files" / Path(name).name).read_text() == FILES[name]
    monkeypatch.chdir(new)
    monkeypatch.setenv("RECONCILER_ENDPOINT", "embedded")
    assert desk.apply()[-1] == "create assistant/clerk"


FAILS: Final[Mapping[str, tuple[Callable[[Desk], None], str]]] = {
    "nulls": (remove_a_field, "Answers questions on tariffs"),
    "file-sizes": (resume_an_upload, "'replace fil"),
    "kept-update": (rename_the_store, '"path": "name"'),
    "entries-by-store": (release_and_edit, r"files.*kb/day\.md"),
    "described-files": (create, "KeyError: 'file_ids'"),
    "entry-update": (describe_the_files, "KeyError: 'file_id'"),
    "error-objects": (delete_by_hand, "not an error of the OpenAI API"),
}
"""The step of the cycle that fails without a patch, and a part of its failure."""


def test_every_patch_of_the_server_has_a_reason():
    assert all(patches().values())
    assert patches().keys() == FAILS.keys()


@pytest.mark.long
@pytest.mark.parametrize("patch", FAILS)
def test_the_cycle_fails_without_a_patch_of_the_server(opened, patch):
    desk, (failing, failure) = opened(patch), FAILS[patch]
    if failing is not create:
        create(desk)
    with pytest.raises(AssertionError, match=failure):
        failing(desk)
