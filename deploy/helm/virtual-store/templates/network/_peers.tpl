{{/* The ends of a path, as rules name them. */}}

{{/* The pods of a component; takes (list . "component"). */}}
{{- define "store.pods" -}}
podSelector:
  matchLabels: {{- include "store.selector" . | nindent 4 }}
{{- end }}

{{/*
Who is outside, as a list: addresses, or pods of other namespaces, each with a port where the values say
one; takes (list . "stripe").
*/}}
{{- define "store.outside" -}}
{{- $policy := (index . 0).Values.networkPolicy }}
{{- $name := index . 1 }}
{{- $found := get $policy $name }}
{{- if eq $name "operator" }}
{{- $found = list (pick (index . 0).Values.monitoring.operator "namespaceLabels") }}
{{- else if has $name (list "ingressController" "dns") }}
{{- $found = list $found }}
{{- range (get $policy $name).cidrs }}{{ $found = append $found (dict "cidr" .) }}{{ end }}
{{- end }}
{{- toYaml $found }}
{{- end }}

{{/* One of these. */}}
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
