{{/*
The end of a container that runs to its end: what it may use and write to. It ends in volumeMounts, to
which more can be added; takes (list . services), the services whose databases it enters.
*/}}
{{- define "store.step" -}}
resources: {{- include "store.resources" (index . 0).Values.jobs.resources | nindent 2 }}
volumeMounts:
  - { name: tmp, mountPath: /tmp }
  {{- with include "store.authoritiesMount" . }}{{ indent 2 . }}{{ end }}
{{- end }}

{{/*
The name of a Job that a release has once; takes (list . "users-setup" "image"). Jobs cannot be changed:
another image, or the same one after a failure, is another Job.
*/}}
{{- define "store.jobName" -}}
{{- $root := index . 0 -}}
{{- $image := include "store.image" (list $root (index . 2)) -}}
{{- include "store.name" . }}-{{ printf "%s %d" $image $root.Release.Revision | sha256sum | trunc 8 }}
{{- end }}
