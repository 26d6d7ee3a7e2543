{{/*
The processes that are watched: whose pods they are, and the labels `job` and `service` by which rules and
dashboards know them (store/monitoring/targets.py).
*/}}
{{- define "store.jobs" -}}
{{- range $component, $process := fromYaml (include "store.processes" .) }}
{{- $audits := eq $component "auditor" }}
- component: {{ $component }}
  job: {{ ternary "audit" $component $audits }}
  service: {{ ternary "audit" $process.image $audits }}
{{- end }}
{{- end }}
