{{/* What each process is told by its environment: docs/settings.md, filled in. */}}

{{/* All of it; takes (list . "component" process). */}}
{{- define "store.environment" -}}
{{- $root := index . 0 -}}
{{- $process := index . 2 -}}
{{- $own := include (printf "store.environment.%s" (index . 1)) $root | trim -}}
{{ $own }}
{{- with $root.Values.tracing.endpoint }}
- { name: OTEL_EXPORTER_OTLP_ENDPOINT, value: {{ quote . }} }
{{- end }}
{{- $taken := list "OTEL_EXPORTER_OTLP_ENDPOINT" }}
{{- range fromYamlArray $own }}{{ $taken = append $taken .name }}{{ end }}
{{- range $name, $value := (get $root.Values $process.values).settings }}
{{- if has $name $taken }}
{{- fail (printf "%s.settings.%s: the chart sets this variable itself" $process.values $name) }}
{{- end }}
- { name: {{ $name }}, value: {{ quote $value }} }
{{- end }}
{{- end }}

{{- define "store.environment.users" -}}
{{ include "store.database" (list . "users") }}
- { name: KEY_ENCRYPTION_SECRET, valueFrom: {{ include "store.secret" (list . "users" "encryption") }} }
{{- if .Values.existingSecrets.mail }}
- { name: SMTP_URL, valueFrom: {{ include "store.secret" (list . "mail" "url") }} }
{{- else }}
- { name: SMTP_URL, value: "discard:" }
{{- end }}
- { name: MAIL_FROM, value: {{ quote .Values.mail.from }} }
- { name: PUBLIC_URL, value: {{ include "store.publicUrl" (list . "users") }} }
- { name: PROXIES, value: {{ include "store.proxies" . | quote }} }
{{- include "store.backupsExpected" . }}
{{- end }}

{{- define "store.environment.inventory" -}}
{{ include "store.database" (list . "inventory") }}
- { name: JWKS_URL, value: {{ include "store.url" (list . "users") }}/.well-known/jwks.json }
{{- include "store.backupsExpected" . }}
{{- end }}

{{- define "store.environment.inventory-rpc" -}}
{{ include "store.database" (list . "inventory") }}
- { name: RPC_KEYS, valueFrom: {{ include "store.secret" (list . "rpc" "keys") }} }
{{- end }}

{{- define "store.environment.orders" -}}
{{ include "store.environment.orders-work" . }}
- { name: JWKS_URL, value: {{ include "store.url" (list . "users") }}/.well-known/jwks.json }
- { name: PAYMENT_WEBHOOK_SECRET, valueFrom: {{ include "store.secret" (list . "payments" "webhook-secret") }} }
{{- include "store.backupsExpected" . }}
{{- end }}

{{- define "store.environment.orders-work" -}}
{{ include "store.database" (list . "orders") }}
- { name: KEY_ENCRYPTION_SECRET, valueFrom: {{ include "store.secret" (list . "orders" "encryption") }} }
- { name: INVENTORY_ADDRESS, value: "{{ include "store.name" (list . "inventory-rpc") }}:7000" }
- { name: INVENTORY_RPC_KEY, valueFrom: {{ include "store.secret" (list . "rpc" "key") }} }
{{ include "store.environment.payments" . }}
{{- end }}

{{- define "store.environment.payments" -}}
{{- if .Values.gateway.enabled -}}
- { name: PAYMENT_API_URL, value: {{ include "store.url" (list . "gateway") }} }
{{ end -}}
- { name: PAYMENT_API_KEY, valueFrom: {{ include "store.secret" (list . "payments" "api-key") }} }
{{- end }}

{{- define "store.environment.gateway" -}}
{{ include "store.database" (list . "gateway") }}
- { name: API_KEYS, valueFrom: {{ include "store.secret" (list . "payments" "api-keys") }} }
- { name: PUBLIC_URL, value: {{ include "store.publicUrl" (list . "gateway") }} }
- { name: WEBHOOK_URL, value: {{ include "store.url" (list . "orders") }}/v1/payment/webhook }
- { name: WEBHOOK_SECRET, valueFrom: {{ include "store.secret" (list . "payments" "webhook-secret") }} }
{{- include "store.backupsExpected" . }}
{{- end }}

{{- define "store.environment.auditor" -}}
{{- range list "users" "inventory" "orders" "gateway" }}
{{ include "store.databaseUrl" (list $ . "audit" (printf "%s_" (upper .))) }}
{{- end }}
{{- include "store.authoritiesEnv" (list . (list "users" "inventory" "orders" "gateway")) }}
{{ include "store.environment.payments" . }}
{{- /* It looks again by itself; this is for an audit that somebody runs in its pod. */}}
{{ include "store.patience" 60 }}
{{- end }}

{{/* For one process of each service: it tells when the newest dump of its database was made. */}}
{{- define "store.backupsExpected" -}}
{{- if .Values.backups.enabled }}
- { name: BACKUPS_EXPECTED, value: "true" }
{{- end }}
{{- end }}

{{/* Of those who fill the shop as its admin: the demo, and `helm test`. */}}
{{- define "store.environment.staff" -}}
- { name: USERS_URL, value: {{ include "store.url" (list . "users") }} }
- { name: INVENTORY_URL, value: {{ include "store.url" (list . "inventory") }} }
- { name: ADMIN_EMAIL, value: {{ quote .Values.admin.email }} }
- { name: ADMIN_PASSWORD, valueFrom: {{ include "store.secret" (list . "admin" "password") }} }
{{- end }}

{{/* Where a service is inside the release; takes (list . "users"). */}}
{{- define "store.url" -}}
http://{{ include "store.name" . }}:8000
{{- end }}

{{/* Where people find it: the public host, else (by port-forward) the service. A Gateway is taken to end TLS. */}}
{{- define "store.publicUrl" -}}
{{- $values := (index . 0).Values -}}
{{- if $values.host -}}
{{ ternary "https" "http" (or $values.gatewayApi.enabled (ne $values.ingress.tlsSecret "")) }}://{{ $values.host }}
{{- else -}}
{{ include "store.url" . }}
{{- end -}}
{{- end }}

{{/* How many reverse proxies add to X-Forwarded-For: the ingress or gateway, and those in front of it. */}}
{{- define "store.proxies" -}}
{{- add .Values.proxies (ternary 1 0 (or .Values.ingress.enabled .Values.gatewayApi.enabled)) -}}
{{- end }}
