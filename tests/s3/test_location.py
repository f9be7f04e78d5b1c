import pytest

from reconciler.s3.location import Location


@pytest.mark.parametrize(
    ("url", "location"),
    [
        ("s3://acme-state", Location("acme-state")),
        ("s3://acme-state/", Location("acme-state")),
        ("s3://acme-state/team/acme/", Location("acme-state", "team/acme")),
        ("s3://acme-state/team%20a?region=eu-central-1", Location("acme-state", "team a", "eu-central-1")),
        (
            "s3://acme/x?endpoint_url=https://s3.example:9000",
            Location("acme", "x", endpoint_url="https://s3.example:9000"),
        ),
        ("s3://acme/x?endpoint_url=http://[::1]:9000", Location("acme", "x", endpoint_url="http://[::1]:9000")),
    ],
)
def test_parse_url_round_trips(url, location):
    assert Location.parse(url) == location
    assert Location.parse(location.url) == location


def test_str_location_shows_bucket_and_prefix():
    assert str(Location("acme", "x", "eu-central-1", "https://s3.example")) == "s3://acme/x"
    assert str(Location("acme")) == "s3://acme"


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("s3:", "not a valid bucket name"),
        ("s3://AB", "not a valid bucket name"),
        ("s3://key:secret@acme/x", "not a valid bucket name"),
        ("s3://acme/a//b", "not a valid prefix"),
        ("s3://acme/a/../b", "not a valid prefix"),
        ("s3://acme/a%0Ab", "not a valid prefix"),
        ("s3://acme?regoin=x", "unknown option 'regoin' in the s3:// URL; valid options: region, endpoint_url"),
        ("s3://acme?endpoint_url=http://s3.example", "only for this machine"),
        ("s3://acme?endpoint_url=http://localhost.example", "only for this machine"),
        ("s3://acme?endpoint_url=ftp://127.0.0.1", "only for this machine"),
        ("s3://acme?endpoint_url=https://key:secret@s3.example", "without password"),
        ("s3://user@evil.example/x", "not a valid bucket name"),
        ("s3://acme:443/x", "not a valid bucket name"),
        ("s3://acme..x/y", "not a valid bucket name"),
        ("s3://acme/x#y", "without a fragment"),
        ("s3://acme/x?region=a&region=b", "each option once"),
        ("https://acme/x", "s3:// URL"),
        ("s3://acme/x?region=evil.example/", "not a valid region"),
        ("s3://acme/x?region=x.evil.example%23", "not a valid region"),
        ("s3://acme/x?region=", "not a valid region"),
        ("s3://acme/x?region=eu@evil", "not a valid region"),
        ("s3://acme/x?endpoint_url=https://", "must be a URL such as"),
        ("s3://acme/x?endpoint_url=https://a:99999", "must be a URL such as"),
        ("s3://acme/x?endpoint_url=https://a:b", "must be a URL such as"),
        ("s3://acme/x?endpoint_url=https://good.example%5C.evil.example", "must be a URL such as"),
        ("s3://acme/x?endpoint_url=https://gооd.example", "must be a URL such as"),  # noqa: RUF001
        ("s3://acme/x?endpoint_url=https://a/../b", "must be a URL such as"),
        ("s3://acme/x?endpoint_url=https://a/b%20c", "must be a URL such as"),
    ],
)
def test_parse_invalid_url_is_rejected(url, reason):
    with pytest.raises(ValueError, match=reason) as caught:
        Location.parse(url)
    assert "secret" not in str(caught.value).replace("key:secret@acme", "")
