{{/* Names: no dots, since a pod's name is its STARLING_ID, and room for what is put behind. */}}
{{- define "starling.name" -}}
{{- default .Chart.Name .Values.nameOverride | replace "." "-" | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "starling.fullname" -}}
{{- $name := include "starling.name" . -}}
{{- $full := printf "%s-%s" .Release.Name $name -}}
{{- if contains $name .Release.Name -}}{{- $full = .Release.Name -}}{{- end -}}
{{- default $full .Values.fullnameOverride | replace "." "-" | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{/* {root, component} */}}
{{- define "starling.componentName" -}}
{{- printf "%s-%s" (include "starling.fullname" .root) .component -}}
{{- end -}}

{{/* {root, component} */}}
{{- define "starling.selectorLabels" -}}
app.kubernetes.io/name: {{ include "starling.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{/* {root, component} */}}
{{- define "starling.labels" -}}
{{ include "starling.selectorLabels" . }}
app.kubernetes.io/part-of: starling
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* metadata of an object: {root, component, name, annotations} */}}
{{- define "starling.metadata" -}}
name: {{ .name | default (include "starling.componentName" .) }}
namespace: {{ .namespace | default .root.Release.Namespace }}
labels:
  {{- include "starling.labels" . | nindent 2 }}
  {{- with .labels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with merge (dict) (.annotations | default dict) .root.Values.commonAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "starling.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}{{ .repository }}@{{ .digest }}
{{- else -}}{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}
{{- end -}}
{{- end -}}
{{- end -}}

{{/*
The Job of `migrations` is a hook where the database is there before the chart. The evaluation mode's own is not: there it is a Job among the
other objects, which waits for the database while the services wait for it.
*/}}
{{- define "starling.migratesByHook" -}}
{{- if and (eq .Values.migrations.mode "job") (not .Values.evaluation.enabled) -}}true{{- end -}}
{{- end -}}

{{/* What comes before the chart's own objects: {weight, policy}. */}}
{{- define "starling.hook" -}}
helm.sh/hook: pre-install,pre-upgrade
helm.sh/hook-weight: {{ .weight | quote }}
helm.sh/hook-delete-policy: {{ .policy }}
{{- end -}}

{{- define "starling.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "starling.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{/* Secrets: those that exist, or those of the evaluation mode. */}}
{{- define "starling.evaluationSecret" -}}
{{- printf "%s-evaluation" (include "starling.fullname" .) -}}
{{- end -}}

{{- define "starling.natsSecret" -}}
{{- if .Values.evaluation.enabled -}}{{ include "starling.evaluationSecret" . }}{{- else -}}{{ .Values.nats.auth.existingSecret }}{{- end -}}
{{- end -}}

{{/* {root, role} */}}
{{- define "starling.natsKey" -}}
{{- if .root.Values.evaluation.enabled -}}{{ .role }}-password{{- else -}}{{ index .root.Values.nats.auth.keys .role }}{{- end -}}
{{- end -}}

{{- define "starling.natsUrl" -}}
{{- if .Values.evaluation.enabled -}}
nats://{{ include "starling.componentName" (dict "root" . "component" "nats") }}:4222
{{- else -}}{{ .Values.nats.url }}{{- end -}}
{{- end -}}

{{/* {root, name}: a password of the evaluation mode. It begins with a letter, since NATS would read a number. */}}
{{- define "starling.derived" -}}
{{- printf "p%s" (printf "%s/%s" .root.Values.evaluation.seed .name | sha256sum | trunc 40) -}}
{{- end -}}

{{/* Where the certificate is; empty: each edge has its own. */}}
{{- define "starling.tlsSecret" -}}
{{- if .Values.tls.existingSecret -}}{{ .Values.tls.existingSecret }}
{{- else if .Values.tls.certManager.enabled -}}{{ include "starling.fullname" . }}-tls
{{- end -}}
{{- end -}}

{{- define "starling.httpBehindTls" -}}
{{- if kindIs "bool" .Values.http.behindTls -}}{{ .Values.http.behindTls }}
{{- else -}}{{ and .Values.ingress.enabled .Values.ingress.tls.enabled }}
{{- end -}}
{{- end -}}

{{/* How many pods there are at least: {values}. */}}
{{- define "starling.replicasMin" -}}
{{- with .values.autoscaling -}}{{- if .enabled -}}{{ .minReplicas }}{{- else -}}{{ $.values.replicas }}{{- end -}}
{{- else -}}{{ .values.replicas }}{{- end -}}
{{- end -}}

{{/*
Seconds from SIGTERM to the end, by its own hard timer, of a service: {root, component, values}. Of an edge: the hand-over of its sessions,
5 s for their last bytes (STARLING_EDGE_STOP_TIMEOUT), 10 s for the bus and whatever else is stopped.
*/}}
{{- define "starling.stopSeconds" -}}
{{- if eq .component "edge" -}}{{ add .values.drainSeconds 15 }}{{- else -}}{{ .values.stopSeconds }}{{- end -}}
{{- end -}}

{{/* preStop counts; the hard timer comes before the kill. */}}
{{- define "starling.graceSeconds" -}}
{{- $stop := include "starling.stopSeconds" . | int -}}
{{- add $stop 5 (ternary (.values.deregistrationSeconds | default 0) 0 (eq .component "edge")) -}}
{{- end -}}

{{- define "starling.podSecurityContext" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "starling.securityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
capabilities:
  drop: [ALL]
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{/* Whether a pod has secrets at all: {root, component}. */}}
{{- define "starling.hasSecrets" -}}
{{- if or (has .component (list "edge" "roster" "archive")) (include "starling.natsSecret" .root) .root.Values.adminToken.existingSecret -}}true{{- end -}}
{{- end -}}

{{/* `helm test` goes the way of clients over 5222. */}}
{{- define "starling.hasTest" -}}
{{- if and .Values.tests.enabled .Values.service.c2s.enabled -}}true{{- end -}}
{{- end -}}

{{/*
How Node runs a service: {values, component}. The young generation as `starling cluster` has it; the heap three fifths of the container's memory, since Node
would take a quarter, and buffers of sockets and of the log are beside the heap.
*/}}
{{- define "starling.nodeFlags" -}}
- --max-semi-space-size={{ eq (.component | default "") "archive" | ternary 32 8 }}
{{- $limit := dig "limits" "memory" "" .values.resources | toString -}}
{{- $unit := dict "Mi" 1.0 "Gi" 1024.0 "M" 0.954 "G" 953.7 -}}
{{- if regexMatch "^[0-9.]+(Mi|Gi|M|G)$" $limit }}
- --max-old-space-size={{ mulf (regexFind "^[0-9.]+" $limit | float64) (index $unit (regexFind "[A-Z]i?$" $limit)) 0.6 | int }}
{{- end }}
{{- end -}}
