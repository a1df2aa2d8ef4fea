"""Draws are the same everywhere and keep to their bounds and shares."""

from collections import Counter
from statistics import NormalDist, fmean, median, stdev

import pytest

from hub.data.draw import Draw


def test_a_name_gives_the_same_stream_and_another_name_another() -> None:
    one, same, other = Draw("4:1"), Draw("4:1"), Draw("4:2")
    stream = [one.share() for _ in range(5)]
    assert stream == [same.share() for _ in range(5)]
    assert stream[0] == 0.45473155313572255
    assert stream != [other.share() for _ in range(5)]


def test_every_draw_takes_one_number() -> None:
    one, other = Draw("x"), Draw("x")
    one.normal(), one.lognormal(5, 1), one.between(1, 6), one.pick("abc"), one.weighted([("a", 1.0)])
    for _ in range(5):
        other.share()
    assert one.share() == other.share()


def test_bounds_are_reached_and_kept() -> None:
    draw = Draw("bounds")
    assert {draw.between(1, 6) for _ in range(500)} == {1, 2, 3, 4, 5, 6}
    assert draw.between(7, 7) == 7
    assert {draw.pick("ab") for _ in range(100)} == {"a", "b"}


def test_shapes() -> None:
    draw = Draw("shapes")
    normal = [draw.normal(10, 2) for _ in range(5000)]
    assert fmean(normal) == pytest.approx(10, abs=0.15)
    assert stdev(normal) == pytest.approx(2, abs=0.1)
    lognormal = sorted(draw.lognormal(150, 0.6) for _ in range(5000))
    assert median(lognormal) == pytest.approx(150, rel=0.05)
    assert lognormal[4500] == pytest.approx(150 * 2.718 ** (0.6 * NormalDist().inv_cdf(0.9)), rel=0.06)


def test_weights_are_shares_and_the_last_takes_the_rest() -> None:
    draw = Draw("weights")
    drawn = Counter(draw.weighted([("a", 0.7), ("b", 0.2), ("c", 0.0)]) for _ in range(5000))
    assert drawn["a"] / 5000 == pytest.approx(0.7, abs=0.03)
    assert drawn["c"] / 5000 == pytest.approx(0.1, abs=0.03)
