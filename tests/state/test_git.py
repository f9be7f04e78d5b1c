"""State on a branch: a bare repository as the remote, and clones like those of users and CI jobs."""

import threading
import time
from functools import partial
from pathlib import Path

import pytest

from reconciler.git import command as git_command
from reconciler.manifests.project_settings import GitState
from reconciler.resources.address import Address, Identity
from reconciler.resources.base import Applied
from reconciler.resources.problems import ReconcilerError
from reconciler.state import compaction, git as state_git, snapshots
from reconciler.state.backend import Backend, open_store
from reconciler.state.git import GitStore, git_store
from reconciler.state.lock import this_process
from reconciler.state.model import Completed
from reconciler.state.store import ConflictError, Delete, ExistsError, Put, StoreError
from tests.state.contract import SharedStoreContract
from tests.support.state_repositories import ENVIRON, Remote, git


@pytest.fixture(scope="module")
def template(tmp_path_factory) -> Remote:
    return Remote.make(tmp_path_factory.mktemp("template") / "remote.git")


@pytest.fixture
def remote(template: Remote, tmp_path: Path) -> Remote:
    return template.copied(tmp_path / "remote.git")


@pytest.fixture
def clone(remote: Remote, tmp_path: Path) -> Path:
    return remote.clone(tmp_path / "clone")


def store_in(folder: Path) -> GitStore:
    return git_store(folder, ENVIRON)


def text(store: GitStore, key: str) -> str | None:
    found = store.read(key)
    return found.data.decode() if found else None


class TestGitStore(SharedStoreContract):
    updates = 2

    @pytest.fixture
    def opener(self, clone):
        return partial(git_store, clone, ENVIRON)


