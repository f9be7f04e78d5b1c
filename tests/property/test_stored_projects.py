"""What was applied is opened without the manifests: with the project, the state and the errors that loading them finds."""

import tempfile
from pathlib import Path

from hypothesis import given, settings, strategies as st

from reconciler.project.stored import open_stored
from reconciler.project.workspace import open_workspace
from reconciler.resources.problems import ReconcilerError

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


@settings(deadline=None)
@given(PROJECTS, OTHERS, st.sampled_from([None, "staging", "production"]), st.sampled_from([{}, {"CI": "1"}]))
def test_a_project_is_opened_as_with_its_manifests(project, others, env, environ):
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for path, text in {"project.yaml": project, **others}.items():
            (root / path).parent.mkdir(exist_ok=True)
            (root / path).write_text(text)
        expected: ReconcilerError | None = None
        try:
            workspace = open_workspace(root, {**environ, "RECONCILER_NO_CACHE": "1"}, env=env)
            opened = workspace.loaded.project, workspace.identity, workspace.backend.store.location
        except ReconcilerError as error:
            expected = error
        try:
            stored = open_stored(root, environ, env=env)
        except ReconcilerError as error:
            assert expected is not None
            is_same = error.problems == expected.problems
            assert is_same or {one.code for one in error.problems} <= SETTINGS and not in_project(expected)
        else:
            if expected is None:
                assert (stored.project, stored.identity, stored.backend.store.location) == opened
            else:
                assert not in_project(expected)


def in_project(error: ReconcilerError) -> bool:
    """Return True if an error is in `project.yaml` itself."""
    return any(
        one.severity == "error" and (not one.place or one.place.file == "project.yaml") for one in error.problems
    )
