"""Blows that a technician deals or mends: the kiosk is stopped, its files are changed, and it is started again."""

from __future__ import annotations

from simulators.customer.customer import Customer, JourneyError

_EXIT_CONFIG, _EXIT_JOURNAL = 2, 3
_BLOCK = 4096


def journal_damaged_and_back(customer: Customer) -> None:
    """Scribble over the stopped kiosk's journal, see that it serves nobody, and put the file back."""
    bench = customer.bench
    bench.end_kiosk()
    journal = bench.folder / "journal.sqlite"
    whole = journal.read_bytes()
    journal.write_bytes(b"\x5a" * _BLOCK + whole[_BLOCK:])
    damaged = journal.read_bytes()
    bench.start_kiosk()
    customer.finds_the_kiosk_again()
    customer.is_told("no-service")
    if bench.validator("insert", value_fen=1000)["taken"]:
        raise JourneyError("a note is taken that no journal can hold")
    bench.end_kiosk()
    if journal.read_bytes() != damaged:
        raise JourneyError("the damaged journal was written to")
    journal.write_bytes(whole)
    bench.start_kiosk()
    customer.finds_the_kiosk_again()
    customer.waits_for_welcome()


def second_kiosk_refused(customer: Customer) -> None:
    """Start a second kiosk beside the running one."""
    _refused(customer, _EXIT_JOURNAL, "another kiosk process is using this journal")


def wrong_key_and_right(customer: Customer) -> None:
    """Misspell a key in the stopped kiosk's settings, see that it does not start, and put the file right."""
    bench = customer.bench
    bench.end_kiosk()
    right = bench.config.read_text(encoding="utf-8")
    lines = right.splitlines()
    at = lines.index("[cash]") + 1
    bench.config.write_text("\n".join([*lines[:at], "most_fenn = 20000", *lines[at:], ""]), encoding="utf-8")
    _refused(customer, _EXIT_CONFIG, f"kiosk.toml:{at + 1}: unknown key cash.most_fenn")
    bench.config.write_text(right, encoding="utf-8")
    bench.start_kiosk()
    customer.finds_the_kiosk_again()
    customer.waits_for_welcome()


def _refused(customer: Customer, status: int, sentence: str) -> None:
    ended, said = customer.bench.run_kiosk()
    if ended != status or sentence not in said:
        raise JourneyError(f"not refused with {status} and {sentence!r} but with {ended}: {said}")
    customer.say(f"refused with {ended}: {said}")
