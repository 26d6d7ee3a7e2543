{{/* A container that runs to its end; takes (dict "root" . "name" "image" "args" "env" "databases"). */}}
{{- define "store.step" -}}
- name: {{ .name }}
  {{- include "store.container" (list .root .image) | nindent 2 }}
  args: {{ toJson .args }}
  env:
    {{- .env | nindent 4 }}
    {{- include "store.authoritiesEnv" (list .root .databases) | nindent 4 }}
  resources: {{- include "store.resources" .root.Values.jobs.resources | nindent 4 }}
  volumeMounts:
    - { name: tmp, mountPath: /tmp }
    {{- with .mount }}
    {{- . | nindent 4 }}
    {{- end }}
    {{- include "store.authoritiesMount" (list .root .databases) | nindent 4 }}
{{- end }}
