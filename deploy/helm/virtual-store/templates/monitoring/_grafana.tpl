{{/* Grafana's settings: who may look has the password, nothing is kept in it, and it asks nobody outside. */}}
{{- define "store.grafana" -}}
GF_PATHS_DATA: /data
GF_PATHS_LOGS: /data/log
GF_PATHS_PLUGINS: /data/plugins
GF_PATHS_PROVISIONING: /etc/grafana/provisioning
DASHBOARDS_PATH: /dashboards
GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH: /dashboards/overall.json
PROMETHEUS_URL: http://{{ include "store.name" (list . "prometheus") }}:9090
GF_AUTH_ANONYMOUS_ENABLED: "false"
GF_ANALYTICS_REPORTING_ENABLED: "false"
GF_ANALYTICS_CHECK_FOR_UPDATES: "false"
GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES: "false"
GF_NEWS_NEWS_FEED_ENABLED: "false"
GF_PLUGINS_PREINSTALL_DISABLED: "true"
GF_PLUGINS_PUBLIC_KEY_RETRIEVAL_DISABLED: "true"
GF_PLUGINS_PLUGIN_ADMIN_ENABLED: "false"
GF_SECURITY_DISABLE_GRAVATAR: "true"
GF_LOG_MODE: console
GF_LOG_CONSOLE_FORMAT: json
GF_LOG_LEVEL: warn
{{- end }}

{{/* The ConfigMap of a dashboard, one for each since together they are near what one may hold; takes (list . "path"). */}}
{{- define "store.dashboard" -}}
{{- include "store.name" (list (index . 0) (printf "dashboard-%s" (index . 1 | base | trimSuffix ".json"))) -}}
{{- end }}
