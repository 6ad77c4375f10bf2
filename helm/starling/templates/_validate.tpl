{{/* What no schema can say of one value alone. All of it at once. */}}
{{- define "starling.validate" -}}
{{- $v := .Values -}}
{{- $problems := list -}}
{{- if not $v.domain -}}
{{- $problems = append $problems "domain: the XMPP domain is missing (--set domain=example.com)" -}}
{{- end -}}
{{- if $v.evaluation.enabled -}}
{{- if lt (len $v.evaluation.seed) 16 -}}
{{- $problems = append $problems "evaluation.seed: at least 16 characters are wanted (--set evaluation.seed=$(openssl rand -hex 32))" -}}
{{- end -}}
{{- if or $v.nats.url $v.postgresql.existingSecret $v.nats.auth.existingSecret -}}
{{- $problems = append $problems "evaluation.enabled brings its own servers: leave nats.url, nats.auth.existingSecret and postgresql.existingSecret empty" -}}
{{- end -}}
{{- if eq (toString (dig "log_replicas" "1" $v.config)) "3" -}}
{{- $problems = append $problems "evaluation.enabled has one NATS server: config.log_replicas cannot be 3" -}}
{{- end -}}
{{- else -}}
{{- if not $v.nats.url -}}
{{- $problems = append $problems "nats.url: where NATS is (nats://nats.nats.svc:4222), or evaluation.enabled=true for a look" -}}
{{- end -}}
{{- if not $v.postgresql.existingSecret -}}
{{- $problems = append $problems "postgresql.existingSecret: the Secret with the connection URI, or evaluation.enabled=true for a look" -}}
{{- end -}}
{{- if not $v.archiveIdSecret.existingSecret -}}
{{- $problems = append $problems "archiveIdSecret.existingSecret is missing: kubectl create secret generic starling-archive-id --from-literal=secret=$(openssl rand -hex 32)" -}}
{{- end -}}
{{- end -}}
{{- if and $v.nats.tls.caSecret $v.nats.tls.caConfigMap -}}
{{- $problems = append $problems "nats.tls: either caSecret or caConfigMap" -}}
{{- end -}}
{{- $certificates := 0 -}}
{{- range list (ne $v.tls.existingSecret "") $v.tls.certManager.enabled $v.tls.selfSigned -}}
{{- if . -}}{{- $certificates = add1 $certificates -}}{{- end -}}
{{- end -}}
{{- if ne (int $certificates) 1 -}}
{{- $problems = append $problems "tls: exactly one of existingSecret, certManager.enabled and selfSigned=true (for a look)" -}}
{{- end -}}
{{- if and $v.tls.certManager.enabled (not $v.tls.certManager.issuerRef.name) -}}
{{- $problems = append $problems "tls.certManager.issuerRef.name: the issuer is missing" -}}
{{- end -}}
{{- if and $v.ingress.enabled $v.ingress.tls.enabled (not $v.ingress.tls.secretName) (not (include "starling.tlsSecret" .)) -}}
{{- $problems = append $problems "ingress.tls.secretName: a self-signed certificate is within its edge; the ingress needs one of its own, or ingress.tls.enabled=false" -}}
{{- end -}}
{{- range $name := list "httpRoute" "tlsRoute" "tcpRoute" -}}
{{- $route := index $v.gateway $name -}}
{{- if and $route.enabled (not $route.parentRefs) -}}
{{- $problems = append $problems (printf "gateway.%s.parentRefs: the gateway is missing" $name) -}}
{{- end -}}
{{- end -}}
{{- $need := dict "ingress" (list $v.ingress.enabled "http") "gateway.httpRoute" (list $v.gateway.httpRoute.enabled "http") "gateway.tlsRoute" (list $v.gateway.tlsRoute.enabled "c2sTls") "gateway.tcpRoute" (list $v.gateway.tcpRoute.enabled "c2s") -}}
{{- range $what, $pair := $need -}}
{{- if and (first $pair) (not (index $v.service (last $pair)).enabled) -}}
{{- $problems = append $problems (printf "%s.enabled leads to service.%s, which is not enabled" $what (last $pair)) -}}
{{- end -}}
{{- end -}}
{{- with $v.edge.autoscaling -}}
{{- if .enabled -}}
{{- if gt (int .minReplicas) (int .maxReplicas) -}}
{{- $problems = append $problems "edge.autoscaling: minReplicas is above maxReplicas" -}}
{{- end -}}
{{- if gt (int .connectionsPerPod) (int (dig "connections_max" 19000 $v.config)) -}}
{{- $problems = append $problems "edge.autoscaling.connectionsPerPod is above config.connections_max (19000 by default): no edge would ever reach it" -}}
{{- end -}}
{{- if and (eq .kind "keda") (not .keda.prometheusAddress) -}}
{{- $problems = append $problems "edge.autoscaling.keda.prometheusAddress: where Prometheus is" -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if $problems -}}
{{- fail (printf "\n\nThe values are not complete:\n  %s\n" (join "\n  " $problems)) -}}
{{- end -}}
{{- end -}}
