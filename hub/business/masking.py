"""How much of a name and an address may leave the hub: enough for the customer to know himself."""

import re

_NUMBER = re.compile(r"\d+")


def mask_name(name: str) -> str:
    """Keep the last character of a person's name, the first and last two of a long (company) name.

    >>> mask_name("陈小明"), mask_name("A"), mask_name("阳江海陵贸易有限公司")
    ('**明', '*', '阳江******公司')
    """
    if len(name) <= 1:
        return "*" * len(name)
    if len(name) <= 4:
        return "*" * (len(name) - 1) + name[-1]
    return name[:2] + "*" * (len(name) - 4) + name[-2:]


def mask_address(address: str) -> str:
    """Keep the district and the road, hide every number and the last part of the line.

    >>> mask_address("江城区东风路18号3栋502房")
    '江城区东风路**号*栋***房'
    >>> mask_address("Nanxin Road")
    'Nanxin ****'
    """
    if _NUMBER.search(address):
        return _NUMBER.sub(lambda match: "*" * len(match.group()), address)
    keep = max(len(address) - 4, len(address) // 2)
    return address[:keep] + "*" * (len(address) - keep)
