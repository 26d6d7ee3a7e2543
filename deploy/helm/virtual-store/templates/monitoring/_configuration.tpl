{{/* prometheus.yml: how often is said in grafana/, who is asked is said here. */}}
{{- define "store.prometheus" -}}
global:
  {{- (.Files.Get "files/prometheus.yml" | fromYaml).global | toYaml | nindent 2 }}
  # Alarms of several stores may come to one Alertmanager.
  external_labels: { namespace: {{ quote .Release.Namespace }}, release: {{ quote .Release.Name }} }

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

{{/* The rules as they are, by file; without an auditor nobody waits for audits, without backups for dumps. */}}
{{- define "store.rules" -}}
{{- $without := list }}
{{- if not (include "store.audits" .) }}{{ $without = append $without "audits.yaml" }}{{ end }}
{{- if not .Values.backups.enabled }}{{ $without = append $without "backups.yaml" }}{{ end }}
{{- range $path, $_ := .Files.Glob "files/rules/*.yaml" }}
{{- if not (has (base $path) $without) }}
{{ base $path }}: | {{- $.Files.Get $path | nindent 2 }}
{{- end }}
{{- end }}
{{- end }}

{{/* A part of memory or storage in units of 1024 bytes; takes (list "8Gi" 4 5) for four fifths. */}}
{{- define "store.part" -}}
{{- $unit := dict "Ki" 1 "Mi" 1024 "Gi" 1048576 "Ti" 1073741824 -}}
{{- $size := mul (index . 0 | regexFind "^[0-9]+" | int64) (get $unit (index . 0 | regexFind "[A-Z]i$")) -}}
{{- div (mul $size (index . 1)) (index . 2) -}}
{{- end }}

{{/* So that a program in Go collects garbage before its memory is used up; takes its resources. */}}
{{- define "store.goMemory" -}}
- { name: GOMEMLIMIT, value: {{ include "store.part" (list .limits.memory 9 10) }}KiB }
{{- end }}
