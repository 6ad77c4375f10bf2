{{/* A setting of `common`, or the service's own: {root, values, key}. */}}
{{- define "starling.setting" -}}
{{- $value := index .root.Values.common .key -}}
{{- if hasKey .values.overrides .key -}}{{- $value = index .values.overrides .key -}}{{- end -}}
{{- if kindIs "map" $value -}}{{- with $value -}}{{ toYaml . }}{{- end -}}
{{- else if kindIs "slice" $value -}}{{- with $value -}}{{ toYaml . }}{{- end -}}
{{- else -}}{{ $value }}
{{- end -}}
{{- end -}}

{{/* Variables that the chart decides: {root, component, values}. A variable goes before the file of `config`. */}}
{{- define "starling.env" -}}
{{- $v := .root.Values -}}
- name: STARLING_CONFIG
  value: /etc/starling/config/starling.yaml
- name: STARLING_ID
  valueFrom:
    fieldRef:
      fieldPath: metadata.name
- name: STARLING_DOMAIN
  value: {{ $v.domain | quote }}
- name: STARLING_ADMIN_HOST
  value: {{ $v.listenAddress | quote }}
- name: STARLING_ADMIN_PORT
  value: "5290"
{{- if $v.adminToken.existingSecret }}
- name: STARLING_ADMIN_TOKEN_FILE
  value: /etc/starling/secrets/admin-token
{{- end }}
{{- if ne .component "test" }}
- name: STARLING_STOP_TIMEOUT
  value: {{ include "starling.stopSeconds" . }}s
{{- end }}
- name: STARLING_NATS_URL
  value: {{ include "starling.natsUrl" .root | quote }}
{{- if include "starling.natsSecret" .root }}
- name: STARLING_NATS_USER
  value: {{ .role | default .component }}
- name: STARLING_NATS_PASSWORD_FILE
  value: /etc/starling/secrets/nats-password
{{- end }}
{{- if or $v.nats.tls.caSecret $v.nats.tls.caConfigMap }}
- name: STARLING_NATS_TLS_CA
  value: /etc/starling/nats-ca/ca.crt
{{- end }}
{{- if has .component (list "roster" "archive") }}
- name: STARLING_DATABASE_URL_FILE
  value: /etc/starling/secrets/database-url
- name: STARLING_MIGRATIONS
  value: {{ ternary "wait" "start" (eq $v.migrations.mode "job") }}
{{- end }}
{{- if eq .component "edge" }}
- name: STARLING_HOST
  value: {{ $v.listenAddress | quote }}
- name: STARLING_C2S_PORT
  value: "5222"
- name: STARLING_C2S_TLS_PORT
  value: "5223"
- name: STARLING_HTTP_PORT
  value: "5280"
- name: STARLING_HTTP_BEHIND_TLS
  value: {{ include "starling.httpBehindTls" .root | quote }}
- name: STARLING_PAGE
  value: {{ ternary "on" "off" $v.http.page | quote }}
{{- with $v.http.publicUrl }}
- name: STARLING_PUBLIC_URL
  value: {{ . | quote }}
{{- end }}
{{- with $v.http.trustedProxies }}
- name: STARLING_FORWARDED_FROM
  value: {{ join "," . | quote }}
{{- end }}
{{- with $v.proxyProtocol.from }}
- name: STARLING_PROXY_PROTOCOL_FROM
  value: {{ join "," . | quote }}
{{- end }}
- name: STARLING_ARCHIVE_ID_SECRET_FILE
  value: /etc/starling/secrets/archive-id-secret
{{- if include "starling.tlsSecret" .root }}
- name: STARLING_TLS_CERT
  value: /etc/starling/tls/tls.crt
- name: STARLING_TLS_KEY
  value: /etc/starling/tls/tls.key
{{- else }}
- name: STARLING_DATA_DIR
  value: /var/lib/starling
{{- end }}
- name: STARLING_EDGE_DRAIN
  value: {{ .values.drainSeconds }}s
- name: STARLING_EDGE_STOP_TIMEOUT
  value: 5s
{{- end }}
{{- range $name, $value := include "starling.setting" (dict "root" .root "values" .values "key" "extraEnv") | fromYaml }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- end -}}

