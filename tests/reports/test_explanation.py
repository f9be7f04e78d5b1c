"""Explanations as text."""

from reconciler.explanations.model import (
    CodeExplanation,
    Explanation,
    FieldExplanation,
    KindSummary,
    Member,
    Variant,
)
from reconciler.reports.explanation import explanation_text
from reconciler.reports.style import Style

FIELD = FieldExplanation(
    path="lamp.spec.size",
    only=("target: hall", "target: stage"),
    type="string or null",
    required=True,
    description="Size of the lamp.",
    default="small",
    values=("small", "large"),
    limits=("at most 5 characters",),
    expands=True,
    selected_by="",
    variants=(),
    members=(),
)
MAPPING = FieldExplanation(
    path="lamp.spec.bulb",
    only=(),
    type="mapping",
    required=False,
    description="",
    default=None,
    values=(),
    limits=(),
    expands=False,
    selected_by="type",
    variants=(Variant("led", "A diode."), Variant("arc", "An arc.")),
    members=(Member("watts", "number", True, "Its power.", ("type: led",)),),
)
CODE = CodeExplanation(
    "too-bright", "warning", "The lamp is bright.", "lamp.yaml:1:1: warning[too-bright]: 9 W", "Dim it."
)


def text(explanation: Explanation, width: int = 80) -> str:
    return explanation_text(explanation, style=Style(width=width))


def test_field_is_printed_with_its_facts():
    assert (
        text(Explanation("x", fields=(FIELD,)))
        == """\
lamp.spec.size (target: hall or stage)
  Size of the lamp.

  type      string or null
  required  yes
  default   "small"
  values    "small", "large"
  limits    at most 5 characters
  also      `{$file: PATH}` and `${var.NAME}`
"""
    )


def test_mapping_is_printed_with_its_forms_and_fields():
    assert (
        text(Explanation("x", fields=(MAPPING,)))
        == """\
lamp.spec.bulb

  type      mapping

  Values of type
    led
      A diode.
    arc
      An arc.

  Fields
    watts  number; required; type: led
      Its power.
"""
    )


def test_code_is_printed_with_example_and_solution():
    assert (
        text(Explanation("x", codes=(CODE,)))
        == """\
too-bright (warning)
  The lamp is bright.

  Example
    lamp.yaml:1:1: warning[too-bright]: 9 W

  Solution
    Dim it.
"""
    )


def test_kinds_are_printed_with_the_commands_for_more():
    printed = text(Explanation("", kinds=(KindSummary("Lamp", "A lamp."),)))
    assert printed.startswith("Kinds\n  lamp\n    A lamp.\n\n`reconciler explain KIND.spec` lists")


def test_prose_is_wrapped_to_the_width():
    long = CodeExplanation("a", "error", "word " * 60 + "end.", "error[a]: x", "Do it.")
    assert max(map(len, text(Explanation("a", codes=(long,)), 40).splitlines())) <= 40
