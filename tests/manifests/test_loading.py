import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.manifests import load
from reconciler.resources.address import Address
from reconciler.resources.problems import Place

BOT = "apiVersion: reconciler/v1\nkind: Bot\nmetadata: {name: NAME}\nspec: {target: cloud}\n"


def test_resource_has_its_address_spec_and_places(folder):
    folder.write("kb/a.json", '{"a":\n  {"b": 1}}')
    folder.write(
        "bots/all.yaml",
        "# bots\n---\n"
        + BOT.replace("NAME", "one")
        + "---\n\n"
        + """\
apiVersion: reconciler/v1
kind: Bot
metadata:
  name: two
  labels: {team: support}
lifecycle: {protect: true, ignore: [model]}
spec:
  target: cloud
  anything: {$file: kb/a.json}
  metadata: {"k": &x v, other: *x}
""",
    )
    one, two = folder.load().resources
    assert (one.address, one.place) == (Address("bot", "one"), Place("bots/all.yaml", 3, 1))
    assert (two.address, two.place) == (Address("bot", "two"), Place("bots/all.yaml", 9, 1))
    assert (two.kind.name, two.labels, two.lifecycle.ignore) == ("Bot", {"team": "support"}, ("model",))
    assert str(two.where(("spec", "target"))) == "bots/all.yaml:16:11"
    assert str(two.where(("spec", "metadata", "k"))) == "bots/all.yaml:18:19"
    assert str(two.where(("spec", "anything", "a", "b"))) == "kb/a.json:2:9"
    assert str(two.where(("spec", "anything"))) == "bots/all.yaml:17:13"
    assert str(two.where(("spec", "nothing", 3, "here"))) == "bots/all.yaml:16:3"


def test_spec_that_was_released_is_made_again_from_what_was_read(folder):
    folder.write(
        "project.yaml", "apiVersion: reconciler/v1\nkind: Project\nmetadata: {name: p}\nspec: {variables: {a: b}}\n"
    )
    text = '{target: cloud, anything: {$file: kb/a.json}, metadata: {k: "${var.a}"}}'
    included = folder.write("kb/a.json", '{"a": {"b": 1}}')
    folder.write("bots/one.yaml", BOT.replace("NAME", "one").replace("{target: cloud}", text))
    [resource] = folder.load().resources
    spec, written = resource.spec, resource.written()
    resource.without_spec()
    assert "spec" not in vars(resource)
    included.write_text("{}")
    assert resource.spec == spec
    assert resource.written() == written


def test_spec_that_was_set_is_not_released(folder):
    folder.bot("{target: cloud}")
    [resource] = folder.load().resources
    changed = resource.with_spec(resource.spec.model_copy(update={"target": "other"}))
    changed.without_spec()
    assert (resource.spec.target, changed.spec.target) == ("cloud", "other")


def test_places_are_relative_to_the_repository(tmp_path, make_folder):
    outer = make_folder("repository")
    shutil.rmtree(outer.root / ".git")
    inner = make_folder("repository/ops/manifests")
    shutil.move(inner.root / ".git", outer.root / ".git")
    inner.bot("{target: cloud, modl: x}")
    assert [str(problem.place) for problem in inner.load().problems] == ["ops/manifests/bot.yaml:4:23"]
    assert inner.load().project.repository == outer.root


def test_resources_are_sorted_by_address_and_problems_by_place(folder):
    for name in ("zeta", "alpha", "mid"):
        folder.bot("{target: cloud, modl: 1}" if name == "mid" else "{target: cloud}", name, path=f"{name[::-1]}.yaml")
    folder.write("a.yaml", "- 1\n")
    folder.write("0.yaml", "x: [\n")
    loaded = folder.load()
    assert [str(resource.address) for resource in loaded.resources] == ["bot/alpha", "bot/zeta"]
    assert [problem.place.file for problem in loaded.problems if problem.place] == ["0.yaml", "a.yaml", "dim.yaml"]


