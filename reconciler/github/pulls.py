"""The pull request of a branch: found, opened, rewritten."""

from reconciler.github.client import Document, GitHub


def open_pull(github: GitHub, head: str) -> Document | None:
    """The open pull request from a branch of this repository."""
    return next(github.pages("pulls", state="open", head=f"{github.owner}:{head}"), None)


def upsert_pull(github: GitHub, head: str, base: str, title: str, body: str) -> str:
    """Open a pull request for a branch that is pushed already, or rewrite the one that is open; gives its URL."""
    found = open_pull(github, head)
    if found is None:
        made = github.post("pulls", {"head": head, "base": base, "title": title, "body": body})
    else:
        made = github.patch(f"pulls/{found['number']}", {"title": title, "body": body})
    return str(made["html_url"])
