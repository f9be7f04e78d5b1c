"""The differences between two versions of a chatbot, for a pull request or release notes."""

from typing import Final

from reconciler.releases.comparison import Comparison
from reconciler.reports.markdown.escaping import code, fenced
from reconciler.reports.style import Style
from reconciler.reports.text.comparison import comparison_text

_WIDTH: Final = 100


def comparison_markdown(found: Comparison) -> str:
    """A heading, and the text as a code block: prompts are shown, and never rendered."""
    title = f"{code(found.before)} → {code(found.after)}"
    if found.same:
        return f"## {title}\n\nNothing changed.\n"
    body = comparison_text(found, Style(width=_WIDTH)).partition("\n\n")[2].strip("\n")
    seen = f"With the values of {code(found.environment)}.\n\n" if found.environment else ""
    return f"## {title}\n\n{seen}{fenced([body], 'text')}\n"