def test_duplicate_address_names_both_places(folder):
    folder.bot(path="a.yaml")
    folder.bot(path="b.yaml")
    folder.write("store.yaml", "apiVersion: reconciler/v1\nkind: Store\nmetadata: {name: triage}\n")
    (problem,) = folder.load().problems
    assert (problem.code, str(problem.place)) == ("duplicate-address", "b.yaml:3:18")
    assert problem.message == "bot/triage is already defined at a.yaml:1:1"


def test_reference_to_an_undefined_address_is_dangling(folder):
    folder.bot("{target: cloud, tools: [{type: search, stores: [handbok, triage, handbook]}]}")
    folder.write("store.yaml", "apiVersion: reconciler/v1\nkind: Store\nmetadata: {name: handbook}\n")
    loaded = folder.load()
    assert loaded.problems == ()
    first, second = loaded.dangling
    assert (first.source, first.reference.target) == (Address("bot", "triage"), Address("vectorstore", "handbok"))
    assert str(first.problem) == (
        "bot.yaml:4:55: error[dangling-reference]: no manifest defines vectorstore/handbok\n  did you mean `handbook`?"
    )
    assert second.problem.hint == "there is `bot/triage`"
    assert second.place == second.problem.place


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ("target: local, temperature: 1", "other-target"),
        ("target: local, model: large", "other-target"),
        ("target: cloud, temprature: 1", "unknown-field"),
        ("target: cloud, temperature: warm", "wrong-type"),
    ],
)
def test_an_undefined_target_is_reported_with_the_other_errors_of_its_manifest(folder, fields, code):
    folder.bot(f"{{{fields}, tools: [{{type: search, stores: [handbok]}}]}}")
    loaded = folder.load()
    assert code in {problem.code for problem in loaded.problems}
    assert [one.problem.message for one in loaded.dangling] == ["no manifest defines vectorstore/handbok"]
    assert loaded.resources == ()


STORE = "apiVersion: reconciler/v1\nkind: Store\nmetadata: {name: handbook}\nspec: {files: []}\n"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("kind: Store", "kind: Stoer"),
        ("kind: Store", "kid: Store"),
        ("name: handbook", "name: Handbook"),
        ("name: handbook", "nme: handbook"),
        ("{name: handbook}", "handbook"),
        ("{name: handbook}", "{name: '${var.store}'}"),
        ("metadata:", "meta:"),
        ("files: []", "fils: []"),
        ("apiVersion: reconciler/v1", "apiVersion: v2"),
        ("name: handbook}", "name: handbook}\nlifecycle: {protect: maybe}"),
        ("name: handbook}", "name: book}\nlifecycle: {moved_from: handbook, protect: maybe}"),
        ("name: handbook}", "name: book}\nlifecycle: {moved_from: [guide, handbook], protect: maybe}"),
        ("files: []", "files: ["),
        ("kind: Store", "\tkind: Store"),
        ("files: []", "files: [\x01]"),
        ("files: []", "files: [\udcff]"),
    ],
)
def test_a_target_whose_manifest_has_errors_is_not_reported_as_undefined(folder, old, new):
    folder.bot("{target: cloud, tools: [{type: search, stores: [handbook]}]}")
    assert old in STORE
    folder.write("store.yaml", STORE.replace(old, new).encode(errors="surrogateescape"))
    loaded = folder.load()
    assert {problem.place.file for problem in loaded.problems if problem.place} == {"store.yaml"}
    assert loaded.dangling == ()


def test_an_undefined_target_beside_a_manifest_with_errors_is_reported(folder):
    folder.bot("{target: cloud, tools: [{type: search, stores: [handbok]}]}")
    folder.write("store.yaml", STORE.replace("kind: Store", "kind: Stoer"))
    (one,) = folder.load().dangling
    assert one.problem.message == "no manifest defines vectorstore/handbok"
    assert one.problem.hint == "did you mean `handbook`?"


