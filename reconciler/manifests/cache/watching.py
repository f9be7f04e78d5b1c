"""What the rules and the objects of a manifest depend on outside of it, recorded as questions with their answers.

A cached result is used only if every question that was asked when it was computed has the same answer now. So the
listing of each pattern, the content of each file, and the stores and kinds that use a file are part of its key.
"""

import hashlib
import json
from collections.abc import Container, Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from reconciler.resources.base import LocalFile, ProjectFiles, Scope
from reconciler.resources.problems import Finding
from reconciler.resources.values import JSON

_GLOB: Final = "glob"
_READ: Final = "read"
_TEXT: Final = "text"
_ATTACHED: Final = "attached"
_STAGED: Final = "staged"


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass
class Questions:
    """The questions of one computation."""

    asked: dict[tuple[str, str], JSON] = field(default_factory=dict)
    is_certain: bool = True
    """False if an answer was a finding: its hint depends on all files of the project."""

    def note(self, question: str, argument: str, answer: JSON) -> None:
        self.asked[question, argument] = answer

    def document(self) -> list[JSON]:
        return [[*question, answer] for question, answer in self.asked.items()]


@dataclass(frozen=True)
class _Files:
    """Files that record what is asked."""

    files: ProjectFiles
    questions: Questions

    def glob(self, pattern: str) -> list[str]:
        found = self.files.glob(pattern)
        self.questions.note(_GLOB, pattern, _listing(found))
        return found

    def read(self, path: str) -> LocalFile | Finding:
        found = self.files.read(path)
        if isinstance(found, Finding):
            self.questions.is_certain = False
        else:
            self.questions.note(_READ, path, _content(found))
        return found

    def text(self, path: str) -> str | Finding:
        found = self.files.text(path)
        if isinstance(found, Finding):
            self.questions.is_certain = False
        else:
            self.questions.note(_TEXT, path, sha256(found))
        return found


@dataclass(frozen=True)
class _Paths:
    """Paths that record which ones are asked for."""

    question: str
    paths: Container[str]
    questions: Questions

    def __contains__(self, path: object) -> bool:
        found = path in self.paths
        self.questions.note(self.question, str(path), found)
        return found


def watched(scope: Scope) -> tuple[Scope, Questions]:
    """Return a scope that gives the same answers, and the questions that it will have been asked."""
    questions = Questions()
    watching = replace(
        scope,
        files=_Files(scope.files, questions),
        attached=_Paths(_ATTACHED, scope.attached, questions),
        staged=_Paths(_STAGED, scope.staged, questions),
    )
    return watching, questions


def hold(questions: Iterable[JSON], scope: Scope) -> bool:
    """Return True if all questions have the recorded answers."""
    return all(_answer(question, argument, scope) == answer for question, argument, answer in questions)


def _answer(question: str, argument: str, scope: Scope) -> JSON:
    if question == _READ:
        found = scope.files.read(argument)
        return None if isinstance(found, Finding) else _content(found)
    if question == _GLOB:
        return _listing(scope.files.glob(argument))
    if question == _TEXT:
        text = scope.files.text(argument)
        return None if isinstance(text, Finding) else sha256(text)
    if question == _ATTACHED:
        return argument in scope.attached
    return argument in scope.staged if question == _STAGED else None


def _listing(paths: list[str]) -> str:
    return sha256(json.dumps(paths))


def _content(file: LocalFile) -> list[JSON]:
    return [file.path, file.sha256, file.bytes, file.blob, file.on_disk, file.is_text, file.target]
