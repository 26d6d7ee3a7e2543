{{/*
The processes that serve for as long as the release lives, by component: their image and arguments, the
port that others call, the databases they enter, and whose values are theirs.
*/}}
{{- define "store.processes" -}}
users: { image: users, args: [serve], port: http, databases: [users], values: users }
inventory: { image: inventory, args: [serve], port: http, databases: [inventory], values: inventory }
inventory-rpc: { image: inventory, args: [rpc], port: grpc, databases: [inventory], values: inventoryRpc }
orders: { image: orders, args: [serve], port: http, databases: [orders], values: orders }
orders-work: { image: orders, args: [work], databases: [orders], values: ordersWork }
{{- if .Values.gateway.enabled }}
gateway: { image: gateway, args: [serve], port: http, databases: [gateway], values: gateway }
{{- end }}
{{- if include "store.audits" . }}
auditor:
  image: proof
  args: [audit, --every, "{{ .Values.auditor.everySeconds }}"]
  databases: [users, inventory, orders, gateway]
  values: auditor
{{- end }}
{{- end }}

{{/* Whether there is an auditor: it compares orders with our gateway's books, and Stripe has none of these. */}}
{{- define "store.audits" -}}
{{- if and .Values.auditor.enabled .Values.gateway.enabled }}yes{{ end -}}
{{- end }}

{{/* The services that have a database. */}}
{{- define "store.services" -}}
[users, inventory, orders{{ if .Values.gateway.enabled }}, gateway{{ end }}]
{{- end }}

{{- define "store.port" -}}
{{- get (dict "http" 8000 "grpc" 7000 "ops" 9000 "postgres" 5432) . -}}
{{- end }}

{{/* How many replicas there may be; takes the values of a process. */}}
{{- define "store.mostReplicas" -}}
{{- $growing := .autoscaling | default dict -}}
{{- ternary $growing.maxReplicas .replicas ($growing.enabled | default false) | default 1 -}}
{{- end }}
