"""The card layouts that come with the drivers, by profile, loaded once."""

from collections.abc import Mapping
from functools import cache

from drivers.meter_card import profile_file
from drivers.meter_card.layout import Layout


@cache
def card_layouts() -> Mapping[str, Layout]:
    """Every profile's layout; raises ProfileError for one that is of no use."""
    return {name: Layout(profile_file.load(path)) for name, path in profile_file.find().items()}
