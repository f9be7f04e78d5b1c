"""A YAML language server, as editors run it: `yaml-language-server` of npm, over standard input and output."""

import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final

from tests.support import npm

FOLDER: Final = Path(__file__).parents[1] / "editor"
PROGRAM: Final = FOLDER / "node_modules" / "yaml-language-server" / "bin" / "yaml-language-server"
SETTINGS: Final[Mapping[str, Any]] = {
    "yaml": {
        "validate": True,
        "hover": True,
        "completion": True,
        # No schema is downloaded; only those that the files name are used.
        "schemaStore": {"enable": False},
        "kubernetesCRDStore": {"enable": False},
        "hoverSchemaSource": False,
    },
    "http": {"proxy": "", "proxyStrictSSL": False},
}


@dataclass
class Editor:
    """A connection to the server. A request waits for its response and handles requests of the server meanwhile."""

    process: "subprocess.Popen[bytes]"
    diagnostics: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """The latest diagnostics of each document, by its URI."""
    _requests: int = 0

    def open(self, path: Path, text: str | None = None) -> None:
        """Open a document: the content of a file, or `text` that is not saved."""
        content = path.read_text(encoding="utf-8") if text is None else text
        document = {"uri": path.as_uri(), "languageId": "yaml", "version": 1, "text": content}
        self.notify("textDocument/didOpen", textDocument=document)

    def problems(self, path: Path) -> list[str]:
        """Return the diagnostics of an open document, each with its line."""
        while path.as_uri() not in self.diagnostics:
            self._handle(self._read())
        found = self.diagnostics[path.as_uri()]
        return [f"{one['range']['start']['line'] + 1}: {one['message']}" for one in found]

    def hover(self, path: Path, line: int, column: int) -> str:
        """Return the hover text of a position in Markdown; empty if there is none. Lines and columns start at 0."""
        found = self._at("textDocument/hover", path, line, column)
        return str(found["contents"]["value"]) if found else ""

    def completions(self, path: Path, line: int, column: int) -> dict[str, dict[str, Any]]:
        """Return the completions at a position by label."""
        found = self._at("textDocument/completion", path, line, column)
        items = found["items"] if isinstance(found, dict) else found or []
        return {item["label"]: item for item in items}

    def _at(self, method: str, path: Path, line: int, column: int) -> Any:
        where = {"line": line, "character": column}
        return self.request(method, textDocument={"uri": path.as_uri()}, position=where)

    def request(self, method: str, **params: Any) -> Any:
        self._requests += 1
        self._send({"id": self._requests, "method": method, "params": params})
        while True:
            message = self._read()
            if message.get("id") == self._requests and "method" not in message:
                assert "error" not in message, message
                return message["result"]
            self._handle(message)

    def notify(self, method: str, **params: Any) -> None:
        self._send({"method": method, "params": params})

    def _handle(self, message: dict[str, Any]) -> None:
        method, params = message.get("method"), message.get("params")
        if method == "textDocument/publishDiagnostics" and params:
            self.diagnostics[params["uri"]] = params["diagnostics"]
        elif method == "workspace/configuration" and params:
            result = [SETTINGS.get(item["section"]) for item in params["items"]]
            self._send({"id": message["id"], "result": result})
        elif "id" in message and method:
            self._send({"id": message["id"], "result": None})

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        stream = _open(self.process.stdin)
        stream.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        stream.flush()

    def _read(self) -> dict[str, Any]:
        stream = _open(self.process.stdout)
        length = 0
        while line := stream.readline().strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        assert length, "the language server ended"
        message: dict[str, Any] = json.loads(stream.read(length))
        return message


def _open(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None
    return stream


@contextmanager
def editor(folder: Path) -> Iterator[Editor]:
    """A server for the files in a folder."""
    npm.install(FOLDER)
    command = [str(npm.WHEEL / "bin" / "node"), str(PROGRAM), "--stdio"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        made = Editor(process)
        capabilities = {
            "workspace": {"configuration": True},
            "textDocument": {
                "hover": {"contentFormat": ["markdown"]},
                "completion": {"completionItem": {"documentationFormat": ["markdown"]}},
            },
        }
        root = folder.as_uri()
        folders = [{"uri": root, "name": folder.name}]
        made.request("initialize", processId=None, rootUri=root, workspaceFolders=folders, capabilities=capabilities)
        made.notify("initialized")
        made.notify("workspace/didChangeConfiguration", settings=SETTINGS)
        yield made
        made.request("shutdown")
        made.notify("exit")
