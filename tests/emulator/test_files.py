import httpx2
import openai
import pytest

from reconciler.emulator.errors import ApiError
from reconciler.emulator.resources import files
from reconciler.emulator.schema import Upload

DAY = 24 * 3600


def test_an_upload_comes_back_with_its_size_and_no_checksum(api):
    file = api.run(api.sdk.files.create(file=("guide.md", b"four"), purpose="assistants"))
    assert file.to_dict() == {
        "id": file.id,
        "object": "file",
        "bytes": 4,
        "created_at": 1_795_000_000,
        "expires_at": None,
        "filename": "guide.md",
        "purpose": "assistants",
        "status": "processed",
        "status_details": None,
    }
    assert api.run(api.sdk.files.retrieve(file.id)) == file


def test_equal_names_and_bytes_are_two_files(api):
    assert api.upload("guide.md", b"same") != api.upload("guide.md", b"same")


@pytest.mark.parametrize("name", ["späße.md", "with space.txt"])
def test_upload_with_any_file_name(api, name):
    assert api.run(api.sdk.files.retrieve(api.upload(name))).filename == name


@pytest.mark.parametrize(
    ("name", "stored"), [('a"b.md', "a%22b.md"), ("a\tb.md", "a%09b.md"), ("a%22b.md", "a%22b.md")]
)
def test_name_is_stored_as_the_multipart_form_has_it(api, name, stored):
    assert api.run(api.sdk.files.retrieve(api.upload(name))).filename == stored


@pytest.mark.parametrize("purpose", ["assistants", "user_data"])
def test_what_was_uploaded_for_assistants_cannot_be_downloaded(api, purpose):
    file = api.upload(purpose=purpose)
    with pytest.raises(openai.BadRequestError, match="Not allowed to download files of purpose"):
        api.run(api.sdk.files.content(file))


@pytest.mark.parametrize("purpose", ["batch", "fine-tune", "vision", "evals"])
def test_upload_for_other_purposes_can_be_downloaded(api, purpose):
    assert api.run(api.sdk.files.content(api.upload("x.jsonl", b"\x00bytes", purpose))).content == b"\x00bytes"


def test_a_list_can_be_narrowed_to_a_purpose(api):
    mine, _ = api.upload(purpose="assistants"), api.upload(purpose="vision")
    assert [file.id for file in api.all(api.sdk.files.list(purpose="assistants"))] == [mine]
    assert len(api.call("GET", "/files?purpose=").json()["data"]) == 2


def test_an_unknown_purpose_is_refused_before_the_cursor_is_looked_up(api):
    assert api.refusal("GET", "/files?purpose=ASSISTANTS&after=missing")["param"] == "purpose"


def test_a_deleted_file_is_gone(api):
    file = api.upload()
    assert api.run(api.sdk.files.delete(file)).to_dict() == {"id": file, "object": "file", "deleted": True}
    for method, path in (("GET", ""), ("DELETE", ""), ("GET", "/content")):
        error = api.refusal(method, f"/files/{file}{path}", 404)
        assert (error["type"], error["code"]) == ("invalid_request_error", None)


class TestExpiry:
    def test_expired_file_is_not_found(self, api, clock):
        after = {"anchor": "created_at", "seconds": 3600}
        file = api.run(api.sdk.files.create(file=("a.md", b"x"), purpose="user_data", expires_after=after))
        assert file.expires_at == file.created_at + 3600
        clock.advance(3600)
        api.refusal("GET", f"/files/{file.id}", 404)
        assert api.all(api.sdk.files.list()) == []

    def test_batch_files_expire_after_thirty_days(self, api):
        file = api.run(api.sdk.files.retrieve(api.upload(purpose="batch")))
        assert file.expires_at == file.created_at + 30 * DAY

    @pytest.mark.parametrize("seconds", [3599, 30 * DAY + 1])
    def test_expires_after_must_be_between_an_hour_and_thirty_days(self, api, seconds):
        data = {"purpose": "assistants", "expires_after[anchor]": "created_at", "expires_after[seconds]": str(seconds)}
        error = api.refusal("POST", "/files", data=data, files={"file": ("a.md", b"x")})
        assert error["param"] == "expires_after.seconds"


@pytest.mark.parametrize(
    ("data", "parts", "param"),
    [
        ({}, {"file": ("a.md", b"x")}, "purpose"),
        ({"purpose": "assistants_output"}, {"file": ("a.md", b"x")}, "purpose"),
        ({"purpose": "assistants"}, {"other": ("a.md", b"x")}, "file"),
        ({"purpose": "assistants", "name": "x"}, {"file": ("a.md", b"x")}, "name"),
        ({"purpose": "assistants", "expires_after[seconds]": "x"}, {"file": ("a.md", b"x")}, "expires_after.anchor"),
        (
            {"purpose": "assistants", "expires_after": "x", "expires_after[seconds]": "3600"},
            {"file": ("a.md", b"x")},
            "expires_after",
        ),
    ],
    ids=str,
)
def test_forms_are_read_strictly(api, data, parts, param):
    assert api.refusal("POST", "/files", data=data, files=parts)["param"] == param


def test_a_form_that_cannot_be_read_is_refused(api):
    broken = {"content-type": "multipart/form-data; boundary=b"}
    api.refusal("POST", "/files", content=b"--b\r\nbroken", headers=broken)
    api.refusal("POST", "/files", json={"purpose": "assistants"})


def test_a_file_has_at_most_512_megabytes():
    files.CREATE.check({"purpose": "assistants", "file": Upload("a.md", bytes(512 * 1024**2))})
    with pytest.raises(ApiError, match="larger than 512 MB"):
        files.CREATE.check({"purpose": "assistants", "file": Upload("a.md", bytes(512 * 1024**2 + 1))})


def test_create_file_answers_200(api):
    request = {"data": {"purpose": "assistants"}, "files": {"file": ("a.md", b"x")}}
    assert api.call("POST", "/files", **request).status_code == httpx2.codes.OK
