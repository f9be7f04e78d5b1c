"""Problems as compilers print them: a place editors can jump to, a code, what is wrong, what to do."""

from collections.abc import Iterable, Iterator

from reconciler.reports.style import Look, Style, count, plain, wrap
from reconciler.resources.problems import Place, Problem, Severity

_LOOKS: dict[Severity, Look] = {"error": "red", "warning": "yellow"}


def problems_text(problems: Iterable[Problem], *, style: Style) -> str:
    """All `problems` by place, those without one last, then how many there are. Empty where there is none."""
    ordered = sorted(problems, key=lambda problem: (problem.place is None, problem.place or Place("")))
    if not ordered:
        return ""
    lines = [line for problem in ordered for line in problem_lines(problem, style)]
    return "\n".join([*lines, "", _total(ordered)]) + "\n"


def problem_lines(problem: Problem, style: Style, *, indent: str = "") -> Iterator[str]:
    """One problem, `indent` spaces to the right; its hint on lines of its own."""
    where = f"{indent}{plain(str(problem.place))}: " if problem.place else indent
    label = f"{problem.severity}[{plain(problem.code)}]:"
    first, *others = wrap(problem.text, style.width, lead=f"{where}{label} ", hang=f"{indent}    ")
    rest = first[len(where) + len(label) :]
    yield style.paint(where, "bold") + style.paint(label, _LOOKS[problem.severity]) + rest
    yield from others
    if problem.hint:
        yield from wrap(problem.hint, style.width, lead=f"{indent}    hint: ", hang=f"{indent}    ")


def _total(problems: list[Problem]) -> str:
    errors = sum(problem.severity == "error" for problem in problems)
    warnings = len(problems) - errors
    counts = ((errors, count(errors, "error")), (warnings, count(warnings, "warning")))
    return ", ".join(text for number, text in counts if number)
