"""Ingestion of files into vector stores.

The outcome and the completion time of an entry (store, file) are set when it is created; its status is computed from
the clock on each read. Deleting a file leaves its entries listed and counted, as users of the API report.
"""

import codecs
from collections.abc import Iterable
from pathlib import PurePath
from typing import Any, NamedTuple

from reconciler.emulator.api import Call
from reconciler.emulator.errors import invalid
from reconciler.emulator.limits import between
from reconciler.emulator.resources import files
from reconciler.emulator.store import Document, Where

KIND = "vector_store.file"

# From the file search guide of the API, "supported files"; users report that extensions in upper case are refused.
SUPPORTED = frozenset(
    {".c", ".cpp", ".cs", ".css", ".doc", ".docx", ".go", ".html", ".java", ".js", ".json", ".md", ".pdf", ".php"}
    | {".pptx", ".py", ".rb", ".sh", ".tex", ".ts", ".txt"}
)
BINARY = frozenset({".doc", ".docx", ".pdf", ".pptx"})
MOST_TEXT = 20_000_000
# The present meaning of `auto`, from the docstrings of the chunking types.
AUTO = {"type": "static", "static": {"max_chunk_size_tokens": 800, "chunk_overlap_tokens": 400}}


class Attachment(NamedTuple):
    """A requested attachment of a file to a vector store."""

    file_id: str
    attributes: Document | None = None
    chunking_strategy: Document | None = None


def attach(call: Call, store_id: str, attachments: Iterable[Attachment], batch_id: str | None = None) -> None:
    """Start the ingestion of files, again for those already attached. Raises ApiError 404 for an unknown file."""
    wanted = {attachment.file_id: attachment for attachment in attachments}
    found = files.found(call, list(wanted))
    entries = [_entry(call, store_id, found[id_], attachment, batch_id) for id_, attachment in wanted.items()]
    call.store.put_all(KIND, entries, store_id)


def render(entry: Document, now: float) -> Document:
    """Return the entry as the API shows it at the time `now`."""
    status = "in_progress" if entry["ready_at"] > now else entry["outcome"]
    return {
        "id": entry["id"],
        "object": KIND,
        "created_at": entry["created_at"],
        "vector_store_id": entry["vector_store_id"],
        "status": status,
        "last_error": entry["error"] if status == "failed" else None,
        "usage_bytes": entry["bytes"] if status == "completed" else 0,
        "attributes": entry["attributes"],
        "chunking_strategy": entry["chunking_strategy"],
    }


def counts(call: Call, store_id: str, where: Where | None = None) -> tuple[Document, int]:
    """Return `file_counts` of a store, or of its entries that match `where`, and the bytes of completed entries."""
    status = Where(_STATUS, (call.now,))
    totals = call.store.totals(KIND, store_id, status, "json_extract(body, '$.bytes')", where or Where())
    numbers = {name: totals.get(name, (0, 0))[0] for name in ("cancelled", "completed", "failed", "in_progress")}
    return {**numbers, "total": sum(numbers.values())}, totals.get("completed", (0, 0))[1]


def in_status(status: str, now: float) -> Where:
    return Where(f"{_STATUS} = ?", (now, status))


def in_batch(batch_id: str) -> Where:
    return Where("json_extract(body, '$.batch_id') = ?", (batch_id,))


def cancel(call: Call, store_id: str, batch_id: str) -> None:
    """Cancel the entries of a batch that are in progress; finished ones stay."""
    cancelled = Where("json_set(body, '$.outcome', 'cancelled', '$.ready_at', 0)")
    unfinished = in_batch(batch_id) & in_status("in_progress", call.now)
    call.store.replace_where(KIND, store_id, unfinished, cancelled)


_STATUS = "CASE WHEN json_extract(body, '$.ready_at') > ? THEN 'in_progress' ELSE json_extract(body, '$.outcome') END"


def _entry(call: Call, store_id: str, file: Document, wanted: Attachment, batch_id: str | None) -> Document:
    error = _error(call, file)
    strategy = wanted.chunking_strategy
    return {
        "id": file["id"],
        "created_at": int(call.now),
        "vector_store_id": store_id,
        "batch_id": batch_id,
        "attributes": wanted.attributes or {},
        "chunking_strategy": strategy if strategy and strategy["type"] == "static" else AUTO,
        "ready_at": call.now + call.settings.ingest_delay,
        "outcome": "failed" if error else "completed",
        "error": error,
        "bytes": file["bytes"],
    }


def _error(call: Call, file: Document) -> Document | None:
    if call.settings.ingest_fails:
        return {"code": "server_error", "message": "An internal error occurred."}
    extension = PurePath(file["filename"]).suffix
    if extension not in SUPPORTED:
        return {"code": "unsupported_file", "message": f"Files with extension '{extension}' are not supported."}
    if not file["bytes"]:
        return {"code": "invalid_file", "message": "The file is empty."}
    if extension not in BINARY and file["bytes"] > MOST_TEXT:
        return {"code": "invalid_file", "message": "The file has more than 5,000,000 tokens."}
    if extension not in BINARY and not _is_text(call.store.content(file["id"])):
        return {"code": "invalid_file", "message": "The encoding of the file must be utf-8, utf-16, or ascii."}
    return None


def _is_text(content: bytes) -> bool:
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        content.decode("utf-16" if wide else "utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _overlap(static: Any, path: str) -> None:
    if static["chunk_overlap_tokens"] > static["max_chunk_size_tokens"] / 2:
        raise invalid(f"Invalid '{path}': the overlap must not exceed half of max_chunk_size_tokens.", path)


# Docstrings of `openai.types.static_file_chunking_strategy_param`.
CHUNKING = {
    "chunking_strategy.static.max_chunk_size_tokens": between(100, 4096),
    "chunking_strategy.static.chunk_overlap_tokens": between(0, 2048),
    "chunking_strategy.static": _overlap,
}
