"""All sample states and their pages, for every language."""

from __future__ import annotations

import pytest

from kiosk.page import PageModel
from kiosk.pages.sample_accounts import Sample
from kiosk.pages.samples import samples, states
from kiosk.words import LANGUAGES


@pytest.fixture(scope="session", params=LANGUAGES)
def lang(request: pytest.FixtureRequest) -> str:
    """Each language in turn."""
    return str(request.param)


@pytest.fixture(scope="session")
def pages(lang: str) -> dict[str, PageModel]:
    """All sample pages of the language."""
    return samples(lang)


@pytest.fixture(scope="session")
def sample_states() -> dict[str, Sample]:
    """What the samples are built from, by name."""
    return {state[0]: state for state in states()}