def test_an_undefined_target_is_corrected_to_a_manifest_with_errors(folder):
    folder.bot("{target: cloud, tools: [{type: search, stores: [handbok]}]}")
    folder.write("store.yaml", STORE.replace("files: []", "files: 1"))
    (one,) = folder.load().dangling
    assert one.problem.hint == "did you mean `handbook`?"


def test_a_target_in_a_manifest_that_cannot_be_opened_is_not_reported_as_undefined(folder, monkeypatch):
    folder.bot("{target: cloud, tools: [{type: search, stores: [handbook]}]}")
    (folder.root / "stores.yaml").mkdir()
    loaded = folder.load()
    assert [problem.code for problem in loaded.problems] == ["not-a-file"]
    assert loaded.dangling == ()


def test_default_target_comes_from_the_project(folder):
    folder.write("project.yaml", (folder.root / "project.yaml").read_text() + "spec: {defaults: {target: local}}\n")
    folder.bot("{model: small}", name="one", path="1.yaml")
    folder.bot("{target: cloud}", name="two", path="2.yaml")
    loaded = folder.load()
    assert [resource.spec.target for resource in loaded.resources] == ["local", "cloud"]
    assert loaded.scope.default_target == "local"


def test_checks_of_kinds_see_the_files_of_stores(folder):
    folder.write("kb/a.md", "")
    folder.write("kb/b.md", "")
    folder.write("store.yaml", "apiVersion: reconciler/v1\nkind: Store\nmetadata: {name: s}\nspec: {files: ['kb/*']}\n")
    folder.bot("{target: cloud, instructions: 'attached?'}")
    loaded = folder.load()
    assert loaded.scope.attached == {"kb/a.md", "kb/b.md"}
    assert [str(problem) for problem in loaded.problems] == ["bot.yaml:4:37: warning[attached]: kb/a.md kb/b.md"]
    assert len(loaded.resources) == 2


def test_yaml_file_that_is_included_or_in_a_store_is_not_a_manifest(folder):
    folder.write("included.yaml", "a: 1\n")
    folder.write("kb/answers.yaml", "q: a\n---\n- 1\n")
    folder.write("kb/cluster.yaml", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: A_b}\n")
    folder.write("stray.yaml", "q: a\n")
    folder.write("store.yaml", "apiVersion: reconciler/v1\nkind: Store\nmetadata: {name: s}\nspec: {files: ['kb/*']}\n")
    folder.bot("{target: cloud, anything: {$file: included.yaml}}")
    assert {problem.place.file for problem in folder.load().problems if problem.place} == {"stray.yaml"}


