"""Every row of the fault table has its test, and the table says which."""

import pytest

from tests.meta import faults


@pytest.mark.parametrize("row", sorted(faults.ROWS))
def test_every_row_has_a_test(row: int) -> None:
    assert faults.found().get(row)


def test_no_test_carries_a_number_that_is_no_row() -> None:
    assert faults.found().keys() <= faults.ROWS.keys()


def test_the_table_says_what_the_tests_say() -> None:
    assert faults.TABLE.read_text("utf-8") == faults.table(), "run: python -m tests.meta.faults"
