"""How often and how fast a customer may try to show who he is."""

from datetime import UTC, datetime, timedelta

import pytest

from hub.business.card_keeping import Tries
from hub.business.identity_checks import (
    TERMINAL_TRIES,
    TRIES,
    WAITS_S,
    IdentityLimits,
    check_answer,
    check_tries,
)
from hub.business.refusals import Refusal

NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)


def test_the_first_check_is_never_kept_waiting() -> None:
    check_tries(Tries(0, TERMINAL_TRIES - 1, None), NOW)


@pytest.mark.parametrize("failed", range(1, TRIES))
def test_each_failure_makes_the_next_one_wait_longer(failed: int) -> None:
    wait = timedelta(seconds=WAITS_S[failed])
    check_tries(Tries(failed, 0, NOW - wait), NOW)
    with pytest.raises(Refusal) as refused:
        check_tries(Tries(failed, 0, NOW - wait + timedelta(seconds=1)), NOW)
    assert (refused.value.code, refused.value.retry_after_s) == ("too_many_tries", 2)
    assert WAITS_S[failed] > WAITS_S[failed - 1]


@pytest.mark.parametrize("tries", [Tries(TRIES, 0, NOW), Tries(0, TERMINAL_TRIES, None)])
def test_there_is_an_end_to_it(tries: Tries) -> None:
    with pytest.raises(Refusal) as refused:
        check_tries(tries, NOW + timedelta(hours=3))
    assert (refused.value.code, refused.value.retry_after_s) == ("too_many_tries", 3600)


def test_how_often_one_may_still_try_is_told() -> None:
    left = [
        check_answer("1" * 32, Tries(failed, 0, None), matched=False).tries_left for failed in range(TRIES)
    ]
    assert left == [4, 3, 2, 1, 0]
    good = check_answer("1" * 32, Tries(2, 0, None), matched=True)
    assert (good.id, good.state, good.tries_left) == ("1" * 32, "matched", 3)


def test_more_tries_than_pauses_wait_for_the_longest_of_them() -> None:
    limits = IdentityLimits(tries=20)
    longest = timedelta(seconds=WAITS_S[-1])
    check_tries(Tries(19, 19, NOW - longest), NOW, limits)
    for late in (Tries(19, 19, NOW - longest + timedelta(seconds=1)), Tries(20, 20, NOW - longest)):
        with pytest.raises(Refusal, match="too many|just now"):
            check_tries(late, NOW, limits)
    assert check_answer("1" * 32, Tries(7, 0, None), matched=False, limits=limits).tries_left == 12
