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
How long a container that runs to its end waits for a database that cannot be reached yet: the first
connections of a new pod are refused until the network knows its address. Takes seconds.
*/}}
{{- define "store.patience" -}}
- { name: DATABASE_WAIT_SECONDS, value: {{ quote . }} }
{{- end }}

{{/*
When a database is dumped; takes (list . "users" place). Its own schedule, or else the common one: each place
is 5 minutes after the one before, within the same hour, where the minute is a plain number.
*/}}
{{- define "store.backupSchedule" -}}
{{- $backups := (index . 0).Values.backups -}}
{{- $common := $backups.schedule -}}
{{- $minute := regexFind "^[0-9]+ " $common | trim -}}
{{- if $minute -}}
{{- $common = printf "%d %s" (mod (add (int (trimPrefix "0" $minute)) (mul 5 (index . 2))) 60) (trimPrefix (printf "%s " $minute) $common) -}}
{{- end -}}
{{- get ($backups.schedules | default dict) (index . 1) | default $common -}}
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
