{{/* What a policy opens: lists of rules; both take (list . "component" paths). */}}

{{- define "store.ingress" -}}
{{- $root := index . 0 }}
{{- $component := index . 1 }}
{{- range $path := index . 2 }}
{{- if has $component $path.to }}
- from:
    {{- range $path.from }}
    - {{- include "store.pods" (list $root .) | nindent 6 }}
    {{- end }}
    {{- with $path.outside }}
    {{- range fromYamlArray (include "store.outside" (list $root .)) }}
    - {{- include "store.stranger" . | nindent 6 }}
    {{- end }}
    {{- end }}
  ports: [{ port: {{ $path.port }}, protocol: TCP }]
{{- end }}
{{- end }}
{{- end }}

{{/* Whoever calls somebody looks up his name first. */}}
{{- define "store.egress" -}}
{{- $root := index . 0 }}
{{- $component := index . 1 }}
{{- $calls := false }}
{{- range $path := index . 2 }}
{{- if has $component $path.from }}
{{- $calls = true }}
{{- with $path.to }}
- to:
    {{- range . }}
    - {{- include "store.pods" (list $root .) | nindent 6 }}
    {{- end }}
  ports: [{ port: {{ $path.port }}, protocol: TCP }]
{{- else }}
{{- range fromYamlArray (include "store.outside" (list $root $path.outside)) }}
- to:
    - {{- include "store.stranger" . | nindent 6 }}
  ports: [{ port: {{ .port }}, protocol: TCP }]
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- if $calls }}
{{- $port := $root.Values.networkPolicy.dns.port }}
- to:
    {{- range fromYamlArray (include "store.outside" (list $root "dns")) }}
    - {{- include "store.stranger" . | nindent 6 }}
    {{- end }}
  ports: [{ port: {{ $port }}, protocol: UDP }, { port: {{ $port }}, protocol: TCP }]
{{- end }}
{{- end }}
