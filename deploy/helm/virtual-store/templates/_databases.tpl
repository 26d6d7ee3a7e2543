{{/*
How many connections a service's processes may open, all of them and two more of each on the way in or
out, and some for who looks on; takes (list . "users").
*/}}
{{- define "store.connections" -}}
{{- $root := index . 0 -}}
{{- $service := index . 1 -}}
{{- $connections := 10 -}}
{{- range fromYaml (include "store.processes" $root) -}}
{{- if eq (join "" .databases) $service -}}
{{- $values := get $root.Values .values -}}
{{- $pool := get ($values.settings | default dict) "DATABASE_POOL_SIZE" | default 10 | int -}}
{{- $connections = add $connections (mul $pool (add 2 (include "store.mostReplicas" $values | int))) -}}
{{- end -}}
{{- end -}}
{{- $connections -}}
{{- end }}

{{/* A sixth of the memory: the rest is for connections, sorts and the file system's cache; takes the limit. */}}
{{- define "store.sharedBuffers" -}}
{{- $unit := dict "Ki" 1 "Mi" 1024 "Gi" 1048576 "Ti" 1073741824 -}}
{{- $kilobytes := mul (regexFind "^[0-9]+" . | int64) (get $unit (regexFind "[A-Z]i$" .)) -}}
{{- div $kilobytes 6 -}}kB
{{- end }}

{{/*
What is claimed for a volume; takes (list . "users-db" storage). A StatefulSet never changes its claims:
one that is there keeps them, and NOTES.txt says how they grow.
*/}}
{{- define "store.claim" -}}
{{- $root := index . 0 -}}
{{- $storage := index . 2 -}}
{{- $set := lookup "apps/v1" "StatefulSet" $root.Release.Namespace (include "store.name" .) -}}
{{- range ($set.spec | default dict).volumeClaimTemplates -}}
{{- $storage = dict "size" .spec.resources.requests.storage "className" .spec.storageClassName -}}
{{- end -}}
accessModes: [ReadWriteOnce]
{{- with $storage.className }}
storageClassName: {{ . }}
{{- end }}
resources: { requests: { storage: {{ $storage.size }} } }
{{- end }}

{{/*
Whether a service's database is brought up to date before an upgrade, by a hook; takes (list . "users").
Not where that would wait in vain, as far as the cluster tells: the service is new in this release, its
database does not answer (this upgrade may be what mends it), or its set-up has not come to its end.
*/}}
{{- define "store.migratesBefore" -}}
{{- $root := index . 0 -}}
{{- $service := index . 1 -}}
{{- $namespace := $root.Release.Namespace -}}
{{- $vain := false -}}
{{- if lookup "v1" "ServiceAccount" $namespace (include "store.name" (list $root "users")) -}}
{{- if not (get $root.Values.databases $service).external.existingSecret -}}
{{- $set := lookup "apps/v1" "StatefulSet" $namespace (include "store.name" (list $root (printf "%s-db" $service))) -}}
{{- $vain = not ($set.status | default dict).readyReplicas -}}
{{- end -}}
{{- if not (lookup "v1" "ServiceAccount" $namespace (include "store.name" (list $root (printf "%s-migrate" $service)))) -}}
{{- $vain = true -}}
{{- end -}}
{{- range (lookup "batch/v1" "Job" $namespace "").items -}}
{{- if hasPrefix (include "store.name" (list $root (printf "%s-setup-" $service))) .metadata.name -}}
{{- $vain = or $vain (not .status.succeeded) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if and $root.Release.IsUpgrade (not $vain) }}yes{{ end -}}
{{- end }}
