{{/* Where pods may go: rules of `egress`, each for one destination. */}}
{{- define "starling.toDns" -}}
- ports:
    - {port: 53, protocol: UDP}
    - {port: 53, protocol: TCP}
  {{- with .Values.networkPolicy.dns }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}

{{- define "starling.toPostgresql" -}}
{{- $v := .Values -}}
- ports:
    {{- range ternary (list 5432) $v.postgresql.ports $v.evaluation.enabled }}
    - {port: {{ . }}, protocol: TCP}
    {{- end }}
  {{- if $v.evaluation.enabled }}
  to:
    - podSelector:
        matchLabels:
          {{- include "starling.selectorLabels" (dict "root" . "component" "postgresql") | nindent 10 }}
  {{- else }}
  {{- with $v.networkPolicy.postgresql }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- end }}
{{- end -}}
