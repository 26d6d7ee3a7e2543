"""What a subscriber has to know; it stands above the routes on the /docs page."""

from store.orders.webhooks.event_types import EVENT_TYPES

_TYPES = "\n".join(f"| `{name}` | {meaning} |" for name, meaning in EVENT_TYPES.items())

GUIDE = f"""Webhooks tell programs of yours what happens to orders. They follow
[Standard Webhooks](https://www.standardwebhooks.com), for which there are libraries in most languages.

**Begin.** An admin creates an endpoint and gets its `secret`, which is shown only in that answer:
sent again with the same `Idempotency-Key`, the request is answered the same for 24 hours.
`POST /v1/webhook-endpoints/{{id}}/test` sends a `webhook.test` at once and tells what was answered (503 if nothing could be sent).
The address is public and begins with `https://`; a test store may allow others.

**A message** is a POST. Its body, and the headers `webhook-id` (the same each time the message is
tried), `webhook-timestamp` (seconds since 1970 of this try) and `webhook-signature`:

```json
{{
  "type": "order.shipped",
  "timestamp": "2025-03-01T12:00:00.123456+00:00",
  "data": {{
    "order_id": "01954f1c-7a52-7cc1-9b8e-3f6f4f3b2a10",
    "number": 6,
    "carrier": "DHL",
    "tracking_number": "JD0002"
  }}
}}
```

`data` has the `order_id`, the event's `number` and the facts of its type, as far as they fit into
20 kB; more facts and types may be added at any time. All else is at `GET /v1/orders/{{order_id}}`.

**Verify** each message before you believe it, from the bytes of the body as they came:

```python
from standardwebhooks import Webhook

message = Webhook(secret).verify(request.get_data(), dict(request.headers))
```

Without a library: take `id`, `timestamp` and body joined by dots, make the HMAC-SHA256 of that with
the bytes that are in base64 behind `whsec_`, and compare it, in constant time, with what is in
base64 behind each `v1,` in `webhook-signature` (a list with blanks between). Refuse a timestamp that
is more than five minutes away.

**Answer** with a 2xx within ten seconds, and do long work afterwards. Every other answer is a no:
the message is tried again, within seconds at first, then ever more rarely, up to four hours apart.
`Retry-After` is heeded (up to an hour), a redirect is not followed, and 410 pauses the endpoint.

**At least once.** A message may come twice, if your answer was lost on its way: remember the
`webhook-id`s you have dealt with.

**In order.** The events of one order come one after the other, by `number` from 1; orders do not
wait for each other. Numbers are missing when you do not listen to a type, or a delivery is dead.

**Dead letters.** After three days a delivery is `dead`, and the order's later events go on.
`GET .../deliveries?state=dead` lists such; `POST .../redeliver` tries them anew, and
`POST .../deliveries/{{event_id}}/redeliver` sends any one again, a delivered one, too. What is sent
again comes after its time, so go by `number` and not by arrival.

**Pause** an endpoint with `PATCH {{"state": "paused"}}`: events are kept for it, and come when it is
`active` again. `pending`, `oldest_pending_at` and `lag_seconds` tell how far it is behind.

**Change the secret** with `POST .../secret`. For 24 hours messages carry two signatures, one by the
secret before, so that you can change over at any moment in between.

**Events.** An endpoint without `event_types` gets all; `order.*` stands for all that begin alike.

| type | meaning |
|---|---|
{_TYPES}
"""
