"""The page behind a QR acquirer's code: what a person sees on the phone, and taps on. Chinese, with English beneath."""

from __future__ import annotations

from html import escape

_STYLE = """
:root { --accent: #1668dc; --ink: #1c2430; --soft: #5c6776; --ground: #f3f5f8 }
* { box-sizing: border-box }
body { margin: 0; background: var(--ground); color: var(--ink);
  font: 18px/1.5 system-ui, "PingFang SC", "Noto Sans CJK SC", "Microsoft YaHei", sans-serif }
main { max-width: 28rem; margin: 0 auto; padding: 2rem 1.25rem }
section { background: #fff; border-radius: 16px; padding: 2rem 1.5rem; box-shadow: 0 1px 4px #0002 }
h1 { font-size: 1.25rem; margin: 0; text-align: center; overflow-wrap: anywhere }
.amount { font-size: 3rem; font-weight: 700; text-align: center; margin: 1rem 0; font-variant-numeric: tabular-nums }
dl { display: grid; grid-template-columns: auto 1fr; gap: .5rem 1rem; margin: 0; border-top: 1px solid #e3e7ee;
  padding-top: 1rem; color: var(--soft) }
dd { margin: 0; text-align: right; color: var(--ink); overflow-wrap: anywhere }
.said { text-align: center; font-size: 1.5rem; font-weight: 700; margin: .5rem 0 }
.said.paid { color: #147a3d } .said.closed { color: #a3341f }
small { display: block; font-size: .8em; font-weight: 400; color: var(--soft) }
button { width: 100%; min-height: 64px; border: 0; border-radius: 12px; font: inherit; font-size: 1.25rem;
  font-weight: 600; margin-top: 1rem }
button.pay { background: var(--accent); color: #fff } button.pay small { color: #fffc }
button.cancel { background: none; color: var(--soft) }
"""
_SAID = {
    "paid": ("支付成功", "Paid"),
    "closed": ("订单已关闭，未扣款", "Closed. Nothing was taken."),
    "refunded": ("款项已退回", "The money was given back"),
    "missing": ("没有找到这个订单", "No such order"),
}
_BUTTONS = """
<form method="post">
<button class="pay" formaction="{path}/pay">确认支付<small>Pay now</small></button>
<button class="cancel" formaction="{path}/cancel">取消<small>Cancel</small></button>
</form>"""


def page(merchant: str, amount_fen: int, subject: str, state: str, path: str) -> str:
    """An order's page; `path` is where it stands."""
    amount = f"¥ {amount_fen // 100:,}.{amount_fen % 100:02d}"
    below = _BUTTONS.format(path=escape(path, quote=True)) if state == "created" else _said(state)
    return _whole(
        f'<h1>{escape(merchant)}</h1><p class="amount">{amount}</p>'
        f"<dl><dt>收款方<small>To</small></dt><dd>{escape(merchant)}</dd>"
        f"<dt>户号<small>Account</small></dt><dd>{escape(subject)}</dd></dl>{below}"
    )


def missing_page() -> str:
    """What stands behind a code that belongs to no order."""
    return _whole(_said("missing"))


def _said(state: str) -> str:
    chinese, english = _SAID[state]
    kind = "paid" if state in {"paid", "refunded"} else "closed"
    return f'<p class="said {kind}" role="status">{chinese}<small>{english}</small></p>'


def _whole(inner: str) -> str:
    return (
        '<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><title>钱包 Wallet</title>'
        f"<style>{_STYLE}</style></head><body><main><section>{inner}</section></main></body></html>"
    )
