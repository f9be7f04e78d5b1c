"""The dependencies of a manifest on anything outside of it, recorded as questions with their answers.

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
    """False if an answer was a finding, whose hint depends on all files of the project, or if a question had two
    answers: a file was changed in between.
    """

    def note(self, question: str, argument: str, answer: JSON) -> None:
        self.is_certain &= self.asked.setdefault((question, argument), answer) == answer

    def document(self) -> list[JSON]:
        return [[*question, answer] for question, answer in self.asked.items()]


class Watcher:
    """A scope that gives the answers of another one and records the questions, for one computation after the other."""

    def __init__(self, scope: Scope) -> None:
        self.of = scope
        self.questions = Questions()
        self.scope = replace(
            scope,
            files=_Files(scope.files, self),
            attached=_Paths(_ATTACHED, scope.attached, self),
            staged=_Paths(_STAGED, scope.staged, self),
        )

    def begin(self) -> tuple[Scope, Questions]:
        """Return the scope for a computation, and the questions that it will have asked."""
        self.questions = Questions()
        return self.scope, self.questions


@dataclass(frozen=True)
class _Files:
    """Files that record what is asked."""

    files: ProjectFiles
    watcher: Watcher

    def glob(self, pattern: str) -> list[str]:
        found = self.files.glob(pattern)
        self.watcher.questions.note(_GLOB, pattern, _listing(found))
        return found

    def read(self, path: str) -> LocalFile | Finding:
        found = self.files.read(path)
        self._note(_READ, path, None if isinstance(found, Finding) else _content(found))
        return found

    def text(self, path: str) -> str | Finding:
        found = self.files.text(path)
        self._note(_TEXT, path, None if isinstance(found, Finding) else sha256(found))
        return found

    def _note(self, question: str, path: str, answer: JSON) -> None:
        if answer is None:
            self.watcher.questions.is_certain = False
        else:
            self.watcher.questions.note(question, path, answer)


@dataclass(frozen=True)
class _Paths:
    """Paths that record which ones are asked for."""

    question: str
    paths: Container[str]
    watcher: Watcher

    def __contains__(self, path: object) -> bool:
        found = path in self.paths
        self.watcher.questions.note(self.question, str(path), found)
        return found


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
