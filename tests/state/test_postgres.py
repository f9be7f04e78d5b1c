from functools import partial

import pytest

from reconciler.state.backend import open_store
from tests.state.contract import SharedStoreContract


class TestPostgresStore(SharedStoreContract):
    @pytest.fixture
    def opener(self, database, tmp_path):
        return partial(open_store, tmp_path, database, {}, embedded=False)