{{/* Each pod has the secrets of its own service, as files, and no others: {root, component, values}. */}}
{{- define "starling.volumes" -}}
{{- $v := .root.Values -}}
{{- $evaluation := include "starling.evaluationSecret" .root -}}
- name: config
  configMap:
    name: {{ include "starling.fullname" .root }}-config
{{- if include "starling.hasSecrets" . }}
- name: secrets
  projected:
    defaultMode: 0440
    sources:
      {{- with include "starling.natsSecret" .root }}
      - secret:
          name: {{ . }}
          items:
            - key: {{ include "starling.natsKey" (dict "root" $.root "role" ($.role | default $.component)) }}
              path: nats-password
      {{- end }}
      {{- if has .component (list "roster" "archive") }}
      - secret:
          name: {{ ternary $evaluation $v.postgresql.existingSecret $v.evaluation.enabled }}
          items:
            - key: {{ ternary "uri" $v.postgresql.key $v.evaluation.enabled }}
              path: database-url
      {{- end }}
      {{- if eq .component "edge" }}
      - secret:
          name: {{ $v.archiveIdSecret.existingSecret | default $evaluation }}
          items:
            - key: {{ ternary $v.archiveIdSecret.key "archive-id-secret" (ne $v.archiveIdSecret.existingSecret "") }}
              path: archive-id-secret
      {{- end }}
      {{- with $v.adminToken.existingSecret }}
      - secret:
          name: {{ . }}
          items:
            - key: {{ $v.adminToken.key }}
              path: admin-token
      {{- end }}
{{- end }}
{{- with $v.nats.tls }}
{{- if .caSecret }}
- name: nats-ca
  secret:
    secretName: {{ .caSecret }}
    defaultMode: 0444
    items:
      - key: {{ .caKey }}
        path: ca.crt
{{- else if .caConfigMap }}
- name: nats-ca
  configMap:
    name: {{ .caConfigMap }}
    items:
      - key: {{ .caKey }}
        path: ca.crt
{{- end }}
{{- end }}
{{- if eq .component "edge" }}
{{- if include "starling.tlsSecret" .root }}
- name: tls
  secret:
    secretName: {{ include "starling.tlsSecret" .root }}
    defaultMode: 0440
{{- else }}
- name: data
  emptyDir:
    sizeLimit: 16Mi
{{- end }}
{{- end }}
{{- end -}}

{{- define "starling.volumeMounts" -}}
{{- $tls := .root.Values.nats.tls -}}
- name: config
  mountPath: /etc/starling/config
  readOnly: true
{{- if include "starling.hasSecrets" . }}
- name: secrets
  mountPath: /etc/starling/secrets
  readOnly: true
{{- end }}
{{- if or $tls.caSecret $tls.caConfigMap }}
- name: nats-ca
  mountPath: /etc/starling/nats-ca
  readOnly: true
{{- end }}
{{- if eq .component "edge" }}
{{- if include "starling.tlsSecret" .root }}
- name: tls
  mountPath: /etc/starling/tls
  readOnly: true
{{- else }}
- name: data
  mountPath: /var/lib/starling
{{- end }}
{{- end }}
{{- end -}}

