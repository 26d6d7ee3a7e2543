{{/*
The processes that are watched: the labels `job` and `service` by which rules and dashboards know them
(store/monitoring/targets.py), and the component that has them.
*/}}
{{- define "store.jobs" -}}
- { job: users, service: users, component: users }
- { job: inventory, service: inventory, component: inventory }
- { job: inventory-rpc, service: inventory, component: inventory-rpc }
- { job: orders, service: orders, component: orders }
- { job: orders-work, service: orders, component: orders-work }
{{- if .Values.gateway.enabled }}
- { job: gateway, service: gateway, component: gateway }
{{- end }}
{{- if include "store.audited" . }}
- { job: audit, service: audit, component: auditor }
{{- end }}
{{- end }}

{{/* Not empty if there is an auditor: it compares the shop's books with those of our own gateway. */}}
{{- define "store.audited" -}}
{{- if and .Values.auditor.enabled .Values.gateway.enabled }}true{{ end }}
{{- end }}
