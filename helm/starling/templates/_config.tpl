{{/* The file that STARLING_CONFIG names: `config`, keys sorted. */}}
{{- define "starling.configFile" -}}
{{- $config := .Values.config -}}
{{- if .Values.evaluation.enabled -}}
{{- /* What its volume holds. */ -}}
{{- $config = merge (dict) $config (dict "log_max_bytes" "256MiB") -}}
{{- end -}}
{{- range $key, $value := $config }}
{{ $key }}: {{ if kindIs "float64" $value }}{{ int64 $value }}{{ else }}{{ $value | toJson }}{{ end }}
{{- end }}
{{- end -}}
