"""Edits as unified diffs."""

from reconciler.project.edits import Edit
from reconciler.reports.style import Style
from reconciler.reports.text.edits import edit_patch, edit_text

EDIT = Edit("a.yaml", "one\ntwo\x1b\r\n", "one\nthree")


def test_text_escapes_characters_that_a_terminal_interprets():
    assert edit_text(EDIT) == "--- a/a.yaml\n+++ b/a.yaml\n@@ -1,2 +1,2 @@\n one\n-two\\x1b\n+three"


def test_text_is_coloured_in_a_terminal():
    assert "\x1b[31m-two\\x1b\x1b[0m\n\x1b[32m+three\x1b[0m" in edit_text(EDIT, style=Style(color=True))


def test_patch_has_the_exact_lines():
    assert edit_patch(EDIT) == (
        "--- a/a.yaml\n+++ b/a.yaml\n@@ -1,2 +1,2 @@\n one\n-two\x1b\r\n+three\n\\ No newline at end of file\n"
    )


def test_new_and_deleted_files_have_all_lines():
    assert edit_text(Edit("a", None, "x\n")).endswith("@@ -0,0 +1 @@\n+x")
    assert edit_text(Edit("a", "x\n", None)).endswith("@@ -1 +0,0 @@\n-x")
    assert edit_patch(Edit("a", None, "x\n")).endswith("@@ -0,0 +1 @@\n+x\n")
    assert edit_patch(Edit("a", "x\n", None)).endswith("@@ -1 +0,0 @@\n-x\n")
