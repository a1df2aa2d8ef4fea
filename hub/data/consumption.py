"""How much electricity the town's homes and shops use in a month, by a published southern pattern."""

from dataclasses import dataclass

from hub.data.draw import Draw

# January to December; the mean is 1. Cooling makes the summer, there is no heating worth the name.
MONTH_FACTORS = (0.80, 0.74, 0.72, 0.74, 0.98, 1.24, 1.46, 1.44, 1.26, 1.00, 0.80, 0.82)

HOME_MEDIAN_KWH, HOME_SIGMA = 150.0, 0.60
SHOP_MEDIAN_KWH, SHOP_SIGMA = 600.0, 0.80
NEAR_EMPTY_SHARE, NEAR_EMPTY_KWH = 0.06, (0.0, 15.0)
LOW_SHARE, LOW_KWH = 0.04, (20.0, 60.0)
LARGE_HOUSEHOLD_FACTOR = 1.5
WEATHER_MEAN, WEATHER_SIGMA = 1.0, 0.35
NOISE_SIGMA = 0.13


@dataclass(frozen=True, slots=True)
class Habit:
    """What one account uses in a mean month, and how far it follows the weather (1: as the town does)."""

    mean_kwh: float
    weather: float

    def month_kwh(self, month: int, draw: Draw) -> int:
        """Draw the kWh of a month of the year, 1 to 12."""
        season = max(1 + self.weather * (MONTH_FACTORS[month - 1] - 1), 0.0)
        return round(self.mean_kwh * season * draw.lognormal(1.0, NOISE_SIGMA))


def home(draw: Draw, *, large: bool) -> Habit:
    """Draw the habit of a home; a few stand empty or are used little."""
    kind, place = draw.share(), draw.share()
    mean = draw.lognormal(HOME_MEDIAN_KWH, HOME_SIGMA) * (LARGE_HOUSEHOLD_FACTOR if large else 1)
    weather = _weather(draw)
    if not large and kind < NEAR_EMPTY_SHARE:
        mean = _within(NEAR_EMPTY_KWH, place)
    elif not large and kind < NEAR_EMPTY_SHARE + LOW_SHARE:
        mean = _within(LOW_KWH, place)
    return Habit(mean, weather)


def shop(draw: Draw) -> Habit:
    """Draw the habit of a small shop."""
    return Habit(draw.lognormal(SHOP_MEDIAN_KWH, SHOP_SIGMA), _weather(draw))


def _weather(draw: Draw) -> float:
    return max(draw.normal(WEATHER_MEAN, WEATHER_SIGMA), 0.0)


def _within(span: tuple[float, float], place: float) -> float:
    return span[0] + place * (span[1] - span[0])
