"""Run `docs/coming-from-assistants-or-prompts.md`, with a server that has assistants and threads."""

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from unittest import mock

from reconciler import bundles
from tests.e2e.pages import answered, as_it_runs, printed, stable
from tests.support.old_server import OldServer, old_server

PAGE = Path(__file__).parents[2] / "docs" / "coming-from-assistants-or-prompts.md"
TEXT = PAGE.read_text(encoding="utf-8")
FILES = re.findall(r"`(exports/[\w.]+)`:\n\n```json\n(.*?)^```$", TEXT, flags=re.MULTILINE | re.DOTALL)
SESSIONS = re.findall(r"^```console\n(.*?)^```$", TEXT, flags=re.MULTILINE | re.DOTALL)
SNIPPETS = re.findall(r"^```python\n(.*?)^```$", TEXT, flags=re.MULTILINE | re.DOTALL)
URL = "http://127.0.0.1:8787/v1"
MARCH = 1709251200.0
IDS = {
    "files": ("file-hAndb00k", "file-t3rms"),
    "vector_stores": ("vs_67a1b2c3",),
    "assistants": ("asst_k3yT0cl4ims",),
}


def followed(scratch: Path) -> str:
    """Return the page with the outputs of its commands, run in `scratch`."""
    with old_server(now=lambda: MARCH) as server:
        return run(server, scratch)


def run(server: OldServer, scratch: Path) -> str:
    server.gives_files = False
    by_hand = {
        "the server has an assistant": lambda _folder: _add_assistant(server),
        "the server has a thread": lambda _folder: _add_thread(server),
    }

    def reconciler(words: str) -> str:
        show = printed if words.startswith("migrate threads") else answered  # what is lost is on stderr
        return show(words.replace(URL, server.url))

    def steady(text: str) -> str:
        return stable(text).replace(server.url, URL)

    return as_it_runs(PAGE, scratch, by_hand, reconciler=reconciler, steady=steady)


def _add_assistant(server: OldServer) -> None:
    with fixed_ids():
        handbook = server.file("handbook.md", "Hail is covered.\n", purpose="vision")
        store = server.store(handbook, server.file("terms.pdf", b"%PDF-1.4"), metadata={"team": "claims"})
        server.searching(
            "Claims Desk", store, model="gpt-4o", instructions="Answer from the handbook.", temperature=0.2
        )


def _add_thread(server: OldServer) -> None:
    mark = {"type": "file_citation", "text": "【4:0†handbook】", "start_index": 3, "end_index": 17}
    cited = {**mark, "file_citation": {"file_id": "file-hAndb00k"}}
    text = {"type": "text", "text": {"value": "Yes【4:0†handbook】.", "annotations": [cited]}}
    messages = [
        {"role": "user", "content": "Is hail covered?"},
        {"role": "assistant", "content": [text], "id": "msg_2"},
    ]
    server.thread(id="thread_hA1l", metadata={"user": "7"}, messages=messages)


@contextmanager
def fixed_ids() -> Iterator[None]:
    """Give the objects that are made in the body the ids of the page."""
    with ExitStack() as patches:
        for module, ids in IDS.items():
            name = f"reconciler.emulator.resources.{module}.new_id"
            patches.enter_context(mock.patch(name, side_effect=ids))
        yield


def test_migration_page_outputs_equal_command_outputs(tmp_path):
    assert followed(tmp_path) == TEXT
    bundle = bundles.load(tmp_path / "claims" / ".reconciler" / "bundles", "claims", "assistant/claims-desk")
    assert bundle.request("assistant/claims-desk")["temperature"] == 0.2


def test_migration_page_contains_both_exports_and_all_sessions():
    assert [name for name, _ in FILES] == ["exports/assistants.json", "exports/welcome.json"]
    assert len(SESSIONS) >= 10


def test_the_snippet_creates_the_conversations_of_a_file(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    items = [{"type": "message", "role": "user", "content": str(number)} for number in range(45)]
    line = f'{{"items": {items!r}, "metadata": {{"thread_id": "thread_1"}}}}'.replace("'", '"')
    (tmp_path / "threads.jsonl").write_text(f"{line}\n", encoding="utf-8")
    with old_server() as server:
        source = next(text for text in SNIPPETS if "threads.jsonl" in text)
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-old")
        exec(source, {})
        [thread, conversation] = capsys.readouterr().out.split()
        found = list(server.client.conversations.items.list(conversation, order="asc"))
    assert (thread, len(found)) == ("thread_1", 45)
