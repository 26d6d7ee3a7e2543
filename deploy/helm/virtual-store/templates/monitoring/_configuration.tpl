{{/* prometheus.yml: how often is said in grafana/, who is asked is said here. */}}
{{- define "store.prometheus" -}}
global: {{- (.Files.Get "files/prometheus.yml" | fromYaml).global | toYaml | nindent 2 }}

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
{{- $mebibytes := dict "Mi" 1 "Gi" 1024 "Ti" 1048576 }}
{{- $unit := regexFind "[A-Za-z]+$" . }}
{{- $size := regexFind "^[0-9]+" . | int64 }}
{{- div (mul $size (get $mebibytes $unit) 8) 10 }}MB
{{- end }}
