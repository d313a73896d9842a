{{- define "md.fullname" -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- end }}

{{- define "md.image" -}}
{{- with .Values.image -}}
{{- if .digest }}{{ .repository }}@{{ .digest }}{{ else }}{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}{{ end -}}
{{- end -}}
{{- end }}

{{/* Labels that never change. Takes {root, component}. */}}
{{- define "md.selector" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "md.labels" -}}
{{ include "md.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version }}
{{- end }}

{{/* The settings of all components, by environment name. */}}
{{- define "md.settings" -}}
{{- $trial := printf "redis://%s-redis:6379" (include "md.fullname" .) }}
KAFKA_BOOTSTRAP: {{ include "md.bootstrap" . | quote }}
KAFKA_TOPIC_PREFIX: {{ .Values.kafka.topicPrefix | quote }}
KAFKA_PARTITIONS: {{ .Values.kafka.partitions | quote }}
KAFKA_REPLICATION: {{ .Values.kafka.replication | quote }}
{{- if .Values.secrets.kafkaCa.name }}
KAFKA_SSL_CAFILE: /etc/kafka/{{ .Values.secrets.kafkaCa.key }}
{{- end }}
{{- if not .Values.secrets.mdcRedisUrl.name }}
MDC_REDIS_URL: {{ .Values.redis.mdcUrl | default (printf "%s/0" $trial) | quote }}
{{- end }}
{{- if not .Values.secrets.wdcRedisUrl.name }}
WDC_REDIS_URL: {{ .Values.redis.wdcUrl | default (printf "%s/1" $trial) | quote }}
{{- end }}
DATA_DIR: /data
# Pods are reached at their own addresses; network policies say by whom.
LISTENER_HOST: 0.0.0.0
AUTH_ENABLED: {{ .Values.wds.auth | quote }}
WDS_ALLOWED_ORIGINS: {{ join "," .Values.wds.allowedOrigins | quote }}
{{- if .Values.secrets.wdsKeys.name }}
WDS_KEYS_FILE: /etc/wds/keys
{{- end }}
{{- with .Values.tracing }}
{{- if .endpoint }}
OTEL_EXPORTER_OTLP_ENDPOINT: {{ .endpoint | quote }}
OTEL_TRACES_SAMPLER_ARG: {{ .share | quote }}
{{- end }}
{{- end }}
{{- if .Values.screeners }}
SCREENERS_FILE: /etc/streams/screeners.toml
{{- end }}
{{- range $name, $value := .Values.settings }}
{{- /* Numbers are floats to helm: a large one would come out as 3.3e+07. */}}
{{- if and (kindIs "float64" $value) (eq (floor $value) $value) }}
{{ $name }}: {{ int64 $value | quote }}
{{- else }}
{{ $name }}: {{ $value | toString | quote }}
{{- end }}
{{- end }}
{{- end }}

{{/* What a component is started anew for: the settings that it may read. A restart is a gap in the data, a rebalance
or a client sent away: what is others' alone does not cause one. Boards of one's own are read while it runs. */}}
{{- define "md.settingsChecksum" -}}
{{- $of := dict
  "listener" "^(WDS|SCP|AUTH|SCREENERS|WORKER|FLUSH|PUBLISH|BOARD|BAR|BARS|VOLUME|TOP_TRADES|EMIT|REFERENCE|MDC|WDC)_"
  "worker" "^(WDS|SCP|AUTH|LISTENER|RECORD|RECONNECT|MASSIVE|FINLIGHT|REFERENCE)_"
  "wds" "^(SCP|SCREENERS|WORKER|FLUSH|PUBLISH|BOARD|BAR|BARS|VOLUME|TOP_TRADES|EMIT|LISTENER|RECORD|RECONNECT|MASSIVE|FINLIGHT|REFERENCE)_" }}
{{- $kind := .component }}
{{- if hasSuffix "-listener" .component }}{{ $kind = "listener" }}{{ end }}
{{- if hasKey .root.Values.workers .component }}{{ $kind = "worker" }}{{ end }}
{{- $others := get $of $kind }}
{{- $settings := include "md.settings" .root | fromYaml }}
{{- range $name, $_ := $settings }}
{{- if and $others (regexMatch $others $name) }}
{{- $settings = omit $settings $name }}
{{- end }}
{{- end }}
{{- toYaml $settings | sha256sum -}}
{{- end }}

{{/* The number of pods that an autoscaler looks after. Helm would set a number that is no longer written to 1 when
autoscaling is switched on: what runs goes on. Where nothing runs, or helm sees no cluster, it is the autoscaler's. */}}
{{- define "md.scaledReplicas" -}}
{{- with lookup "apps/v1" .kind .root.Release.Namespace .name -}}
replicas: {{ int .spec.replicas }}
{{- end }}
{{- end }}

{{/* A pod's metadata. The checksum starts pods anew when their settings change. Takes {root, component, labels:
further ones}. */}}
{{- define "md.podMetadata" -}}
labels:
  {{- include "md.labels" . | nindent 2 }}
  {{- with .labels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
  {{- with .root.Values.podLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
annotations:
  checksum/settings: {{ include "md.settingsChecksum" . }}
  {{- with .root.Values.podAnnotations }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}

{{/* What all pods have in common. Takes the root. */}}
{{- define "md.podSpec" -}}
serviceAccountName: {{ include "md.fullname" . }}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile:
    type: RuntimeDefault
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* What all containers of the platform have in common. Takes {root, secrets: names that it needs,
settings: name of a further ConfigMap}. */}}
{{- define "md.container" -}}
image: {{ include "md.image" .root }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
envFrom:
  - configMapRef:
      name: {{ include "md.fullname" .root }}-settings
  {{- with .settings }}
  - configMapRef:
      name: {{ . }}
  {{- end }}
env:
{{- $variables := dict "massiveApiKey" "MASSIVE_API_KEY" "finlightApiKey" "FINLIGHT_API_KEY" "authApiKey" "AUTH_API_KEY" "wdsJwtSecret" "WDS_JWT_SECRET" "scpDatabaseUrl" "SCP_DATABASE_URL" "scpOidcClientSecret" "SCP_OIDC_CLIENT_SECRET" "kafkaPassword" "KAFKA_SASL_PASSWORD" "mdcRedisUrl" "MDC_REDIS_URL" "wdcRedisUrl" "WDC_REDIS_URL" }}
{{- range $name := .secrets }}
{{- with index $.root.Values.secrets $name }}
{{- if .name }}
  - name: {{ index $variables $name }}
    valueFrom:
      secretKeyRef:
        name: {{ .name }}
        key: {{ .key }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/* Who signs the brokers' certificates: a mount and a volume of the pods that speak to Kafka. Take the root. */}}
{{- define "md.kafkaMount" -}}
{{- if .Values.secrets.kafkaCa.name }}
- {name: kafka-ca, mountPath: /etc/kafka, readOnly: true}
{{- end }}
{{- end }}
{{- define "md.kafkaVolume" -}}
{{- with .Values.secrets.kafkaCa }}
{{- if .name }}
- name: kafka-ca
  secret:
    secretName: {{ .name }}
    items:
      - {key: {{ .key }}, path: {{ .key }}}
{{- end }}
{{- end }}
{{- end }}

{{- define "md.spread" -}}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "md.selector" . | nindent 8 }}
{{- end }}

{{- define "md.bootstrap" -}}
{{- .Values.kafka.bootstrap | default (printf "%s-redpanda:9092" (include "md.fullname" .)) -}}
{{- end }}

{{/* Values that are wrong together. The schema has seen to each alone. */}}
{{- define "md.validate" -}}
{{- $v := .Values }}
{{- if and (not $v.kafka.bootstrap) (not $v.trial.redpanda.enabled) }}
{{- fail "set kafka.bootstrap to the brokers' host:port, or trial.redpanda.enabled=true" }}
{{- end }}
{{- if and $v.kafka.bootstrap $v.trial.redpanda.enabled }}
{{- fail "kafka.bootstrap and trial.redpanda.enabled: choose one" }}
{{- end }}
{{- if and $v.trial.redpanda.enabled (gt (int $v.kafka.replication) 1) }}
{{- fail "trial.redpanda is one broker: kafka.replication must be 1" }}
{{- end }}
{{- $protocol := $v.settings.KAFKA_SECURITY_PROTOCOL | default "PLAINTEXT" }}
{{- if and (hasPrefix "SASL" $protocol) (not (and $v.settings.KAFKA_SASL_USERNAME $v.secrets.kafkaPassword.name)) }}
{{- fail "settings.KAFKA_SECURITY_PROTOCOL: set settings.KAFKA_SASL_USERNAME and secrets.kafkaPassword.name" }}
{{- end }}
{{- if and $v.keda.enabled (ne $protocol "PLAINTEXT") (not $v.keda.authentication) }}
{{- fail "keda.enabled: set keda.authentication to the TriggerAuthentication that gets KEDA into the brokers" }}
{{- end }}
{{- range $name := list "mdc" "wdc" }}
{{- $url := index $v.redis (printf "%sUrl" $name) }}
{{- $secret := (index $v.secrets (printf "%sRedisUrl" $name)).name }}
{{- if not (or $url $secret $v.trial.redis.enabled) }}
{{- fail (printf "set redis.%sUrl, or secrets.%sRedisUrl.name, or trial.redis.enabled=true" $name $name) }}
{{- end }}
{{- if and $url $secret }}
{{- fail (printf "redis.%sUrl and secrets.%sRedisUrl.name: choose one" $name $name) }}
{{- end }}
{{- end }}
{{- if and (or $v.massive.enabled $v.reference.enabled) (not $v.secrets.massiveApiKey.name) }}
{{- fail "set secrets.massiveApiKey.name to a secret that holds Massive's key" }}
{{- end }}
{{- if and $v.finlight.enabled (not $v.secrets.finlightApiKey.name) }}
{{- fail "finlight.enabled: set secrets.finlightApiKey.name to a secret that holds Finlight's key" }}
{{- end }}
{{- if and $v.wds.auth (not (or $v.secrets.authApiKey.name $v.secrets.wdsJwtSecret.name $v.secrets.wdsKeys.name)) }}
{{- fail "set secrets.authApiKey.name to a secret that holds the key of the WDS's clients (or wdsJwtSecret, or wdsKeys, or wds.auth=false)" }}
{{- end }}
{{- if and $v.scp.enabled $v.wds.auth (not $v.secrets.wdsJwtSecret.name) }}
{{- fail "scp.enabled: set secrets.wdsJwtSecret.name to a secret that signs the tokens of browsers (or wds.auth=false)" }}
{{- end }}
{{- if and $v.scp.ingress.enabled (not (and $v.scp.enabled $v.scp.ingress.host)) }}
{{- fail "scp.ingress.enabled: set scp.enabled and scp.ingress.host" }}
{{- end }}
{{- if and $v.ingress.enabled (not $v.ingress.host) }}
{{- fail "ingress.enabled: set ingress.host" }}
{{- end }}
{{- range $app, $of := $v.workers }}
{{- if gt (int $of.replicas) (int $v.kafka.partitions) }}
{{- fail (printf "workers.%s.replicas is %d, kafka.partitions %d: further workers would have nothing to do" $app (int $of.replicas) (int $v.kafka.partitions)) }}
{{- end }}
{{- end }}
{{- if and $v.keda.enabled (gt (int $v.keda.maxReplicas) (int $v.kafka.partitions)) }}
{{- fail (printf "keda.maxReplicas is %d, kafka.partitions %d: further workers would have nothing to do" (int $v.keda.maxReplicas) (int $v.kafka.partitions)) }}
{{- end }}
{{- if and $v.wds.autoscaling.enabled (lt (int $v.wds.autoscaling.maxReplicas) (int $v.wds.replicas)) }}
{{- fail "wds.autoscaling.maxReplicas is less than wds.replicas" }}
{{- end }}
{{- end }}
