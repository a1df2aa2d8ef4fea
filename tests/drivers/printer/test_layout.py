"""Slips set in columns: nothing wider than the paper, nothing lost, columns one under the other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.printer.document import Blank, Document, Line, Pair, QrCode, Rule, Table
from drivers.printer.layout import MISSING, SetLine, in_gb18030, printable, set_document, width, wrap

COLUMNS = st.sampled_from([32, 42, 48])
# Latin, Chinese, rare Chinese, emoji, controls: what names and addresses can hold and what they should not.
TEXT = st.text(
    st.one_of(
        st.characters(min_codepoint=32, max_codepoint=126),
        st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF),
        st.sampled_from("，。（）￥·×é€𠮷😀\x1b\x00\n\t\xa0"),
    ),
    max_size=160,
)
PAIRS = st.builds(Pair, TEXT, TEXT, st.booleans())
LINES = st.builds(
    Line, TEXT, st.sampled_from(["left", "center", "right"]), st.booleans(), st.sampled_from([1, 2])
)
TABLES = st.integers(2, 5).flatmap(
    lambda cells: st.builds(
        Table,
        st.tuples(*[st.text("金额月Ab1", min_size=1, max_size=9)] * cells),
        st.lists(st.tuples(*[TEXT] * cells), max_size=4).map(tuple),
    )
)
DOCUMENTS = st.lists(st.one_of(PAIRS, LINES, TABLES, st.just(Rule()), st.just(Blank())), max_size=6).map(
    lambda elements: Document("0" * 32, tuple(elements))
)


def set_lines(document: Document, columns: int) -> list[SetLine]:
    return [line for line in set_document(document, columns) if isinstance(line, SetLine)]


def ink(text: str) -> str:
    return "".join(printable(text).split())


@given(DOCUMENTS, COLUMNS)
def test_no_line_is_wider_than_the_paper(document: Document, columns: int) -> None:
    for line in set_lines(document, columns):
        assert width(line.text) * line.size <= columns


@given(TEXT, st.integers(2, 48))
def test_wrapping_loses_no_character(text: str, columns: int) -> None:
    assert "".join("".join(wrap(printable(text), columns)).split()) == ink(text)


@given(st.one_of(PAIRS, LINES), COLUMNS)
def test_an_element_keeps_every_character_in_order(element: Pair | Line, columns: int) -> None:
    told = element.label + element.value if isinstance(element, Pair) else element.text
    lines = set_lines(Document("0" * 32, (element,)), columns)
    assert "".join("".join(line.text for line in lines).split()) == ink(told)


@given(TABLES, COLUMNS)
def test_a_table_keeps_every_cell(table: Table, columns: int) -> None:
    text = "".join("".join(line.text for line in set_lines(Document("0" * 32, (table,)), columns)).split())
    for row in table.rows:
        for cell in row:
            assert ink(cell) in text


@given(TEXT)
def test_what_is_printable_needs_one_byte_a_column(text: str) -> None:
    for line in wrap(printable(text), 48):
        assert len(line.encode("gb18030")) == width(line)


@pytest.mark.parametrize(
    "character", ["😀", "𠮷", "é"[0:1] + "\u0301", "\x1b", "\x00", "\x7f", "\ue000", "\u200b"]
)
def test_what_the_printer_lacks_is_replaced_visibly(character: str) -> None:
    assert MISSING in printable(character)


def test_the_yen_sign_of_latin_becomes_the_one_that_printers_have() -> None:
    assert printable("¥5") == "￥5"
    assert in_gb18030("￥")
    assert not in_gb18030("¥")


def test_a_pair_stands_at_both_edges() -> None:
    (line,) = set_lines(Document("0" * 32, (Pair("户号", "0399"),)), 32)
    assert line.text == "户号" + " " * 24 + "0399"


def test_a_value_that_does_not_fit_beside_its_label_goes_below_to_the_right_edge() -> None:
    first, second = set_lines(Document("0" * 32, (Pair("用电地址", "漠阳市江城区花园三栋五零一"),)), 32)
    assert first.text == "用电地址"
    assert second.text == " " * 6 + "漠阳市江城区花园三栋五零一"


def test_the_columns_of_a_table_end_one_under_the_other() -> None:
    table = Table(
        ("电费年月", "电费", "小计"), (("2026年09月", "40.00", "42.37"), ("2026年10月", "81.37", "1281.37"))
    )
    head, *rows = [line.text for line in set_lines(Document("0" * 32, (table,)), 48)]
    assert {width(line) for line in (head, *rows)} == {48}
    assert width(head[: head.index("电费", 4) + 2]) == width(rows[0][: rows[0].index("40.00") + 5])


def test_a_table_too_wide_for_the_paper_becomes_pairs() -> None:
    table = Table(("Month", "Charge", "Late fee", "Subtotal"), (("2026-09", "40.00", "2.37", "42.37"),))
    texts = [line.text.split() for line in set_lines(Document("0" * 32, (table,)), 28)]
    assert texts == [["2026-09"], ["Charge", "40.00"], ["Late", "fee", "2.37"], ["Subtotal", "42.37"]]


def test_a_line_does_not_begin_with_a_full_stop() -> None:
    assert wrap("请凭此凭条到营业厅处理。谢谢", 22) == ["请凭此凭条到营业厅处", "理。谢谢"]


def test_words_are_not_broken() -> None:
    assert wrap("Take this slip to the counter", 12) == ["Take this", "slip to the", "counter"]


def test_a_qr_code_passes_through() -> None:
    assert list(set_document(Document("0" * 32, (QrCode("x"),)), 48)) == [QrCode("x")]
