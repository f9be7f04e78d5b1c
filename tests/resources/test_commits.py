from reconciler.resources.commits import short

COMMIT = "3f2c1ab9d0e1f2a3b4c5d6e7f8a9b0c1d2e3f4a5"


def test_a_commit_is_short_and_says_where_it_is_not_all():
    assert short(COMMIT) == "3f2c1ab9d0e1"
    assert short(f"{COMMIT}-dirty") == "3f2c1ab9d0e1-dirty"
    assert short("") == ""