def test_concurrent_clones_lose_no_update(remote, tmp_path):
    stores = [store_in(remote.clone(tmp_path / f"clone{number}")) for number in range(4)]
    stores[0].create("counter", b"0")

    def count(store: GitStore) -> None:
        done = 0
        while done < 4:
            found = store.read("counter")
            assert found is not None
            try:
                store.replace("counter", str(int(found.data) + 1).encode(), found.version)
                done += 1
            except ConflictError:
                continue

    threads = [threading.Thread(target=count, args=[store]) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert text(stores[0], "counter") == "16"


def test_reading_creates_no_branch(remote, clone):
    store = store_in(clone)
    assert (store.read("state/acme/state.json"), store.list("")) == (None, [])
    assert git(remote.folder, "branch", "--list").split() == ["*", "main"]


def test_first_write_creates_an_orphan_branch(remote, clone):
    store_in(clone).create("state/acme/state.json", b"{}\n")
    assert git(remote.folder, "show", "reconciler-state:state/acme/state.json") == "{}"
    assert git(remote.folder, "rev-list", "--count", "reconciler-state") == "1"


def test_several_documents_are_one_push_and_all_or_nothing(remote, clone):
    store = store_in(clone)
    first, second = store.write_all([Put("a", b"1"), Put("b", b"1")], "begin")
    store.write_all([Put("a", b"2", first), Put("c", b"1"), Delete(("b", "c", "nothing"))], "go on")
    assert remote.subjects() == ["go on", "begin"]
    assert remote.pushes == 2
    with pytest.raises(ConflictError):
        store.write_all([Put("d", b"1"), Put("b", b"2", second)], "too late")
    assert store.list("") == ["a"]
    assert text(store, "a") == "2"


def test_the_end_of_a_run_is_one_push_whatever_it_does(remote, clone, monkeypatch):
    for module in (snapshots, compaction):
        monkeypatch.setattr(module, "DOCUMENTS", 4)
    backend, pushes = Backend(store_in(clone), Identity("acme")), []
    for name in ("large", "small", "small", "small"):
        with backend.lock(this_process({})) as lease:
            run = backend.begin(backend.read(), [], lease)
            fields = {"instructions": "x" * 9_999 if name == "large" else ""}
            run.record(Completed(Address("assistant", name), Applied("agent_1", "agent", fields)))
            before = remote.pushes
            run.close("complete")
        pushes.append(remote.pushes - before)
        assert len(backend.read().state.objects) == len({"large", name})
    assert pushes == [1, 1, 1, 1]
    names = [key.rpartition("/")[2] for key in backend.store.list("state/acme/journal/")]
    assert names == ["00000003-00000008.json", *(f"{number:08}.json" for number in range(3, 9))]


def test_what_is_deferred_is_seen_here_at_once_and_goes_with_the_next_write(remote, clone):
    store, other = store_in(clone), store_in(clone)
    store.create("old", b"")
    store.defer("bundles/1", b"one")
    store.defer("old", None)
    assert store.latest().list("") == ["bundles/1"]
    assert store.latest().read("old") is None
    assert other.list("") == ["old"]
    store.create("state", b"")
    assert other.list("") == ["bundles/1", "state"]
    assert remote.pushes == 2


def test_concurrent_write_of_another_document_is_not_a_conflict(remote, clone, tmp_path):
    ours, theirs = store_in(clone), store_in(remote.clone(tmp_path / "theirs"))
    version = ours.create("acme", b"1")
    theirs.create("globex", b"1")
    ours.replace("acme", b"2", version)
    assert text(theirs, "acme") == "2"
    with pytest.raises(ConflictError):
        theirs.replace("acme", b"3", version)
    with pytest.raises(ExistsError):
        ours.create("globex", b"2")


def test_version_of_recreated_branch_is_a_conflict(remote, clone):
    store = store_in(clone)
    version = store.create("key", b"1")
    git(remote.folder, "update-ref", "-d", "refs/heads/reconciler-state")
    with pytest.raises(ConflictError):
        store.replace("key", b"2", version)
    store.create("key", b"3")
    with pytest.raises(ConflictError):
        store.replace("key", b"2", version)


def test_push_with_lost_answer_succeeds(remote, clone):
    remote.hook("post-update", "kill -9 $PPID")
    store = store_in(clone)
    store.replace("key", b"2", store.create("key", b"1"))
    assert text(store, "key") == "2"
    assert remote.pushes == 2


class TestTheClone:
    def test_shallow_detached_clone_is_supported(self, remote, tmp_path):
        store_in(remote.clone(tmp_path / "whole")).create("key", b"1")
        ci = remote.clone(tmp_path / "ci", "--depth=1")
        git(ci, "checkout", "--quiet", "--detach")
        store = store_in(ci)
        found = store.read("key")
        assert found is not None
        store.replace("key", b"2", found.version)
        assert git(ci, "rev-list", "--count", "HEAD") == "1"
        assert git(ci, "rev-list", "--count", "origin/reconciler-state") == "2"

    def test_a_shallow_one_fetches_one_commit_and_all_of_them_for_history(self, remote, tmp_path):
        whole = store_in(remote.clone(tmp_path / "whole"))
        for number in range(3):
            whole.write_all([Put(f"key{number}", b"")], f"write {number}")
        ci = remote.clone(tmp_path / "ci", "--depth=1")
        store = store_in(ci)
        store.list("")
        assert git(ci, "rev-list", "--count", "origin/reconciler-state") == "1"
        assert [message.split("\n")[0] for message in store.messages("write")] == ["write 2", "write 1", "write 0"]
        assert git(ci, "rev-list", "--count", "HEAD") == "1"

    def test_full_clone_stays_full(self, remote, clone, tmp_path):
        store_in(remote.clone(tmp_path / "other")).create("key", b"1")
        store_in(clone).read("key")
        assert git(clone, "rev-parse", "--is-shallow-repository") == "false"

    def test_linked_worktree_is_supported(self, clone, tmp_path):
        git(clone, "worktree", "add", "--quiet", str(tmp_path / "tree"))
        folder = tmp_path / "tree" / "manifests"
        folder.mkdir()
        store = store_in(folder)
        store.replace("state/acme.json", b"2", store.create("state/acme.json", b"1"))
        assert text(store_in(clone), "state/acme.json") == "2"

    def test_working_tree_and_index_are_not_touched(self, clone):
        (clone / "README.md").write_text("staged\n")
        git(clone, "add", "README.md")
        git(clone, "stash")
        (clone / "staged.txt").write_text("staged\n")
        git(clone, "add", "staged.txt")
        (clone / "README.md").write_text("changed\n")
        (clone / "untracked.txt").write_text("untracked\n")

        def work() -> tuple[object, ...]:
            files = {
                path: path.read_bytes() for path in clone.rglob("*") if ".git" not in path.parts and path.is_file()
            }
            asked = ("status", "--porcelain"), ("stash", "list"), ("branch", "--list"), ("config", "--list", "--local")
            index, head = (clone / ".git/index").read_bytes(), (clone / ".git/HEAD").read_bytes()
            fetched = (clone / ".git/FETCH_HEAD").exists()
            return files, [git(clone, *words) for words in asked], index, head, fetched

        before = work()
        store = store_in(clone)
        store.replace("README.md", b"2", store.create("README.md", b"1"))
        store.delete(["README.md"])
        assert work() == before

    def test_its_hooks_and_the_index_of_a_hook_that_runs_us_are_left_alone(self, clone):
        hook = clone / ".git/hooks/pre-push"
        hook.write_text("#!/bin/sh\nexit 1\n")
        hook.chmod(0o755)
        environ = {**ENVIRON, "GIT_INDEX_FILE": str(clone / ".git/index"), "GIT_DIR": "elsewhere"}
        before = (clone / ".git/index").read_bytes()
        git_store(clone, environ).create("key", b"1")
        assert (clone / ".git/index").read_bytes() == before

    def test_commits_are_reconcilers_unless_git_knows_who_commits(self, remote, clone):
        store_in(clone).create("first", b"")
        git(clone, "config", "user.name", "Kim")
        git(clone, "config", "user.email", "kim@example.com")
        store_in(clone).create("second", b"")
        names = git(remote.folder, "log", "--format=%cn", "reconciler-state").splitlines()
        assert names == ["Kim", "Reconciler"]


class TestErrors:
    def test_rejected_push_is_an_error(self, remote, clone):
        remote.hook("pre-receive", "echo 'GH006: Protected branch update failed' >&2; exit 1")
        with pytest.raises(StoreError) as caught:
            store_in(clone).create("key", b"1")
        assert "cannot use the state on origin/reconciler-state: GH006: Protected branch update failed" in str(
            caught.value
        )
        assert "pre-receive hook declined" in str(caught.value)
        assert "Allow this account to push to that branch" in str(caught.value)
        assert store_in(clone).list("") == []

    def test_missing_remote_repository_is_an_error(self, remote, clone, tmp_path):
        store = store_in(clone)
        store.create("key", b"1")
        remote.folder.rename(tmp_path / "moved.git")
        for call in (lambda: store.read("key"), lambda: store.create("other", b"")):
            with pytest.raises(StoreError, match=r"does not appear to be a git repository[^\0]*Run `git remote -v`"):
                call()

    def test_unknown_remote_name_is_an_error(self, clone):
        with pytest.raises(StoreError, match="No such remote: upstream"):
            git_store(clone, ENVIRON, remote="upstream").list("")

    def test_folder_without_repository_is_an_error(self, tmp_path):
        with pytest.raises(StoreError, match=r"not a git repository[^\0]*`git init`"):
            store_in(tmp_path).list("")

    def test_missing_git_is_an_error(self, clone, monkeypatch):
        monkeypatch.setattr(git_command, "PROGRAM", "no-git-here")
        with pytest.raises(StoreError, match=r"cannot run git[^\0]*Install Git 2.31"):
            store_in(clone).list("")

    def test_errors_contain_no_credentials(self, clone):
        git(clone, "remote", "set-url", "origin", "http://kim:hunter2@127.0.0.1:9/acme.git")
        with pytest.raises(StoreError) as caught:
            store_in(clone).list("")
        assert "http://127.0.0.1:9/acme.git" in str(caught.value)
        assert "hunter2" not in str(caught.value)

    def test_unresponsive_remote_times_out(self, clone, monkeypatch):
        monkeypatch.setattr(git_command, "TIMEOUT", 0.3)
        git(clone, "remote", "set-url", "origin", "ext::sleep 30")
        git(clone, "config", "protocol.ext.allow", "always")
        started = time.monotonic()
        with pytest.raises(StoreError, match=r"git fetch took more than 0 s"):
            store_in(clone).list("")
        assert time.monotonic() - started < 10

    def test_write_that_always_loses_the_race_is_an_error(self, remote, clone, monkeypatch):
        monkeypatch.setattr(state_git, "PATIENCE", 0.0)
        store = store_in(clone)
        store.create("key", b"1")
        who = "-c user.name=x -c user.email=x"
        faster = f'git {who} commit-tree -p "$2" -m faster "$2^{{tree}}"'
        remote.hook("update", f"unset GIT_QUARANTINE_PATH; git update-ref refs/heads/reconciler-state $({faster})")
        with pytest.raises(StoreError, match="other processes kept writing first"):
            store.create("other", b"1")


class TestOpening:
    @pytest.mark.parametrize(
        ("url", "location"),
        [
            ("git", "origin/reconciler-state"),
            ("git:ops/state", "origin/ops/state"),
            ("git://ops", "origin/ops"),
            ("git:state?remote=upstream", "upstream/state"),
        ],
    )
    def test_open_store_from_git_url(self, tmp_path, url, location):
        assert open_store(tmp_path, None, {"RECONCILER_STATE": url}, embedded=False).location == location

    @pytest.mark.parametrize(
        "url", ["git:--force", "git:a..b", "git:a b", "git:x?remote=-u", "git:x?remote=https://h/r", "git:x.lock"]
    )
    def test_invalid_branch_or_remote_name_is_rejected(self, tmp_path, url):
        with pytest.raises(ReconcilerError, match="is not a valid branch or remote name"):
            open_store(tmp_path, url, {}, embedded=False)

    def test_open_store_as_configured_in_the_project(self, tmp_path):
        url = GitState(backend="git", branch="ops/state", remote="upstream").url
        assert open_store(tmp_path, url, {}, embedded=False).location == "upstream/ops/state"
