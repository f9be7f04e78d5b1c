"""Notes and issues that Reconciler writes. A hidden mark in their first line identifies them, so that each is edited in
place. Only those of the account of the token are considered.
"""

import re
from collections.abc import Callable, Collection
from typing import Final

from reconciler.gitlab.client import Document, GitLab

LABEL: Final = "reconciler"
"""The label by which issues are found. GitLab creates it with the first issue."""
_MARK: Final = re.compile(r"<!-- reconciler:[a-z-]+ [^\n]*? -->")


def upsert_note(gitlab: GitLab, merge_request: int, mark: str, body: str) -> int:
    """Replace the note with `mark` on a merge request, or create it; return its id."""
    path = f"merge_requests/{merge_request}/notes"
    mine = next((found for found in gitlab.pages(path) if _is_ours(gitlab, found, found["body"], mark)), None)
    if mine is None:
        mine = gitlab.post(path, {"body": body})
    elif mine["body"] != body.rstrip("\n"):
        mine = gitlab.put(f"{path}/{mine['id']}", {"body": body})
    return int(mine["id"])


def replace_notes(
    gitlab: GitLab, merge_request: int, ending: str, keep: Collection[str], text: Callable[[str], str]
) -> list[int]:
    """Replace by `text(mark)` each own note that ends with `ending` and whose mark is not in `keep`.

    Returns the ids of these notes.
    """
    path = f"merge_requests/{merge_request}/notes"
    ids = []
    for found in gitlab.pages(path):
        body = str(found["body"] or "")
        mark = _MARK.match(body)
        if mark and mark[0] not in keep and body.rstrip().endswith(ending) and _is_ours(gitlab, found, body, mark[0]):
            ids.append(int(found["id"]))
            if body.rstrip() != text(mark[0]).rstrip():
                gitlab.put(f"{path}/{found['id']}", {"body": text(mark[0])})
    return ids


def upsert_issue(gitlab: GitLab, mark: str, title: str, body: str) -> str:
    """Open an issue, or edit the open one with `mark`; return its URL."""
    mine = _open_issue(gitlab, mark)
    if mine is None:
        mine = gitlab.post("issues", {"title": title, "description": body, "labels": LABEL})
    elif (mine["title"], str(mine["description"]).rstrip()) != (title, body.rstrip()):
        mine = gitlab.put(f"issues/{mine['iid']}", {"title": title, "description": body})
    return str(mine["web_url"])


def close_issue(gitlab: GitLab, mark: str, body: str) -> str | None:
    """Close the open issue with `mark`, replace its text, and return its URL; None if none is open."""
    mine = _open_issue(gitlab, mark)
    if mine is None:
        return None
    closed = gitlab.put(f"issues/{mine['iid']}", {"description": body, "state_event": "close"})
    return str(closed["web_url"])


def _open_issue(gitlab: GitLab, mark: str) -> Document | None:
    """Return the oldest open issue with `mark`."""
    issues = gitlab.pages("issues", state="opened", labels=LABEL, order_by="created_at", sort="asc")
    return next((found for found in issues if _is_ours(gitlab, found, found["description"], mark)), None)


def _is_ours(gitlab: GitLab, found: Document, body: object, mark: str) -> bool:
    author = found["author"] or {}  # null if the account was deleted
    return author.get("id") == gitlab.user and str(body or "").startswith(mark)
