"""What was applied is opened without the manifests, with the project, state and errors that loading them finds."""

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from hypothesis import given, settings, strategies as st

from reconciler.project.stored import StoredProject, open_stored
from reconciler.project.workspace import open_workspace
from reconciler.resources.problems import Problem, ReconcilerError

HEADER = "apiVersion: reconciler/v1\nkind: Project\nmetadata: {name: acme}\n"
PARTS = st.lists(
    st.sampled_from(
        [
            "  environments: {staging: {}, production: {variables: {a: 1}}}\n",
            "  environments: {staging: {openai_project: proj_1}}\n",
            "  variables: {a: 1.10, b: x}\n",
            "  state: {url: 's3://bucket/there'}\n",
            "  state: {url: nowhere}\n",
            "  endpoint: embedded\n",
            "  endpoint: 'ftp://here'\n",
            "  defaults: {target: agents}\n",
            "  defaults: {target: none}\n",
            "  peers: [{identity: other}, {identity: other}]\n",
            "  envs: {}\n",
            "  variables: {key: sk-proj-abcdefghijklmnopqrstuvwxyz0123456789}\n",
            "  limits: [\n",
        ]
    ),
    max_size=3,
    unique_by=lambda part: part.partition(":")[0],
)
PROJECTS = st.one_of(
    PARTS.map(lambda parts: HEADER + ("spec:\n" + "".join(parts) if parts else "spec: {}\n")),
    st.sampled_from(
        [
            "",
            "- a\n",
            "kind: Project\n",
            HEADER + "---\n" + HEADER,
            HEADER.replace("acme", "'A b'"),
            "\t" + HEADER,
            HEADER + "spec: {}\nspec: {}\n",
            "# acme\n---\n" + HEADER + "...\n",
            "\ufeff" + HEADER,
        ]
    ),
)
ASSISTANT = "apiVersion: reconciler/v1\nkind: Assistant\nmetadata: {name: NAME}\nspec: {model: gpt-6-luna, SPEC}\n"
OTHERS = st.dictionaries(
    st.sampled_from(["a.yaml", "b.yaml", "sub/c.yaml", "d.md"]),
    st.sampled_from(
        [
            ASSISTANT.replace("NAME", "a").replace("SPEC", "target: agents"),
            ASSISTANT.replace("NAME", "a").replace("SPEC", "instructions: '${var.missing}'"),
            ASSISTANT.replace("NAME", "b").replace("SPEC", "instructions: {$file: missing.md}"),
            ASSISTANT.replace("name: NAME", "name: c, lifecycle: {moved_from: a}").replace("SPEC", "target: agents"),
            "kind: [\n",
            "kind: Assistent\napiVersion: reconciler/v1\n",
        ]
    ),
)
SETTINGS = {"unknown-state", "local-state-in-ci", "bad-endpoint", "endpoint-not-allowed"}
"""Errors of settings, which commands look for once the manifests have no errors."""
T = TypeVar("T")


@settings(deadline=None)
@given(PROJECTS, OTHERS, st.sampled_from([None, "staging", "production"]), st.sampled_from([{}, {"CI": "1"}]))
def test_a_project_is_opened_as_with_its_manifests(project, others, env, environ):
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for path, text in {"project.yaml": project, **others}.items():
            (root / path).parent.mkdir(exist_ok=True)
            (root / path).write_text(text)
        stored, problems = attempted(lambda: parts(open_stored(root, environ, env=env)))
        expected, of_all = attempted(lambda: parts(of_workspace(root, environ, env)))
    if any(one.severity == "error" and in_project(one) for one in of_all) or not of_all:
        assert (stored, problems) == (expected, of_all)
    else:
        assert stored or {one.code for one in problems} <= SETTINGS


def of_workspace(root: Path, environ: Mapping[str, str], env: str | None) -> StoredProject:
    """Return the same of a project whose manifests were loaded."""
    workspace = open_workspace(root, {**environ, "RECONCILER_NO_CACHE": "1"}, env=env)
    return StoredProject(workspace.loaded.project, workspace.backend)


def parts(stored: StoredProject) -> tuple[object, ...]:
    return stored.project, stored.backend.identity, stored.backend.store.location


def attempted(work: Callable[[], T]) -> tuple[T | None, tuple[Problem, ...]]:
    """Return the result of `work`, or the problems that it raises."""
    try:
        return work(), ()
    except ReconcilerError as error:
        return None, error.problems


def in_project(problem: Problem) -> bool:
    return problem.place is None or problem.place.file == "project.yaml"
