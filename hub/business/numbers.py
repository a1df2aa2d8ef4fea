"""Account, meter asset and recharge card numbers: their forms, and the check digits that catch what is mistyped."""

from dataclasses import dataclass

METER_NUMBER_DIGITS = 22
RECHARGE_NUMBER_DIGITS = 18


@dataclass(frozen=True, slots=True)
class AccountFormat:
    """A form of account number: so many digits, beginning with one of these prefixes (none: any)."""

    digits: int
    prefixes: tuple[str, ...] = ()

    def matches(self, text: str) -> bool:
        """Whether the text is a number of this form; spaces and other scripts' digits are not."""
        return len(text) == self.digits and _is_digits(text) and text.startswith(self.prefixes or "")


# A prefix is the supply area: 03 Guangdong, 08 Guangzhou, 09 Shenzhen, 04 Guangxi, 05 Yunnan, 06 Guizhou,
# 07 Hainan. 0399 stands in no area's use and marks the invented accounts of the sample town.
DEMO = AccountFormat(16, ("0399",))
SOUTHERN_GRID = AccountFormat(16, ("03", "04", "05", "06", "07", "08", "09"))
STATE_GRID = AccountFormat(13)
STATE_GRID_OLD = AccountFormat(10)
ACCOUNT_FORMATS = {
    "demo": DEMO,
    "southern_grid": SOUTHERN_GRID,
    "state_grid": STATE_GRID,
    "state_grid_old": STATE_GRID_OLD,
}


def is_account_number(text: str, formats: tuple[AccountFormat, ...] = (DEMO,)) -> bool:
    """Whether the text has the form of an account number; it has no check digit, so names confirm it."""
    return any(form.matches(text) for form in formats)


def asset_number_check_digit(first21: str) -> int:
    """Give the last digit of a 22-digit meter asset number: weights 3, 1, 3 ... from the right, modulo 10.

    Raises ValueError unless the argument is 21 digits.

    >>> asset_number_check_digit("990001001250000000002")
    7
    """
    if len(first21) != METER_NUMBER_DIGITS - 1 or not _is_digits(first21):
        raise ValueError(f"the first {METER_NUMBER_DIGITS - 1} digits of a meter number expected")
    total = sum(int(digit) * (1 if place % 2 else 3) for place, digit in enumerate(reversed(first21)))
    return -total % 10


def meter_number(first21: str) -> str:
    """Append the check digit to the first 21 digits."""
    return f"{first21}{asset_number_check_digit(first21)}"


def is_meter_number(text: str) -> bool:
    """Whether the text is 22 digits that end with the right check digit."""
    if len(text) != METER_NUMBER_DIGITS or not _is_digits(text):
        return False
    return asset_number_check_digit(text[:-1]) == int(text[-1])


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def identity_number(first_17: str) -> str:
    """Complete an identity number with its check digit (GB 11643, ISO/IEC 7064 MOD 11-2).

    >>> identity_number("99990019800101001")
    '99990019800101001X'
    """
    total = sum(int(digit) * 2 ** (17 - place) for place, digit in enumerate(first_17))
    return first_17 + "10X98765432"[total % 11]


def mod_11_10(digits: str) -> int:
    """Give the check digit of ISO/IEC 7064, MOD 11,10, which every single mistyped digit and most swaps change.

    A product P begins as 10. For each digit D: S is (P + D) modulo 10, or 10 where that is 0; P becomes 2 S modulo 11.
    The check digit is what makes P + check digit leave 1 modulo 10.

    >>> mod_11_10("0794")
    5
    """
    product = 10
    for digit in digits:
        product = ((product + int(digit)) % 10 or 10) * 2 % 11
    return (1 - product) % 10


def recharge_number(first17: str) -> str:
    """Complete a recharge card's secret number with its check digit; raises ValueError unless it is 17 digits.

    >>> recharge_number("99990000000000001")
    '999900000000000012'
    """
    if len(first17) != RECHARGE_NUMBER_DIGITS - 1 or not _is_digits(first17):
        raise ValueError(
            f"the first {RECHARGE_NUMBER_DIGITS - 1} digits of a recharge card's number expected"
        )
    return f"{first17}{mod_11_10(first17)}"


def is_recharge_number(text: str) -> bool:
    """Whether the text is 18 digits that end with the right check digit: only then a kiosk asks the hub."""
    if len(text) != RECHARGE_NUMBER_DIGITS or not _is_digits(text):
        return False
    return mod_11_10(text[:-1]) == int(text[-1])
