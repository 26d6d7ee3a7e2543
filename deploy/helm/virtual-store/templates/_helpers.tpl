{{/* Names, labels and images; all take (list . "component"). */}}

{{/*
The name of an object: the release, and what of it. Names are never cut, since two could become one:
of the 63 characters that a name may have the longest of ours needs 33 behind the release's.
*/}}
{{- define "store.name" -}}
{{- $release := (index . 0).Release.Name -}}
{{- if not (regexMatch "^[a-z]([-a-z0-9]{0,28}[a-z0-9])?$" $release) -}}
{{- fail (printf "the release may not be called %q: at most 30 small letters, digits and -, a letter first" $release) -}}
{{- end -}}
{{- printf "%s-%s" $release (index . 1) -}}
{{- end }}

{{/* By what a Service, a policy or a workload finds its pods. */}}
{{- define "store.selector" -}}
app.kubernetes.io/name: virtual-store
app.kubernetes.io/instance: {{ (index . 0).Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{- define "store.labels" -}}
{{ include "store.selector" . }}
app.kubernetes.io/part-of: virtual-store
app.kubernetes.io/version: {{ (index . 0).Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ (index . 0).Release.Service }}
helm.sh/chart: {{ printf "%s-%s" (index . 0).Chart.Name (index . 0).Chart.Version }}
{{- end }}

{{/* The reference of an image of `images`. */}}
{{- define "store.image" -}}
{{- $root := index . 0 -}}
{{- $image := get $root.Values.images (index . 1) -}}
{{- $ours := ne (index . 1) "grafana" -}}
{{- $registry := $image.registry | default (ternary $root.Values.image.registry "" $ours) -}}
{{- $tag := $image.tag | default $root.Values.image.tag | default $root.Chart.AppVersion -}}
{{- with $registry }}{{ . }}/{{ end -}}
{{ $image.repository }}{{ if $image.digest }}@{{ $image.digest }}{{ else }}:{{ $tag }}{{ end }}
{{- end }}

{{- define "store.pullPolicy" -}}
{{- $root := index . 0 -}}
{{- (get $root.Values.images (index . 1)).pullPolicy | default $root.Values.image.pullPolicy -}}
{{- end }}

{{/* What every pod says: who it runs as (Pod Security standard "restricted"), and where. */}}
{{- define "store.pod" -}}
{{- $root := index . 0 -}}
serviceAccountName: {{ include "store.name" . }}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: { type: RuntimeDefault }
{{- with $root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- with $root.Values.scheduling }}
{{- with .nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end }}
{{- end }}

{{/*
What every container says; takes (list . "image"). The end of its log becomes the reason that
Kubernetes gives when it fails.
*/}}
{{- define "store.container" -}}
image: {{ include "store.image" . | quote }}
imagePullPolicy: {{ include "store.pullPolicy" . }}
terminationMessagePolicy: FallbackToLogsOnError
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: { drop: [ALL] }
{{- end }}

{{/*
What a container may use; takes the value. Nothing is written but to /tmp and volumes, so what of the
node's disk is used is known.
*/}}
{{- define "store.resources" -}}
requests: {{ merge (dict "ephemeral-storage" "32Mi") .requests | toJson }}
limits: {{ merge (dict "ephemeral-storage" "256Mi") .limits | toJson }}
{{- end }}

{{/* The only place but for volumes that a container may write to. */}}
{{- define "store.tmp" -}}
- name: tmp
  emptyDir: { sizeLimit: 64Mi }
{{- end }}

{{/* The volumes of a pod; takes (list . services), the services whose databases it enters. */}}
{{- define "store.volumes" -}}
{{ include "store.tmp" . }}
{{- include "store.authoritiesVolume" . }}
{{- end }}