@pytest.mark.parametrize("content", [BOT.replace("NAME", "two"), "kind: Bot\n", "a: [\n"])
def test_included_manifest_is_still_a_manifest(folder, content):
    folder.write("two.yaml", content)
    folder.bot("{target: cloud, anything: {$file: two.yaml}}")
    loaded = folder.load()
    assert len(loaded.resources) == 2 or {p.place.file for p in loaded.problems if p.place} == {"two.yaml"}


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("- 1\n", "not-a-manifest"),
        ("text\n", "not-a-manifest"),
        ("a: 1\n", "not-a-manifest"),
        ("kind: Bot\nmetadata: {name: x}\nspec: {target: cloud}\n", "missing-field"),
        ("apiVersion: reconciler/v1\nmetadata: {name: x}\n", "missing-field"),
        (BOT.replace("NAME", "x").replace("v1", "v9"), "unknown-value"),
        (BOT.replace("NAME", "'${var.x}'"), "unknown-variable"),
        (BOT.replace("NAME", "Über"), "invalid-name"),
        (BOT.replace("NAME", "3"), "wrong-type"),
        (b"\xff\xfea\x00", "not-utf-8"),
        (b"a: \x00", "control-character"),
        (b"#" * (5 * 2**20 + 1), "too-large"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_yaml_without_the_fields_of_a_manifest_is_an_error(folder, content, code):
    folder.write("x.yaml", content)
    loaded = folder.load()
    assert loaded.resources == ()
    assert code in {problem.code for problem in loaded.problems}
    assert {problem.place.file for problem in loaded.problems if problem.place} == {"x.yaml"}


@pytest.mark.parametrize("content", ["", "# nothing yet\n", "---\n---\n# nothing\n"])
def test_empty_manifest_is_a_warning(folder, content):
    folder.write("x.yaml", content)
    (problem,) = folder.load().problems
    assert (problem.code, problem.severity) == ("empty-manifest", "warning")


def test_empty_documents_beside_others_and_empty_files_of_stores_are_valid(folder):
    folder.write("a.yaml", "# bots\n---\n" + BOT.replace("NAME", "a") + "---\n")
    folder.write("kb/empty.yaml", "# no answers yet\n")
    folder.write("store.yaml", "apiVersion: reconciler/v1\nkind: Store\nmetadata: {name: s}\nspec: {files: ['kb/*']}\n")
    assert folder.codes() == []


def test_missing_kind_or_version_gets_a_hint_with_the_line(folder):
    folder.write("a.yaml", "kind: Bot\nmetadata: {name: a}\nspec: {target: cloud}\n")
    folder.write("b.yaml", "apiVersion: reconciler/v1\nmetadata: {name: b}\n")
    version, kind = folder.load().problems
    assert version.hint == "add the line `apiVersion: reconciler/v1`"
    assert kind.hint == "add a line `kind: …` with one of `Bot`, `Project`, `Store`"


@pytest.mark.parametrize("content", [b"\xef\xbb\xbf" + BOT.encode(), BOT.replace("\n", "\r\n").encode()])
def test_byte_order_marks_and_windows_line_ends_are_accepted(folder, content):
    folder.write("x.yaml", content.replace(b"NAME", b"x"))
    assert folder.codes() == []
    assert str(folder.load().resources[0].where(("spec", "target"))) == "x.yaml:4:16"


def test_variable_in_a_name_is_invalid(folder):
    folder.environments(staging="x: bot")
    folder.bot(name='"${var.x}"')
    assert folder.codes() == ["invalid-name"]


def test_a_huge_file_is_not_read(folder):
    with (folder.root / "huge.yaml").open("wb") as file:
        file.truncate(200 * 2**20)
    assert folder.problems() == ["huge.yaml:1:1: error[too-large]: huge.yaml is larger than 5 MiB"]


def test_an_unreadable_file_is_a_problem(folder, monkeypatch):
    folder.bot()
    real = sys.modules["os"].open

    def refuse(path, *arguments, **named):
        if str(path).endswith("bot.yaml"):
            raise PermissionError(13, "Permission denied")
        return real(path, *arguments, **named)

    monkeypatch.setattr("os.open", refuse)
    assert folder.problems() == ["bot.yaml:1:1: error[unreadable-file]: bot.yaml cannot be read: permission denied"]


def test_load_of_a_missing_folder_is_a_problem(tmp_path):
    loaded = load(tmp_path / "nowhere", env=None, kinds={})
    assert {problem.code for problem in loaded.problems} == {"unreadable-file", "no-project"}


def test_sample_organisation_loads_without_problems():
    sample = Path(__file__).parents[2] / "manifests"
    loaded = load(sample, env="production")
    assert loaded.problems == ()
    assert loaded.dangling == ()
    assert {resource.kind.name for resource in loaded.resources} >= {"Assistant", "VectorStore", "Pipeline", "Chatbot"}
    assert all(resource.place.file.startswith("manifests/") for resource in loaded.resources)


def test_importing_manifests_does_not_import_slow_modules():
    heavy = "{'openai', 'deepdiff', 'rich', 'click'}"
    code = f"import sys, reconciler.manifests; print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
