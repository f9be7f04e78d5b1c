from textwrap import dedent

from reconciler.reports.style import Style
from reconciler.reports.text import state_list_text, table
from reconciler.resources.address import Address
from reconciler.resources.base import Applied
from tests.reports.plans import PLAIN


def test_columns_are_as_wide_as_they_must_be():
    assert table([("日本", "1"), ("a\nb", "22")], ("NAME", "N"), style=PLAIN) == "NAME  N\n日本  1\na\\nb  22\n"


def test_the_last_column_ends_where_the_line_does():
    assert table([("a", "x" * 50)], ("K", "VALUE"), style=Style(width=20)) == f"K  VALUE\na  {'x' * 16}…\n"


def test_the_state_by_address():
    entries = {
        Address("vectorstore", "handbook"): Applied("vs_1", "vector_store", {}),
        Address("assistant", "triage"): Applied("agent_1", "agent", {}, protected=True),
    }
    assert state_list_text(entries, style=PLAIN) == dedent("""\
        ADDRESS               TYPE          ID
        assistant/triage      agent         agent_1  protected
        vectorstore/handbook  vector_store  vs_1
        """)
    assert state_list_text({}, style=PLAIN) == "The state is empty: nothing was applied yet.\n"
