"""Values as text for terminals: `from reconciler.reports.text import plan_text`."""

from reconciler.reports.style import Style
from reconciler.reports.text.apply import apply_text
from reconciler.reports.text.drift import drift_text
from reconciler.reports.text.plan import apply_question, plan_text
from reconciler.reports.text.problems import problems_text
from reconciler.reports.text.tables import history_text, state_list_text, table

__all__ = [
    "Style",
    "apply_question",
    "apply_text",
    "drift_text",
    "history_text",
    "plan_text",
    "problems_text",
    "state_list_text",
    "table",
]
