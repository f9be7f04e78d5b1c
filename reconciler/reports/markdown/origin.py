"""The origin of a comment: the commit that was planned, and the run with the full plan."""

import re
from dataclasses import dataclass
from typing import Final

from reconciler.reports.markdown.escaping import code, marker

_URL: Final = re.compile(r"https?://[\w.:/%~-]+", re.ASCII)
_MARKED: Final = re.compile(r"<!-- reconciler:[a-z-]+ (.*) -->")


@dataclass(frozen=True, slots=True)
class Run:
    """A run of a workflow, as far as it is known."""

    url: str = ""
    workflow: str = ""
    """The file name of the workflow: its comments are told apart by it."""
    commit: str = ""
    """The head of the pull request. What is checked out, and named in the plan, is its merge with the base."""
    base: str = ""
    """The branch that the pull request is for."""

    @property
    def mark(self) -> str:
        """The last line of its comments; empty where the workflow is not known."""
        return marker("by", self.workflow) if self.workflow else ""


def signed(plan: str, run: Run) -> str:
    """The comment `plan` with a line on what it is of and where all of it is."""
    base = f" into {code(run.base)}" if run.base else ""
    said = f"Planned is the merge of {code(run.commit[:12])}{base}." if run.commit else ""
    full = f"The full plan, as HTML and JSON, is an artifact of {_link(run)}." if _link(run) else ""
    return _document(plan.rstrip("\n"), " ".join(filter(None, [said, full])), run.mark)


def unplanned(mark: str, run: Run) -> str:
    """In place of the comment with `mark`, whose plan is of an earlier commit: that there is none of this one."""
    found = _MARKED.fullmatch(mark)
    identity = code(found[1] if found else mark)
    none = f"There is none for {code(run.commit[:12])}" if run.commit else "There is none"
    why = f"{none}: planning failed, or {identity} is not planned any more."
    return _document(mark, f"## No plan: {identity}", f"{why} See {_link(run)}." if _link(run) else why, run.mark)


def _link(run: Run) -> str:
    """Return a link to the run; empty if its URL is not valid."""
    return f"[this run]({run.url})" if _URL.fullmatch(run.url) else ""


def _document(*parts: str) -> str:
    return "\n\n".join(filter(None, parts)) + "\n"
