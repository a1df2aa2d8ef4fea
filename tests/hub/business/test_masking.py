"""What of a name and an address may be seen on a screen in a lobby."""

import pytest

from hub.business.masking import mask_address, mask_name


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("陈小明", "**明"),
        ("李娜", "*娜"),
        ("A", "*"),
        ("", ""),
        ("Anna Li", "An***Li"),
        ("漠阳便利店", "漠阳*利店"),
    ],
)
def test_names(name: str, shown: str) -> None:
    assert mask_name(name) == shown


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("江城区东风路18号3栋502房", "江城区东风路**号*栋***房"),
        ("Garden 8-302", "Garden *-***"),
        ("Nanxin Road", "Nanxin ****"),
        ("村", "*"),
    ],
)
def test_addresses(address: str, shown: str) -> None:
    assert mask_address(address) == shown
