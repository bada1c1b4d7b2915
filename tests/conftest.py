"""What all tests share."""

import gc


def pytest_collection_finish() -> None:
    """What is there now stays: without this the collector walks over all of it again and again."""
    gc.collect()
    gc.freeze()
