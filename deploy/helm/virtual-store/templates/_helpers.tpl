{{/* Names, labels and images; all take (list . "component"). */}}

{{/* The name of an object: the release, and what of it. */}}
{{- define "store.name" -}}
{{- printf "%s-%s" (index . 0).Release.Name (index . 1) | trunc 63 | trimSuffix "-" -}}
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

{{/* What every container says. The last line of a log becomes the event when it fails. */}}
{{- define "store.container" -}}
image: {{ include "store.image" . | quote }}
imagePullPolicy: {{ include "store.pullPolicy" . }}
terminationMessagePolicy: FallbackToLogsOnError
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: { drop: [ALL] }
{{- end }}
