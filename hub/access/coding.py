"""The content coding `kiosk-1` of the contract: a zlib stream (RFC 1950) that begins from a known text.

The bodies of the contract are short, and most of each is its field names, which a general compressor must first see
once. The known text holds them, so it is part of the contract: it never changes, another text would be `kiosk-2`.
A stream names the text it needs by its checksum, so a wrong one is noticed.
"""

import zlib

NAME = "kiosk-1"
FIELD_COST = len(f"Content-Encoding: {NAME}\r\n")
"""A body that does not shrink by more than this is sent as it is."""

KNOWN_TEXT = (
    '{"now":"2026-01-01T00:00:00.000000Z","business_date":"2026-01-01","mode":"day_end","mode":"open","version":"0.1.0"}'
    '{"type":"urn:power-hub:problem:unknown_account","title":"No such account","status":404,"code":"hub_busy",'
    '"customer_text":{"zh":"系统忙，请稍候","en":"The system is busy. Please wait."},"detail":"","field":"'
    '","retry_after_s":5,"claim_id":"已记录，请凭凭条到营业厅处理","en":"Your money is on record. Take the slip to the '
    'service counter."}{"journal_id":"","seq":1,"head":"","known":{"seq":null,"open":[{"id":"","kind":"claim",'
    '"state":"sending","opened_at":""}],"backlog":{"count":0,"oldest_at":null},"version":"0.1.0"}'
    '{"id":"","verdict":"ok","known_seq":1,"as_of":"2026-01-01T00:00:00.000000Z"}'
    '{"reference":"","payment_id":null,"account_no":null,"amount_fen":10000,"memo_fen":0,"reason":"unanswered",'
    '"note_fate_unknown","notes":[{"value_fen":10000,"count":1}],"made_at":"2026-01-01T00:00:00.000Z"}'
    '"state":"open","released","closed","resolution":"already_credited"}'
    '{"account_no":"0399000000000000","name_masked":"*伟","address_masked":"花园**栋*单元***房","supply_unit":"供电局'
    '城东供电所","usage_class":"residential","state":"open","meters":[{"meter_no":"9900010012500000000010","kind":"card"},'
    '{"meter_no":"99000100125","kind":"remote_prepaid"},{"meter_no":"99000100125","kind":"postpaid"}],"balance_fen":0,'
    '"arrears_fen":0,"due_fen":0,"bills":[],"as_of":"2026-01-01T00:00:00.000000Z","business_date":"2026-01-01"}'
    '{"id":"","status":"credited","hub_no":"000000000000","account_no":"0399000000000000","amount_fen":10000,'
    '"allocations":[{"month":"2026-01","late_fee_fen":0,"principal_fen":10000},{"month":"2026-02","late_fee_fen":0,'
    '"principal_fen":5000}],"to_balance_fen":0,"balance_before_fen":0,"balance_after_fen":0,"arrears_after_fen":0,'
    '"credited_at":"2026-01-01T00:00:00.000000Z","business_date":"2026-01-01"}'
    '{"id":"","account_no":"0399000000000000","business":"prepay","months":[],"due_fen":0,"max_fen":500000,'
    '"expires_at":"2026-01-01T00:15:00.000000Z","as_of":"2026-01-01T00:00:00.000000Z"}'
    '{"account_no":"0399000000000000","business":"arrears","months":[],"tender":"cash"}'
    '{"account_no":"0399000000000000","quote_id":"","business":"arrears","amount_fen":10000,"months":["2026-01",'
    '"2026-02","2026-03"],"notes":[{"value_fen":10000,"count":1},{"value_fen":5000,"count":1},{"value_fen":2000,"count":1},'
    '{"value_fen":1000,"count":2}],"kiosk_no":1,"business_date":"2026-01-01","taken_at":"2026-01-01T00:00:00.000Z",'
    '"tender":"cash","reference":"K'
    '"state":"partly_paid","kwh":100},{"month":"2026-07","charge_fen":10000,"late_fee_fen":0,"paid_fen":0,"due_fen":10000,'
    '"due_date":"2026-08-14","state":"open","kwh":100},{"month":"2026-08","charge_fen":20000,"late_fee_fen":0,"paid_fen":0,'
    '"due_fen":20000,"due_date":"2026-09-14","state":"open","kwh":200}],"as_of":"2026-'
).encode()

_PACKER = zlib.compressobj(level=9, zdict=KNOWN_TEXT)


class BadCoding(ValueError):  # noqa: N818 - it is a coding, and it is bad
    """The body is no whole stream of its coding."""


def packed(body: bytes) -> bytes:
    """`body` in the coding; the same bytes for the same body."""
    packer = _PACKER.copy()
    return packer.compress(body) + packer.flush()


def unpacked(body: bytes, most: int) -> bytes:
    """What `body` holds, at most `most` bytes of it.

    Raises OverflowError when it holds more, and BadCoding when it is damaged or cut off.
    """
    inflater = zlib.decompressobj(zdict=KNOWN_TEXT)
    try:
        content = inflater.decompress(body, most + 1)
    except zlib.error as error:
        raise BadCoding(str(error)) from error
    if len(content) > most:
        raise OverflowError(f"the body unpacks to more than {most} bytes")
    if not inflater.eof or inflater.unused_data:
        raise BadCoding("the stream is cut off or does not end with the body")
    return content
