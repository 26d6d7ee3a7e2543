{{/*
The plan: who may talk to whom. Each row is a path, and opens both of its ends: `from` and `to` are
components of the release; `outside` is who is none, as the values say, and then has its port from there.

Not here, because no policy stands in their way: probes, which come from the pod's own node (Kubernetes
lets that through), and port-forward, which enters a pod without crossing its network. Nobody asks the
API server: Prometheus finds processes by DNS, and no pod has a token.
*/}}
{{- define "store.paths" -}}
{{- $processes := fromYaml (include "store.processes" .) }}

{{- /* Buyers and staff, and who does as they do. Of the gateway they see the 3-D Secure page. */}}
{{- if or .Values.ingress.enabled .Values.gatewayApi.enabled }}
- { outside: ingressController, to: {{ include "store.services" . }}, port: 8000 }
{{- end }}
- { from: [test], to: {{ include "store.services" . }}, port: 8000 }
{{- if .Values.demo.catalogue }}
- { from: [demo], to: [users, inventory], port: 8000 }
{{- end }}

{{- /* The keys that access tokens are verified with. */}}
- { from: [inventory, orders], to: [users], port: 8000 }

{{- /* An order: its stock, its money, and who hears of it. */}}
- { from: [orders, orders-work], to: [inventory-rpc], port: 7000 }
{{- if .Values.gateway.enabled }}
- { from: [orders, orders-work], to: [gateway], port: 8000 }
- { from: [gateway], to: [orders], port: 8000 }
{{- else }}
- { from: [orders, orders-work], outside: stripe }
{{- end }}
- { from: [orders-work], outside: subscribers }
{{- if .Values.existingSecrets.mail }}
- { from: [users], outside: mail }
{{- end }}

{{- /* Data: each service has its own, and nobody but the auditor sees another's. */}}
{{- range $service := fromYamlArray (include "store.services" .) }}
{{- $from := list (printf "%s-migrate" $service) }}
{{- range $component, $process := $processes }}
{{- if has $service $process.databases }}{{ $from = append $from $component }}{{ end }}
{{- end }}
{{- if $.Values.backups.enabled }}
{{- $from = concat $from (list (printf "%s-backup" $service) (printf "%s-restore" $service)) }}
{{- end }}
{{- if (get $.Values.databases $service).external.existingSecret }}
- { from: {{ toJson $from }}, outside: databases }
{{- else }}
- { from: {{ toJson $from }}, to: [{{ $service }}-db], port: 5432 }
{{- end }}
{{- end }}

{{- /* The books of the other side. */}}
{{- if include "store.audits" . }}
- { from: [auditor], to: [gateway], port: 8000 }
{{- end }}

{{- /* Watching: metrics of every process, alarms, dashboards, traces. */}}
{{- if .Values.monitoring.prometheus.enabled }}
- { from: [prometheus], to: {{ keys $processes | sortAlpha | toJson }}, port: 9000 }
- { from: [prometheus], outside: alertmanagers }
{{- end }}
{{- if .Values.monitoring.operator.enabled }}
- { outside: operator, to: {{ keys $processes | sortAlpha | toJson }}, port: 9000 }
{{- end }}
{{- if .Values.monitoring.grafana.enabled }}
- { from: [grafana], to: [prometheus], port: 9090 }
{{- end }}
{{- if .Values.tracing.endpoint }}
- { from: {{ without (keys $processes) "auditor" | sortAlpha | toJson }}, outside: tracing }
{{- end }}
{{- end }}
