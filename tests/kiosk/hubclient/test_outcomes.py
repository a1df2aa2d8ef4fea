"""The words of an outcome, as journal and log hold them, and which refusals judge the call alone."""

from __future__ import annotations

import pytest

from kiosk.hubclient import wire
from kiosk.hubclient.outcomes import (
    CALL_CODES,
    Answer,
    NotSent,
    NotSentReason,
    Refused,
    Unknown,
    UnknownReason,
    is_busy,
    wait_asked_s,
)


def test_the_words_for_what_went_wrong_never_change() -> None:
    assert [reason.value for reason in NotSentReason] == [
        "name",
        "refused",
        "unreachable",
        "tls",
        "timeout",
        "sign_on",
        "no_card",
    ]
    assert [reason.value for reason in UnknownReason] == [
        "timeout",
        "broken",
        "too_large",
        "signature",
        "other_request",
        "unparsable",
        "mismatch",
        "server_error",
        "status",
    ]


def test_an_answer_is_the_first_and_an_unknown_outcome_without_a_word_unless_said() -> None:
    assert Answer(1).replayed is False
    assert Unknown(UnknownReason.STATUS, "").problem is None


@pytest.mark.parametrize(
    ("code", "call_only"),
    [
        ("bad_signature", True),
        ("stale_signature", True),
        ("replayed_request", True),
        ("unknown_terminal", True),
        ("id_reused", False),
        ("claimed", False),
    ],
)
def test_only_what_judges_the_call_leaves_an_earlier_attempt_standing(code: str, call_only: bool) -> None:
    assert Refused(wire.Problem(status=401, code=code)).judges_call_only is call_only
    assert (code in CALL_CODES) is call_only


def test_only_a_hub_that_is_there_says_that_it_is_busy_and_how_long_to_wait() -> None:
    busy = wire.Problem(status=503, code="hub_busy", retry_after_s=2)
    outcome: Unknown = Unknown(UnknownReason.SERVER_ERROR, "", busy)
    assert (is_busy(outcome), wait_asked_s(outcome)) == (True, 2.0)
    refused = Refused(wire.Problem(status=429, code="too_many_tries", retry_after_s=5))
    assert (is_busy(refused), wait_asked_s(refused)) == (False, 5.0)
    fault: Unknown = Unknown(UnknownReason.SERVER_ERROR, "", wire.Problem(status=500, code="hub_fault"))
    silent: Unknown = Unknown(UnknownReason.TIMEOUT, "")
    for other in (fault, silent, NotSent(NotSentReason.REFUSED, ""), Answer(1)):
        assert (is_busy(other), wait_asked_s(other)) == (False, 0.0)
