{{/*
Which paths of the public host are whose: prefixes of whole segments, none of which begins another.
What is not here stays inside. That is /docs and /openapi.json, which every service has at the same
place (port-forward shows them), and the gateway's API: of it buyers see the 3-D Secure page alone.
*/}}
{{- define "store.routes" -}}
- component: users
  paths:
    - /.well-known/jwks.json
    - /v1/email-verifications
    - /v1/password-resets
    - /v1/sessions
    - /v1/signing-keys
    - /v1/users
- component: inventory
  paths:
    - /v1/categories
    - /v1/imports
    - /v1/prices
    - /v1/products
    - /v1/reservations
    - /v1/stock-movements
    - /v1/variants
    - /v1/warehouses
- component: orders
  paths:
    - /v1/orders
    - /v1/webhook-endpoints
    {{- /* Stripe calls from outside, our gateway from inside. */}}
    {{- if not .Values.gateway.enabled }}
    - /v1/payment/webhook
    {{- end }}
{{- if .Values.gateway.enabled }}
- component: gateway
  paths:
    - /challenges
{{- end }}
{{- end }}
