"""The codes of errors and warnings that the source code can produce.

A code enters a problem through a parameter or a field `code: str`. The search collects the arguments of all calls of
such functions and classes. An argument that it cannot follow is reported, so that no code escapes it.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final, TypeAlias

import reconciler

PACKAGE: Final = Path(reconciler.__file__).parent
_OTHER_CODE: Final = frozenset({"CodeExplanation", "FailingFile", "_check_code"})
"""Functions and classes with a `code` that is not the code of a problem."""
_COMPOSED: Final = {
    "bad-skill-{field}": {"bad-skill-name", "bad-skill-description"},
    "bundle-{error.code}": set[str](),  # those of `BundleError`, which are found where it is raised
}
"""Codes that are composed of parts, by the text of the source code."""
_BUNDLES: Final = "BundleError"
"""The error of the reader for applications, whose codes get the prefix `bundle-` in commands."""
_PRINTED: Final = re.compile(r"\berror\[([a-z-]+)\]")
_Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Use:
    """A call that produces problems with certain codes."""

    codes: frozenset[str]
    call: ast.Call
    file: Path


@dataclass
class Codes:
    """The result of the search."""

    uses: list[Use] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    """Arguments that the search cannot follow, as `file:line: text`."""

    @property
    def all(self) -> frozenset[str]:
        return frozenset(code for use in self.uses for code in use.codes)

    @property
    def only_warnings(self) -> frozenset[str]:
        """The codes whose problems are all created as warnings."""
        others = (use for use in self.uses if not _is_warning(use.call))
        return self.all - {code for use in others for code in use.codes}


@cache
def produced() -> Codes:
    """Search the source code, without the emulator, which has the codes of OpenAI."""
    trees = {
        file: ast.parse(file.read_text())
        for file in sorted(PACKAGE.rglob("*.py"))
        if "emulator" not in file.relative_to(PACKAGE).parts
    }
    return _Search(trees).run()


@dataclass
class _Search:
    trees: dict[Path, ast.Module]
    positions: dict[tuple[Path | None, str], int] = field(default_factory=dict)
    """Index of the argument `code`, by the name of the class or function, and by the file of a method."""
    constants: dict[str, set[str]] = field(default_factory=dict)
    found: Codes = field(default_factory=Codes)

    def run(self) -> Codes:
        for file, tree in self.trees.items():
            for node in ast.walk(tree):
                self._declare(file, node)
        for file, tree in self.trees.items():
            self._visit(file, tree, ())
        return self.found

    def _print(self, file: Path, node: ast.AST) -> None:
        """Add the codes of messages that are printed as text: those of errors for which there is no memory."""
        value = getattr(node, "value", None) if isinstance(node, ast.Constant) else None
        text = value.decode(errors="replace") if isinstance(value, bytes) else value if isinstance(value, str) else ""
        for found in _PRINTED.finditer(text):
            self.found.uses.append(Use(frozenset({found[1]}), ast.Call(ast.Name("print"), [], []), file))

    def _declare(self, file: Path, node: ast.AST) -> None:
        if isinstance(node, ast.ClassDef):
            fields = [one for one in node.body if isinstance(one, ast.AnnAssign)]
            names = [ast.unparse(one.target) for one in fields]
            if "code" in names and ast.unparse(fields[names.index("code")].annotation) == "str":
                self.positions[None, node.name] = names.index("code")
            for one in node.body:
                if isinstance(one, ast.FunctionDef) and one.name == "__init__" and _parameter(one) is not None:
                    self.positions[None, node.name] = _parameter(one) or 0
        elif isinstance(node, _Function) and node.name != "__init__":
            position = _parameter(node)
            if position is not None:
                is_local = node.name.startswith("_") or node.args.args[0].arg == "self"
                self.positions[file if is_local else None, node.name] = position
        elif isinstance(node, ast.AnnAssign) and isinstance(node.value, ast.Constant):
            self.constants.setdefault(ast.unparse(node.target), set()).add(str(node.value.value))

    def _visit(self, file: Path, node: ast.AST, around: tuple[_Function, ...]) -> None:
        if isinstance(node, _Function):
            around = (*around, node)
        if isinstance(node, ast.Call):
            self._call(file, node, around)
        self._print(file, node)
        for child in ast.iter_child_nodes(node):
            self._visit(file, child, around)

    def _call(self, file: Path, call: ast.Call, around: tuple[_Function, ...]) -> None:
        name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
        argument = next((one.value for one in call.keywords if one.arg == "code"), None)
        position = self.positions.get((None, name), self.positions.get((file, name)))
        if name in _OTHER_CODE or (position is None and name != "replace"):
            return
        if position is not None and len(call.args) > position:
            argument = call.args[position]
        if argument is None:
            return
        codes: set[str] = set()
        for part in _alternatives(argument):
            values = self._values(part, around)
            if values is None:
                self.found.unknown.append(f"{file.relative_to(PACKAGE)}:{call.lineno}: {ast.unparse(part)}")
            else:
                codes |= values
        if name == _BUNDLES:
            codes = {f"bundle-{code}" for code in codes}
        self.found.uses.append(Use(frozenset(codes), call, file))

    def _values(self, part: ast.expr, around: tuple[_Function, ...]) -> set[str] | None:
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            return {part.value}
        if isinstance(part, ast.Attribute) and part.attr in {"code", "rule"}:
            return set()  # of another value, which has it from its own call
        if isinstance(part, ast.JoinedStr):
            return _COMPOSED.get(ast.unparse(part)[2:-1])
        if not isinstance(part, ast.Name):
            return None
        for function in reversed(around):
            assigned = [one for node in ast.walk(function) for one in _assigned(node, part.id)]
            if assigned:
                found = [self._values(one, ()) for value in assigned for one in _alternatives(value)]
                return set().union(*(one for one in found if one is not None)) if None not in found else None
        return self.constants.get(part.id, set() if part.id == "code" else None)


def _is_warning(call: ast.Call) -> bool:
    """Return True if a call has the severity of warnings, or is one of a function that creates warnings."""
    arguments = [*call.args, *(one.value for one in call.keywords)]
    name = call.func.id if isinstance(call.func, ast.Name) else ""
    return name == "_warning" or any(isinstance(one, ast.Constant) and one.value == "warning" for one in arguments)


def _alternatives(value: ast.expr) -> Iterator[ast.expr]:
    if isinstance(value, ast.IfExp):
        yield from _alternatives(value.body)
        yield from _alternatives(value.orelse)
    else:
        yield value


def _assigned(node: ast.AST, name: str) -> Iterator[ast.expr]:
    if isinstance(node, ast.Assign) and any(isinstance(one, ast.Name) and one.id == name for one in node.targets):
        yield node.value
    if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == name and node.value is not None:
        yield node.value


def _parameter(function: _Function) -> int | None:
    """Return the position of the parameter `code: str`, without `self`."""
    names = [one.arg for one in function.args.args]
    annotation = function.args.args[names.index("code")].annotation if "code" in names else None
    if annotation is None or ast.unparse(annotation) != "str":
        return None
    return names.index("code") - (names[0] == "self")
