"""What takes long may be had so often and no oftener, each person for themselves."""

import re
from datetime import timedelta

import pytest

from bot.errors import UserError
from bot.services.patience import MOST_REMEMBERED, WINDOW, Patience, Work
from tests.chat.world import FixedClock


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def patience(clock: FixedClock) -> Patience:
    return Patience(clock)


def use_up(patience: Patience, person_id: int = 1, work: Work = Work.REPORT) -> None:
    for _ in range(work.most):
        patience.take(person_id, work)


@pytest.mark.parametrize("work", Work)
def test_one_too_many_is_refused_with_the_time_to_wait(patience: Patience, work: Work) -> None:
    use_up(patience, work=work)
    with pytest.raises(UserError, match="please wait 10 minutes"):
        patience.take(1, work)


@pytest.mark.parametrize(("gone", "left"), [(541, "59 seconds"), (599, "1 second"), (480, "2 minutes")])
def test_the_wait_grows_shorter(patience: Patience, clock: FixedClock, gone: float, left: str) -> None:
    use_up(patience)
    clock.advance(seconds=gone)
    with pytest.raises(UserError, match=re.escape(f"please wait {left}.")):
        patience.take(1, Work.REPORT)


def test_each_turn_comes_back_after_ten_minutes(patience: Patience, clock: FixedClock) -> None:
    patience.take(1, Work.REPORT)
    clock.advance(minutes=5)
    for _ in range(Work.REPORT.most - 1):
        patience.take(1, Work.REPORT)
    clock.advance(minutes=5)
    patience.take(1, Work.REPORT)
    with pytest.raises(UserError):
        patience.take(1, Work.REPORT)


def test_others_and_other_work_are_not_touched(patience: Patience) -> None:
    use_up(patience)
    patience.take(2, Work.REPORT)
    patience.take(1, Work.IMPORT)


def test_a_refusal_does_not_make_the_wait_longer(patience: Patience, clock: FixedClock) -> None:
    use_up(patience)
    clock.advance(minutes=9)
    with pytest.raises(UserError):
        patience.take(1, Work.REPORT)
    clock.advance(minutes=1)
    patience.take(1, Work.REPORT)


def test_a_clock_put_back_locks_nobody_out(patience: Patience, clock: FixedClock) -> None:
    use_up(patience)
    clock.moment -= timedelta(days=3)
    patience.take(1, Work.REPORT)


def test_those_long_gone_are_swept_out_and_the_others_stay(patience: Patience, clock: FixedClock) -> None:
    for person_id in range(MOST_REMEMBERED):
        patience.take(person_id, Work.REPORT)
    clock.advance(seconds=WINDOW.total_seconds())
    use_up(patience, MOST_REMEMBERED)
    assert len(patience._taken) == 1  # pyright: ignore[reportPrivateUsage] - what it holds shows nowhere else
    with pytest.raises(UserError):
        patience.take(MOST_REMEMBERED, Work.REPORT)
