"""Comments, issues and pull requests that Reconciler writes.

A hidden mark in the first line of comments and issues identifies them, so that each is edited in place.
"""

import re
from collections.abc import Callable, Collection
from typing import Final

from reconciler.github.client import Document, GitHub
from reconciler.github.failures import GitHubError, understood
from reconciler.resources.problems import Problem

_MARK: Final = re.compile(r"<!-- reconciler:[a-z-]+ [^\n]*? -->")
AUTHOR: Final = "github-actions[bot]"
"""The author of comments that are written with the token of a workflow."""
LABEL: Final = "reconciler"
"""The label by which issues are found. GitHub creates it with the first issue."""


def mark_of(body: str) -> str:
    """Return the mark at the start of `body`: `<!-- reconciler:plan acme/production -->`; GitHubError without one."""
    found = _MARK.match(body)
    if found:
        return found[0]
    hint = "Create it with `reconciler plan -o markdown` or `reconciler drift -o markdown`."
    raise GitHubError(Problem("no-mark", "the text does not begin with a Reconciler mark", hint=hint))


@understood("writing a comment")
def upsert_comment(github: GitHub, pull: int, body: str, author: str = AUTHOR) -> str:
    """Replace the comment with the mark of `body` on a pull request, or create it; return its URL.

    Only comments by `author` are considered, because the author of a comment can edit it.
    """
    mark = mark_of(body)
    comments = github.pages(f"issues/{pull}/comments")
    mine = next((found for found in comments if _is_ours(found, mark, author)), None)
    if mine is None:
        mine = github.post(f"issues/{pull}/comments", {"body": body})
    elif mine["body"] != body:
        mine = github.patch(f"issues/comments/{mine['id']}", {"body": body})
    return str(mine["html_url"])


@understood("replacing comments")
def replace_comments(
    github: GitHub, pull: int, ending: str, keep: Collection[str], text: Callable[[str], str], author: str = AUTHOR
) -> list[str]:
    """Replace by `text(mark)` each comment of `author` that ends with `ending` and whose mark is not in `keep`.

    Returns the URLs of these comments.
    """
    urls = []
    for found in github.pages(f"issues/{pull}/comments"):
        body = str(found["body"] or "")
        mark = _MARK.match(body)
        if mark and mark[0] not in keep and body.rstrip().endswith(ending) and _is_ours(found, mark[0], author):
            urls.append(str(found["html_url"]))
            if body != text(mark[0]):
                github.patch(f"issues/comments/{found['id']}", {"body": text(mark[0])})
    return urls


@understood("writing an issue")
def upsert_issue(github: GitHub, title: str, body: str, author: str = AUTHOR) -> str:
    """Open an issue, or edit the open one with the same mark; return its URL."""
    mine = _open_issue(github, mark_of(body), author)
    if mine is None:
        mine = github.post("issues", {"title": title, "body": body, "labels": [LABEL]})
    elif (mine["title"], mine["body"]) != (title, body):
        mine = github.patch(f"issues/{mine['number']}", {"title": title, "body": body})
    return str(mine["html_url"])


@understood("closing an issue")
def close_issue(github: GitHub, body: str, author: str = AUTHOR) -> str | None:
    """Close the open issue with the mark of `body`, replace its text, and return its URL; None if none is open."""
    mine = _open_issue(github, mark_of(body), author)
    if mine is None:
        return None
    closed = {"body": body, "state": "closed", "state_reason": "completed"}
    return str(github.patch(f"issues/{mine['number']}", closed)["html_url"])


@understood("reading a pull request")
def head_commit(github: GitHub, pull: int) -> str:
    """Return the newest commit of a pull request."""
    return str(github.get(f"pulls/{pull}")["head"]["sha"])


@understood("searching a pull request")
def open_pull(github: GitHub, head: str) -> Document | None:
    """Return the open pull request from the branch `head` of this repository; None if there is none."""
    return next(github.pages("pulls", state="open", head=f"{github.owner}:{head}"), None)


@understood("writing a pull request")
def upsert_pull(github: GitHub, head: str, base: str, title: str, body: str) -> str:
    """Open a pull request for a pushed branch, or edit the open one; return its URL."""
    found = open_pull(github, head)
    if found is None:
        made = github.post("pulls", {"head": head, "base": base, "title": title, "body": body})
    else:
        made = github.patch(f"pulls/{found['number']}", {"title": title, "body": body})
    return str(made["html_url"])


def _open_issue(github: GitHub, mark: str, author: str) -> Document | None:
    """Return the oldest open issue with `mark`. Two concurrent runs may each have opened one."""
    issues = github.pages("issues", state="open", labels=LABEL, sort="created", direction="asc")
    return next((found for found in issues if "pull_request" not in found and _is_ours(found, mark, author)), None)


def _is_ours(found: Document, mark: str, author: str) -> bool:
    user = found["user"] or {}  # null if the account was deleted
    return user.get("login") == author and str(found["body"] or "").startswith(mark)
