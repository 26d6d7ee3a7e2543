"""The few pages that people see: what this is, and the 3-D Secure challenge."""

from html import escape
from urllib.parse import urlencode

from store.gateway.models.payments import PaymentIntent

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title><style>
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 32rem; margin: 4rem auto; padding: 0 1rem; }}
button {{ font: inherit; padding: .5rem 1rem; margin-right: 1rem; }}
</style></head><body><h1>{title}</h1>{body}</body></html>
"""
_CHALLENGE = """<p>The bank of this card wants to know whether you agree to pay
<strong>{amount}</strong>. This is a test: no money moves.</p>
<form method="post">
<button name="outcome" value="complete">Complete authentication</button>
<button name="outcome" value="fail">Fail authentication</button>
</form>"""
_ABOUT = """<p>A payment gateway for tests. It speaks the part of Stripe's API that a shop needs and
keeps what it did; no money moves.</p>
<p>Point the official SDK at it:</p>
<pre>stripe.api_base = "{url}"
stripe.api_key = "one of this gateway's API_KEYS"</pre>
<p>Let the next payment be taken, and its answer be lost:</p>
<pre>curl {url}/v1/test_helpers/faults -u API_KEY: \
  -d kind=drop_after_work -d path='POST /v1/payment_intents'</pre>
<p>Test cards are Stripe's: <code>pm_card_visa</code>,
<code>pm_card_chargeDeclined</code>, <code>pm_card_threeDSecure2Required</code>, &hellip;</p>"""


def about(public_url: str) -> str:
    """What this is and how one begins, as HTML for the page at /."""
    return _ABOUT.format(url=escape(public_url))


def challenge_page(intent: PaymentIntent) -> str:
    """Where the buyer passes or fails 3-D Secure."""
    amount = escape(f"{intent.amount} {intent.currency.upper()} (smallest units)")
    return _PAGE.format(title="3-D Secure test page", body=_CHALLENGE.format(amount=amount))


def done_page(intent: PaymentIntent) -> str:
    """What the challenge led to, for a buyer who is expected nowhere."""
    body = f"<p>The payment is now <code>{escape(intent.status)}</code>.</p>"
    return _PAGE.format(title="Thank you", body=body)


def return_url(intent: PaymentIntent, *, passed: bool) -> str:
    """Where the buyer goes next, with the parameters that Stripe adds."""
    url = intent.return_url or ""
    added = {
        "payment_intent": intent.id,
        "payment_intent_client_secret": intent.client_secret,
        "redirect_status": "succeeded" if passed else "failed",
    }
    return f"{url}{'&' if '?' in url else '?'}{urlencode(added)}"
