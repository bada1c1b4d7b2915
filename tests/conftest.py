"""What all tests share."""

import gc
import os


def pytest_collection_finish() -> None:
    """What is there now stays: without this the collector walks over all of it again and again."""
    gc.collect()
    gc.freeze()


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores, for many tests wait for clocks and other processes."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return cores + 1