{{/* {root, component, values} */}}
{{- define "starling.deployment" -}}
{{- $v := .root.Values -}}
{{- $labels := include "starling.selectorLabels" . -}}
{{- $autoscaled := dig "autoscaling" "enabled" false .values -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  {{- include "starling.metadata" . | nindent 2 }}
spec:
  {{- if not $autoscaled }}
  replicas: {{ .values.replicas }}
  {{- end }}
  minReadySeconds: {{ include "starling.setting" (dict "root" .root "values" .values "key" "minReadySeconds") }}
  revisionHistoryLimit: {{ include "starling.setting" (dict "root" .root "values" .values "key" "revisionHistoryLimit") }}
  # Nobody is stopped before somebody else is ready to have the sessions.
  strategy:
    type: RollingUpdate
    rollingUpdate:
      maxUnavailable: 0
      maxSurge: {{ .values.maxSurge }}
  selector:
    matchLabels:
      {{- $labels | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "starling.labels" . | nindent 8 }}
        {{- with include "starling.setting" (dict "root" .root "values" .values "key" "podLabels") }}
        {{- . | nindent 8 }}
        {{- end }}
      annotations:
        checksum/config: {{ include "starling.configFile" .root | sha256sum }}
        kubectl.kubernetes.io/default-container: {{ .component }}
        {{- with include "starling.setting" (dict "root" .root "values" .values "key" "podAnnotations") }}
        {{- . | nindent 8 }}
        {{- end }}
    spec:
      serviceAccountName: {{ include "starling.serviceAccountName" .root }}
      automountServiceAccountToken: false
      # One variable for each Service of the namespace is of no use here.
      enableServiceLinks: false
      {{- with $v.imagePullSecrets }}
      imagePullSecrets:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      terminationGracePeriodSeconds: {{ include "starling.graceSeconds" . }}
      securityContext:
        {{- include "starling.podSecurityContext" .root | nindent 8 }}
      {{- range $key := list "nodeSelector" "tolerations" "affinity" }}
      {{- with include "starling.setting" (dict "root" $.root "values" $.values "key" $key) }}
      {{ $key }}:
        {{- . | nindent 8 }}
      {{- end }}
      {{- end }}
      {{- range $key := list "priorityClassName" "runtimeClassName" }}
      {{- with include "starling.setting" (dict "root" $.root "values" $.values "key" $key) }}
      {{ $key }}: {{ . }}
      {{- end }}
      {{- end }}
      topologySpreadConstraints:
        {{- with include "starling.setting" (dict "root" .root "values" .values "key" "topologySpreadConstraints") }}
        {{- . | nindent 8 }}
        {{- else }}
        {{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
        - maxSkew: 1
          topologyKey: {{ . }}
          whenUnsatisfiable: ScheduleAnyway
          labelSelector:
            matchLabels:
              {{- $labels | nindent 14 }}
          matchLabelKeys: [pod-template-hash]
        {{- end }}
        {{- end }}
      containers:
        - name: {{ .component }}
          image: {{ include "starling.image" .root }}
          imagePullPolicy: {{ $v.image.pullPolicy }}
          args:
            {{- include "starling.nodeFlags" . | nindent 12 }}
            - services/{{ .component }}/dist/main.js
          env:
            {{- include "starling.env" . | nindent 12 }}
          ports:
            - name: admin
              containerPort: 5290
            {{- if eq .component "edge" }}
            - name: c2s
              containerPort: 5222
            - name: c2s-tls
              containerPort: 5223
            - name: http
              containerPort: 5280
            {{- end }}
          # Until it has come up: NATS and its streams are waited for (STARLING_NATS_CONNECT_TIMEOUT), tables are brought up to date.
          startupProbe:
            httpGet: {path: /readyz, port: admin}
            periodSeconds: 2
            timeoutSeconds: 2
            failureThreshold: 150
          # Its own event loop and nothing else: an outage of NATS or PostgreSQL must not restart whoever holds the sessions.
          livenessProbe:
            httpGet: {path: /livez, port: admin}
            periodSeconds: 10
            timeoutSeconds: 5
            failureThreshold: 6
          readinessProbe:
            httpGet: {path: /readyz, port: admin}
            periodSeconds: 5
            timeoutSeconds: 2
            failureThreshold: 2
          {{- if and (eq .component "edge") (gt (int .values.deregistrationSeconds) 0) }}
          lifecycle:
            preStop:
              sleep:
                seconds: {{ .values.deregistrationSeconds }}
          {{- end }}
          resources:
            {{- toYaml .values.resources | nindent 12 }}
          securityContext:
            {{- include "starling.securityContext" .root | nindent 12 }}
          volumeMounts:
            {{- include "starling.volumeMounts" . | nindent 12 }}
      volumes:
        {{- include "starling.volumes" . | nindent 8 }}
{{- end -}}

{{/* {root, component, values}: only where one can go and others stay. */}}
{{- define "starling.pdb" -}}
{{- if and .values.podDisruptionBudget.enabled (gt (include "starling.replicasMin" . | int) 1) }}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  {{- include "starling.metadata" . | nindent 2 }}
spec:
  maxUnavailable: {{ .values.podDisruptionBudget.maxUnavailable }}
  # A pod that is not ready serves nobody: it must not keep a node from being emptied.
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels:
      {{- include "starling.selectorLabels" . | nindent 6 }}
{{- end }}
{{- end -}}
