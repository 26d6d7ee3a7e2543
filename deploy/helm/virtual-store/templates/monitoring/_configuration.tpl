{{/* prometheus.yml: how often is said in grafana/, who is asked is said here. */}}
{{- define "store.prometheus" -}}
global:
  {{- (.Files.Get "files/prometheus.yml" | fromYaml).global | toYaml | nindent 2 }}
  # Alarms of several stores may come to one Alertmanager.
  external_labels: { namespace: {{ .Release.Namespace }}, release: {{ .Release.Name }} }

rule_files:
  - ../rules/*.yaml

{{- with .Values.monitoring.prometheus.alertmanagers }}

alerting:
  alertmanagers:
    - static_configs:
        - targets: {{ toJson . }}
{{- end }}

# Every pod of a process has an address of its own under one name. `instance` is that address.
scrape_configs:
  {{- range fromYamlArray (include "store.jobs" .) }}
  - job_name: {{ .job }}
    dns_sd_configs:
      - names: [{{ include "store.name" (list $ (printf "%s-ops" .component)) }}]
        type: A
        port: 9000
        refresh_interval: 15s
    relabel_configs:
      - { target_label: service, replacement: {{ .service }} }
  {{- end }}
{{- end }}

{{/* The rules as they are, by file. */}}
{{- define "store.rules" -}}
{{- range $path, $_ := .Files.Glob "files/rules/*.yaml" }}
{{ base $path }}: | {{- $.Files.Get $path | nindent 2 }}
{{- end }}
{{- end }}

{{/* How much Prometheus keeps: four fifths of its volume, since it writes some things twice before it tidies up. */}}
{{- define "store.retentionSize" -}}
{{- $unit := dict "Ki" 1 "Mi" 1024 "Gi" 1048576 "Ti" 1073741824 -}}
{{- $kilobytes := mul (regexFind "^[0-9]+" . | int64) (get $unit (regexFind "[A-Z]i$" .)) -}}
{{- div (mul $kilobytes 4) 5 -}}KB
{{- end }}
