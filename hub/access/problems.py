"""Problem documents (RFC 9457): for each refusal its status, its title and the words for the customer."""

from typing import NamedTuple

import msgspec

from hub.business.refusals import Code, Refusal

MEDIA_TYPE = "application/problem+json"


class Words(msgspec.Struct, frozen=True):
    zh: str
    en: str


class Problem(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The body of every answer that is not a success; `code` is stable, `detail` is for the technician."""

    type: str
    title: str
    status: int
    code: Code
    customer_text: Words
    detail: str
    field: str | None = None
    claim_id: str | None = None
    reversal_id: str | None = None
    retry_after_s: int | None = None


class Kind(NamedTuple):
    status: int
    title: str
    words: Words


_STAFF = Words("本机暂时无法办理，请联系95598", "This machine cannot do that now. Call 95598.")
_KEPT = Words(
    "您的款项已记录，请凭凭条到营业厅处理", "Your money is on record. Take the slip to the service counter."
)
_COUNTER = Words("请携带电卡到营业厅办理", "Please take the card to the service counter.")
_AGAIN = Words("请重新插卡", "Please insert the card again.")

KINDS: dict[Code, Kind] = {
    "bad_request": Kind(400, "The request does not have the agreed form", _STAFF),
    "unknown_terminal": Kind(401, "No terminal of this id", _STAFF),
    "bad_signature": Kind(401, "The signature does not fit the request", _STAFF),
    "stale_signature": Kind(401, "The signature is too old, or the terminal's clock is wrong", _STAFF),
    "replayed_request": Kind(401, "This request was received before", _STAFF),
    "sign_on_needed": Kind(
        401,
        "The working key is unknown or has expired",
        Words("系统忙，请稍候", "The system is busy. Please wait."),
    ),
    "unknown_account": Kind(
        404, "No such account", Words("没有这个户号，请核对后重新输入", "No such account. Check the number.")
    ),
    "account_closed": Kind(
        409,
        "The account is closed",
        Words("该户已销户，请到营业厅办理", "This account is closed. Ask at the counter."),
    ),
    "unknown_meter": Kind(
        404, "No such meter", Words("没有这个表号，请核对后重新输入", "No such meter. Check the number.")
    ),
    "wrong_check_digit": Kind(
        422,
        "The meter number's check digit is wrong",
        Words("表号有误，请逐位核对", "The meter number has a mistake. Check each digit."),
    ),
    "unknown_month": Kind(
        422, "No open bill for this month", Words("所选月份没有欠费", "Nothing is due for the chosen month.")
    ),
    "months_not_oldest_first": Kind(
        422,
        "The months are not a run from the oldest open bill",
        Words("请从最早的月份开始缴费", "Please pay the oldest month first."),
    ),
    "unknown_quote": Kind(422, "No quote of this id for this account", _KEPT),
    "unknown_payment": Kind(404, "No such payment", Words("没有找到这笔缴费", "This payment was not found.")),
    "unknown_claim": Kind(404, "No such claim", Words("没有找到这个凭证号", "This reference was not found.")),
    "unknown_order": Kind(404, "No such order", Words("没有找到这笔订单", "This order was not found.")),
    "unknown_reversal": Kind(
        404, "No such reversal", Words("没有找到这笔冲正", "This reversal was not found.")
    ),
    "unknown_reference": Kind(
        404,
        "No such reference",
        Words("没有找到这个凭证号，请核对后重新输入", "No such reference. Check the number."),
    ),
    "id_reused": Kind(409, "The id was used before for something else", _KEPT),
    "claimed": Kind(409, "A claim for this payment exists", _KEPT),
    "reversed": Kind(
        409,
        "The payment was reversed",
        Words("该笔缴费已冲正，款项未入账", "This payment was reversed. It is not credited."),
    ),
    "not_reversible": Kind(
        409, "Only a sale by bank card is reversed, and never once a meter card was written for it", _KEPT
    ),
    "amount_differs": Kind(422, "The amount is not the payment's", _STAFF),
    "tender_off": Kind(
        422,
        "The hub does not take this tender",
        Words("暂不支持这种支付方式", "This way of paying is not available."),
    ),
    "notes_differ": Kind(422, "The notes do not add up to the amount", _KEPT),
    "amount_not_positive": Kind(422, "The amount must be more than nothing", _STAFF),
    "unknown_card_read": Kind(422, "No reading of this id by this terminal", _AGAIN),
    "unknown_purchase": Kind(
        409,
        "No such purchase is to be written",
        Words("没有待写卡的购电记录", "No power is waiting to be put on a card."),
    ),
    "unknown_write": Kind(404, "No write of this id by this terminal", _STAFF),
    "card_not_ready": Kind(409, "Nothing can be bought for this card now", _AGAIN),
    "over_hoarding_limit": Kind(
        409,
        "The meter cannot hold any more",
        Words("表内余额已达上限，请用电后再购", "The meter is full. Use some power before you buy more."),
    ),
    "no_card_to_reissue": Kind(409, "The meter never had a card", _COUNTER),
    "card_is_open": Kind(409, "The meter has or had a card", _COUNTER),
    "write_owed": Kind(
        409,
        "A new card is paid for and not written yet",
        Words("补卡费已付，请凭凭条领卡", "The new card is paid for. Show your slip to get it."),
    ),
    "write_not_owed": Kind(409, "This write is not owed", _COUNTER),
    "already_written": Kind(
        409,
        "The purchase is on a card already",
        Words("该笔购电已写入电卡，请插入电表", "The power is on your card already. Put it into the meter."),
    ),
    "other_card": Kind(
        409,
        "Another card than the purchase's",
        Words("不是该户的电卡，请换卡", "This is not the card of this account. Use the other one."),
    ),
    "card_ahead": Kind(409, "The card's count is beyond what was sold", _COUNTER),
    "card_behind": Kind(409, "The card's count is short of what was sold", _COUNTER),
    "not_authorised": Kind(409, "Nothing may be computed for this write or reading", _STAFF),
    "identity_not_checked": Kind(
        409,
        "The identity check is missing, failed or too old",
        Words("请先核对身份", "Please show who you are first."),
    ),
    "bad_seal": Kind(422, "The sealed field cannot be opened", _STAFF),
    "too_many_tries": Kind(
        429,
        "Too many tries failed, or one came too soon",
        Words("尝试次数过多，请稍后再试", "Too many tries. Please try again later."),
    ),
    "card_not_served": Kind(
        422,
        "No bank of this hub takes this card",
        Words("暂不支持该银行卡，请换卡或使用其他方式", "This bank card is not accepted. Use another one."),
    ),
    "unknown_route": Kind(
        422, "No route of this id for this terminal, or its PIN key is not in use any more", _AGAIN
    ),
    "unknown_sale": Kind(404, "No such sale", Words("没有找到这笔交易", "This sale was not found.")),
    "amount_off_limits": Kind(
        422,
        "The amount is not within the quote",
        Words("金额超出可缴范围，请重新选择", "The amount is too high or too low. Choose another one."),
    ),
    "reversal_due": Kind(
        409,
        "An earlier sale of this terminal at this bank is not settled yet",
        Words(
            "上一笔交易尚未处理完毕，请稍后或使用其他方式",
            "An earlier card payment is still being settled. Wait, or pay another way.",
        ),
    ),
    "bank_away": Kind(
        503,
        "The bank cannot be reached",
        Words("银行系统暂时无法连接，请使用其他方式", "The bank cannot be reached. Please pay another way."),
    ),
    "not_found": Kind(404, "No such resource", _STAFF),
    "method_not_allowed": Kind(405, "The resource has no such method", _STAFF),
    "no_key_store": Kind(409, "This hub has no key store for that", _STAFF),
    "hub_busy": Kind(
        503, "The hub cannot answer now", Words("系统忙，请稍候", "The system is busy. Please wait.")
    ),
    "hub_fault": Kind(500, "The hub has failed", Words("系统忙，请稍候", "The system is busy. Please wait.")),
}


def problem(refusal: Refusal) -> Problem:
    """Turn a refusal into its document."""
    kind = KINDS[refusal.code]
    return Problem(
        type=f"urn:power-hub:problem:{refusal.code}",
        title=kind.title,
        status=kind.status,
        code=refusal.code,
        customer_text=kind.words,
        detail=refusal.detail,
        field=refusal.field,
        claim_id=refusal.claim_id,
        reversal_id=refusal.reversal_id,
        retry_after_s=refusal.retry_after_s,
    )
