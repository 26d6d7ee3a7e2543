{{/*
The plan: who may talk to whom. Each row is a path, and opens both of its ends: `from` and `to` are
components of the release; `outside` is who is none, as the values say, and then has its port from there.

Not here, because no policy stands in their way: probes, which come from the pod's own node (Kubernetes
lets that through), and port-forward, which enters a pod without crossing its network. Nobody asks the
API server: Prometheus finds processes by DNS, and no pod has a token.
*/}}
{{- define "store.paths" -}}
{{- $values := .Values }}
{{- $services := list "users" "inventory" "orders" }}

{{- /* Buyers and staff, and who does as they do. Of the gateway they see the 3-D Secure page. */}}
{{- if or .Values.ingress.enabled .Values.gatewayApi.enabled }}
- { outside: ingressController, to: [users, inventory, orders{{ if .Values.gateway.enabled }}, gateway{{ end }}], port: 8000 }
{{- end }}
- { from: [test], to: [users, inventory, orders], port: 8000 }
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

{{- /* Data: each service has its own; the auditor alone reads all of them, and asks the gateway. */}}
{{- $owners := dict "users" "users" "inventory" "inventory, inventory-rpc" "orders" "orders, orders-work" }}
{{- if .Values.gateway.enabled }}{{ $_ := set $owners "gateway" "gateway" }}{{ end }}
{{- range $service, $processes := $owners }}
{{- $from := printf "%s, %s-migrate" $processes $service }}
{{- if $values.backups.enabled }}{{ $from = printf "%s, %s-backup, %s-restore" $from $service $service }}{{ end }}
{{- if include "store.audited" $ }}{{ $from = printf "%s, auditor" $from }}{{ end }}
- { from: [{{ $from }}], {{ if (get $values.databases $service).external.existingSecret }}outside: databases{{ else }}to: [{{ $service }}-db], port: 5432{{ end }} }
{{- end }}
{{- if include "store.audited" . }}
- { from: [auditor], to: [gateway], port: 8000 }
{{- end }}

{{- /* Watching: metrics of every process, dashboards, alarms, traces. */}}
{{- $watched := list }}
{{- range fromYamlArray (include "store.jobs" .) }}{{ $watched = append $watched .component }}{{ end }}
{{- if .Values.monitoring.prometheus.enabled }}
- { from: [prometheus], to: {{ toJson $watched }}, port: 9000 }
- { from: [prometheus], outside: alertmanagers }
{{- end }}
{{- if .Values.monitoring.operator.enabled }}
- { outside: operator, to: {{ toJson $watched }}, port: 9000 }
{{- end }}
{{- if .Values.monitoring.grafana.enabled }}
- { from: [grafana], to: [prometheus], port: 9090 }
{{- end }}
{{- if .Values.tracing.endpoint }}
- { from: {{ without $watched "auditor" | toJson }}, outside: tracing }
{{- end }}
{{- end }}

{{/* Who is outside: takes (list . "name"), gives a list of {cidr, except} or {namespaceLabels, podLabels}, each with its port. */}}
{{- define "store.outside" -}}
{{- $root := index . 0 }}
{{- $policy := $root.Values.networkPolicy }}
{{- if eq (index . 1) "ingressController" }}{{ list $policy.ingressController | toYaml }}
{{- else if eq (index . 1) "operator" }}{{ list (pick $root.Values.monitoring.operator "namespaceLabels") | toYaml }}
{{- else }}{{ get $policy (index . 1) | toYaml }}
{{- end }}
{{- end }}

{{/* One end of a path: a component's pods; takes (list . "component"). */}}
{{- define "store.pods" -}}
podSelector:
  matchLabels: {{- include "store.selector" . | nindent 4 }}
{{- end }}

{{/* One end of a path: who is outside, an entry of store.outside. */}}
{{- define "store.stranger" -}}
{{- if .cidr -}}
ipBlock:
  cidr: {{ .cidr }}
  {{- with .except }}
  except: {{- toYaml . | nindent 4 }}
  {{- end }}
{{- else -}}
namespaceSelector:
  matchLabels: {{- toYaml .namespaceLabels | nindent 4 }}
{{- with .podLabels }}
podSelector:
  matchLabels: {{- toYaml . | nindent 4 }}
{{- end }}
{{- end }}
{{- end }}
