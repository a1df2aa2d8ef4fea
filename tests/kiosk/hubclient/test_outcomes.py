"""The words of an outcome, as journal and log hold them, and which refusals judge the call alone."""

from __future__ import annotations

import pytest

from kiosk.hubclient import wire
from kiosk.hubclient.outcomes import CALL_CODES, Answer, NotSentReason, Refused, Unknown, UnknownReason


def test_the_words_for_what_went_wrong_never_change() -> None:
    assert [reason.value for reason in NotSentReason] == [
        "name",
        "refused",
        "unreachable",
        "tls",
        "timeout",
        "sign_on",
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
