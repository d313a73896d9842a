"""The WDS's fixtures, for its clients."""

from tests.wds.conftest import (  # noqa: F401  fixtures
    eventually,
    mdc,
    own_redis,
    service,
    settings,
    wdc,
)
