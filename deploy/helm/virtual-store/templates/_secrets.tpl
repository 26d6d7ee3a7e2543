{{/* Where secrets and databases are found. */}}

{{/* The Secret of a subject; takes (list . "users"), or (list . "users-db") for a database. */}}
{{- define "store.secretName" -}}
{{- $existing := (index . 0).Values.existingSecrets -}}
{{- $subject := index . 1 -}}
{{- $own := get $existing $subject -}}
{{- if hasSuffix "-db" $subject -}}
{{- $own = get $existing.databases (trimSuffix "-db" $subject) -}}
{{- end -}}
{{- $own | default (include "store.name" .) -}}
{{- end }}

{{/* The value of a variable, from a Secret; takes (list . "users" "encryption"). */}}
{{- define "store.secret" -}}
{ secretKeyRef: { name: {{ include "store.secretName" . }}, key: {{ index . 2 }} } }
{{- end }}

{{/*
The address of a database as the variables that an entrant needs; takes (list . "users" "role" "prefix").
The role is `owner` or `audit`; the prefix comes before DATABASE_URL. An external database has one
role, which its address names.
*/}}
{{- define "store.databaseUrl" -}}
{{- $root := index . 0 -}}
{{- $service := index . 1 -}}
{{- $audit := eq (index . 2) "audit" -}}
{{- $prefix := index . 3 -}}
{{- with (get $root.Values.databases $service).external.existingSecret -}}
- name: {{ $prefix }}DATABASE_URL
  valueFrom: { secretKeyRef: { name: {{ . }}, key: url } }
{{- else -}}
{{- $secret := printf "%s-db" $service -}}
{{- $key := ternary "audit-password" "password" $audit -}}
{{- $place := printf "%s:5432/%s?sslmode=disable" (include "store.name" (list $root $secret)) $service -}}
- name: {{ $prefix }}DATABASE_PASSWORD
  valueFrom: {{ include "store.secret" (list $root $secret $key) }}
- name: {{ $prefix }}DATABASE_URL
  value: postgresql://{{ ternary "audit" $service $audit }}:$({{ $prefix }}DATABASE_PASSWORD)@{{ $place }}
{{- end }}
{{- end }}

{{/* What the owner of a database needs to enter it; takes (list . "users"). */}}
{{- define "store.database" -}}
{{ include "store.databaseUrl" (list (index . 0) (index . 1) "owner" "") }}
{{- include "store.authoritiesEnv" (list (index . 0) (list (index . 1))) }}
{{- end }}

{{/*
The Secret with the authorities that the certificates of external databases come from, "" if there is
none; takes (list . services).
*/}}
{{- define "store.authorities" -}}
{{- $databases := (index . 0).Values.databases -}}
{{- $secrets := list -}}
{{- range index . 1 -}}
{{- $secrets = append $secrets (get $databases .).external.caSecret -}}
{{- end -}}
{{- $secrets = $secrets | compact | uniq -}}
{{- if gt (len $secrets) 1 -}}
{{- fail (printf "databases.*.external.caSecret: the auditor enters all databases with one list of authorities; put the certificates of %s into one Secret and name it for each" (join " and " $secrets)) -}}
{{- end -}}
{{- $secrets | join "" -}}
{{- end }}

{{/* What an entrant of external databases has to be told and given to know them; as above. */}}
{{- define "store.authoritiesEnv" -}}
{{- if include "store.authorities" . }}
- { name: PGSSLMODE, value: verify-full }
- { name: PGSSLROOTCERT, value: /authorities/ca.crt }
{{- end }}
{{- end }}

{{- define "store.authoritiesMount" -}}
{{- if include "store.authorities" . }}
- { name: authorities, mountPath: /authorities, readOnly: true }
{{- end }}
{{- end }}

{{- define "store.authoritiesVolume" -}}
{{- with include "store.authorities" . }}
- name: authorities
  secret: { secretName: {{ . }}, items: [{ key: ca.crt, path: ca.crt }] }
{{- end }}
{{- end }}
