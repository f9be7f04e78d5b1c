from functools import partial

import pytest

from reconciler.state.s3 import S3Store
from tests.state.contract import SharedStoreContract


class TestS3Store(SharedStoreContract):
    @pytest.fixture
    def opener(self, bucket):
        return partial(S3Store, bucket)
