"""The risks of a plan as text: every high one, and how many others stand beside the changes."""

from collections import Counter
from collections.abc import Sequence

from reconciler.planning.model import Risk
from reconciler.reports.style import Style, plain, wrap
from reconciler.reports.text.parts import counted, section
from reconciler.reports.wording import risk_text
from reconciler.resources.risks import LEVELS


def risk_lines(risks: Sequence[Risk], style: Style) -> list[str]:
    """A section; nothing where there is no risk."""
    high = [risk for risk in risks if risk.level == "high"]
    lines = [line for risk in high for line in _line(risk, style)]
    return section("Risks", [*lines, *_others(risks, style)], style)


def _line(risk: Risk, style: Style) -> list[str]:
    first, *others = wrap(
        f"{risk.rule}: {risk_text(risk)}", style.width, lead=f"  ! {plain(risk.address)}  ", hang="    "
    )
    return [style.paint(line, "red") for line in (first, *others)]


def _others(risks: Sequence[Risk], style: Style) -> list[str]:
    found = Counter(risk.level for risk in risks)
    counts = counted({level: found[level] for level in LEVELS if level != "high"})
    return wrap(f"{counts}: each stands with its change.", style.width, lead="  ", hang="  ") if counts else []
