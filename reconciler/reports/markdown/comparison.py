"""What changed between two versions of a chatbot, for a pull request or release notes."""

import re
from typing import Final

from reconciler.planning.comparing import Comparison
from reconciler.reports.style import Style, plain
from reconciler.reports.text.comparison import comparison_text

_WIDTH: Final = 100
_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]<>|#~&@!])")


def comparison_markdown(found: Comparison) -> str:
    """A heading, and the text as a code block: prompts are shown, and never rendered."""
    title = _SPECIAL.sub(r"\\\1", plain(f"{found.before} → {found.after}"))
    if found.same:
        return f"## {title}\n\nNothing changed.\n"
    body = comparison_text(found, Style(width=_WIDTH)).partition("\n\n")[2].strip("\n")
    fence = "`" * max(3, *(len(run) + 1 for run in re.findall("`+", body)), 3)
    seen = f"With the values of {found.environment}.\n\n" if found.environment else ""
    return f"## {title}\n\n{seen}{fence}text\n{body}\n{fence}\n"
