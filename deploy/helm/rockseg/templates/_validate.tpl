{{/*
Values that fit the schema and yet not each other. Each gives one sentence; all of them are told at once, by `fail` in
validate.yaml.
*/}}

{{- define "rockseg.problems" -}}
{{- include "rockseg.problems.required" . }}
{{- range concat (list "api" "inference" "setup") (ternary (list "console") list .Values.console.enabled) }}
{{- include "rockseg.problems.connections" (dict "root" $ "component" .) }}
{{- end }}
{{- include "rockseg.problems.api" . }}
{{- include "rockseg.problems.inference" . }}
{{- include "rockseg.problems.scaling" . }}
{{- include "rockseg.problems.topics" . }}
{{- include "rockseg.problems.exposure" . }}
{{- include "rockseg.problems.extraEnv" (dict "root" . "component" "setup" "kafkaToo" true "s3Too" true) }}
{{- end -}}

{{- define "rockseg.problems.required" -}}
{{- if empty .Values.kafka.brokers }}
- kafka.brokers is not set: the brokers to begin with, such as kafka-1:9092.
{{- end }}
{{- if empty .Values.s3.endpoint }}
- s3.endpoint is not set: the object store, such as https://s3.example.org.
{{- end }}
{{- if empty (.Values.api.keys.existingSecret | default .Values.existingSecret) }}
- existingSecret is not set: the Secret that holds the API keys and what Kafka and the store ask for.
{{- end }}
{{- end -}}

{{/* Takes root and component. */}}
{{- define "rockseg.problems.connections" -}}
{{- $kafka := include "rockseg.kafka" . | fromYaml }}
{{- $s3 := include "rockseg.s3" . | fromYaml }}
{{- $of := printf "(for %s) " .component }}
{{- $sasl := include "rockseg.kafka.usesSasl" $kafka }}
{{- $oauth := eq $kafka.sasl.mechanism "OAUTHBEARER" }}
{{- if and $sasl (not $oauth) (empty $kafka.sasl.username) }}
- {{ $of }}kafka.sasl.username is not set, and kafka.securityProtocol={{ $kafka.securityProtocol }} asks for a user.
{{- end }}
{{- if and $sasl $oauth (empty $kafka.sasl.tokenAudience) }}
- {{ $of }}kafka.sasl.tokenAudience is not set, and kafka.sasl.mechanism=OAUTHBEARER logs in with a token for an audience.
{{- end }}
{{- if and .root.Values.api.keys.existingSecret $sasl (not $oauth) (empty ($kafka.sasl.existingSecret | default .root.Values.existingSecret)) }}
- {{ $of }}no Secret is named for the password of Kafka: set kafka.sasl.existingSecret or existingSecret.
{{- end }}
{{- if and (not $sasl) $kafka.sasl.username }}
- {{ $of }}kafka.sasl.username is set, but kafka.securityProtocol={{ $kafka.securityProtocol }} uses no SASL.
{{- end }}
{{- if not (include "rockseg.kafka.usesTls" $kafka) }}
{{- if or $kafka.tls.ca.secret $kafka.tls.ca.configMap $kafka.tls.client.secret }}
- {{ $of }}kafka.tls is set, but kafka.securityProtocol={{ $kafka.securityProtocol }} uses no TLS.
{{- end }}
{{- end }}
{{- if and $kafka.tls.ca.secret $kafka.tls.ca.configMap }}
- {{ $of }}kafka.tls.ca names a Secret and a ConfigMap: choose one.
{{- end }}
{{- if and $s3.ca.secret $s3.ca.configMap }}
- {{ $of }}s3.ca names a Secret and a ConfigMap: choose one.
{{- end }}
{{- if and (or $s3.ca.secret $s3.ca.configMap) (not (hasPrefix "https://" $s3.endpoint)) }}
- {{ $of }}s3.ca is set, and s3.endpoint does not begin with https://.
{{- end }}
{{- if and .root.Values.api.keys.existingSecret (ne $s3.credentials.type "iam") (empty ($s3.credentials.existingSecret | default .root.Values.existingSecret)) }}
- {{ $of }}no Secret is named for the keys of the store: set s3.credentials.existingSecret or existingSecret, or s3.credentials.type=iam.
{{- end }}
{{- end -}}

{{- define "rockseg.problems.api" -}}
{{- with .Values.api }}
{{- $settings := .settings | default dict }}
{{- $budget := addf .preStopSeconds .drainSeconds 5 }}
{{- if le (float64 .terminationGracePeriodSeconds) $budget }}
- api.terminationGracePeriodSeconds={{ .terminationGracePeriodSeconds }} must be more than api.preStopSeconds, api.drainSeconds and 5 together ({{ $budget }}): requests would be cut off.
{{- end }}
{{- $uploads := get $settings "uploadMemoryBytes" | default 268435456 }}
{{- if lt (float64 $uploads) (float64 $.Values.limits.photoMaxBytes) }}
- limits.photoMaxBytes is more than api.settings.uploadMemoryBytes ({{ int64 $uploads }}): the largest photo would never fit.
{{- end }}
{{- include "rockseg.problems.extraEnv" (dict "root" $ "component" "api") }}
{{- end }}
{{- end -}}

{{- define "rockseg.problems.inference" -}}
{{- with .Values.inference }}
{{- $settings := .settings | default dict }}
{{- $budget := addf .drainSeconds 15 }}
{{- if le (float64 .terminationGracePeriodSeconds) $budget }}
- inference.terminationGracePeriodSeconds={{ .terminationGracePeriodSeconds }} must be more than inference.drainSeconds and 15 together ({{ $budget }}): a worker that is killed costs its jobs an attempt.
{{- end }}
{{- $needed := addf (get $settings "kafkaHeartbeatSeconds" | default 5) (get $settings "kafkaRevokeSeconds" | default 10) (get $settings "kafkaCommitSeconds" | default 5) }}
{{- if le (get $settings "kafkaRebalanceSeconds" | default 30 | float64) $needed }}
- inference.settings.kafkaRebalanceSeconds must be more than kafkaHeartbeatSeconds, kafkaRevokeSeconds and kafkaCommitSeconds together ({{ $needed }}).
{{- end }}
{{- if gt (mulf (get $settings "kafkaHeartbeatSeconds" | default 5) 2) (get $settings "kafkaSessionSeconds" | default 45 | float64) }}
- inference.settings.kafkaHeartbeatSeconds must be at most half of kafkaSessionSeconds.
{{- end }}
{{- if and (eq .model.source "ociVolume") (empty .model.ociVolume.reference) }}
- inference.model.ociVolume.reference is not set, and inference.model.source=ociVolume mounts that image.
{{- end }}
{{- if and (eq .model.source "claim") (empty .model.claim.name) }}
- inference.model.claim.name is not set, and inference.model.source=claim mounts that PersistentVolumeClaim.
{{- end }}
{{- if and (eq .model.source "s3") (empty .model.s3.path) }}
- inference.model.s3.path is not set, and inference.model.source=s3 fetches the bundle from there.
{{- end }}
{{- if and (not .gpu.enabled) .gpu.runtimeClassName }}
- inference.gpu.runtimeClassName is set, but inference.gpu.enabled is not.
{{- end }}
{{- if and .gpu.enabled (or (hasKey (.resources.limits | default dict) .gpu.resource) (hasKey (.resources.requests | default dict) .gpu.resource)) }}
- inference.resources names {{ .gpu.resource }}, which inference.gpu.count sets: choose one.
{{- end }}
{{- if and (not .gpu.enabled) (hasKey (.resources.limits | default dict) "nvidia.com/gpu") }}
- inference.resources asks for nvidia.com/gpu, but inference.gpu.enabled is not set: the image without CUDA would not use it.
{{- end }}
{{- if and (eq (toString .maxUnavailable | trimSuffix "%") "0") (eq (toString .maxSurge | trimSuffix "%") "0") }}
- inference.maxUnavailable and inference.maxSurge are both 0: a rollout could not begin.
{{- end }}
{{- include "rockseg.problems.extraEnv" (dict "root" $ "component" "inference") }}
{{- end }}
{{- end -}}

{{/* Kubernetes takes a variable that stands there twice in one way or another. Takes root and component. */}}
{{- define "rockseg.problems.extraEnv" -}}
{{- $seen := dict }}
{{- range (include (ternary "rockseg.setupEnv" "rockseg.env" (eq .component "setup")) . | trim | fromYamlArray) }}
{{- if hasKey $seen .name }}
- {{ $.component }}.extraEnv sets {{ .name }}, which the chart sets from its values already.
{{- end }}
{{- $_ := set $seen .name true }}
{{- end }}
{{- end -}}

{{- define "rockseg.problems.scaling" -}}
{{- with .Values.api.autoscaling }}
{{- if .enabled }}
{{- if gt (int .minReplicas) (int .maxReplicas) }}
- api.autoscaling.minReplicas={{ .minReplicas }} is more than api.autoscaling.maxReplicas={{ .maxReplicas }}.
{{- end }}
{{- if not (hasKey ($.Values.api.resources.requests | default dict) "cpu") }}
- api.autoscaling is on, and api.resources.requests.cpu is not set: there is nothing to take a share of.
{{- end }}
{{- end }}
{{- end }}
{{- $keda := .Values.inference.keda }}
{{- $most := ternary $keda.maxReplicas .Values.inference.replicas $keda.enabled | int }}
{{- if gt (mul 2 $most) (int .Values.kafka.topics.partitions) }}
- {{ ternary "inference.keda.maxReplicas" "inference.replicas" $keda.enabled }}={{ $most }} is more than half of kafka.topics.partitions={{ .Values.kafka.topics.partitions }}: the last workers would have one partition or none.
{{- end }}
{{- if $keda.enabled }}
{{- if gt (int $keda.minReplicas) (int $keda.maxReplicas) }}
- inference.keda.minReplicas={{ $keda.minReplicas }} is more than inference.keda.maxReplicas={{ $keda.maxReplicas }}.
{{- end }}
{{- if gt (int $keda.fallback.replicas) (int $keda.maxReplicas) }}
- inference.keda.fallback.replicas={{ $keda.fallback.replicas }} is more than inference.keda.maxReplicas={{ $keda.maxReplicas }}.
{{- end }}
{{- $kafka := include "rockseg.kafka" (dict "root" $ "component" "keda") | fromYaml }}
{{- if and (include "rockseg.kafka.usesSasl" $kafka) (not $keda.authentication.existingName) }}
{{- if eq $kafka.sasl.mechanism "OAUTHBEARER" }}
- inference.keda.authentication.existingName is not set: KEDA gets a token for OAUTHBEARER in a way of its own, by a TriggerAuthentication of yours.
{{- else if empty $kafka.sasl.username }}
- (for keda) kafka.sasl.username is not set, and kafka.securityProtocol={{ $kafka.securityProtocol }} asks for a user.
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "rockseg.problems.topics" -}}
{{- with .Values.kafka.topics }}
{{- if not (kindIs "invalid" .minInsyncReplicas) }}
{{- if gt (int .minInsyncReplicas) (int .replicas) }}
- kafka.topics.minInsyncReplicas={{ .minInsyncReplicas }} is more than kafka.topics.replicas={{ .replicas }}.
{{- end }}
{{- end }}
{{- if lt (len (list .jobs .jobEvents .deadLetter | uniq)) 3 }}
- kafka.topics.jobs, kafka.topics.jobEvents and kafka.topics.deadLetter must be three names.
{{- end }}
{{- end }}
{{- with .Values.strimzi }}
{{- if and (or .topics.enabled .users.enabled) (empty .cluster) }}
- strimzi.cluster is not set: the name of the Kafka resource that topics and users belong to.
{{- end }}
{{- if and .users.enabled $.Values.kafka.sasl.username }}
- kafka.sasl.username is set, and strimzi.users makes users of its own: choose one.
{{- end }}
{{- if and .users.enabled (eq .users.authentication "scram-sha-512") (not (include "rockseg.kafka.usesSasl" $.Values.kafka)) }}
- strimzi.users.authentication=scram-sha-512 needs kafka.securityProtocol=SASL_SSL or SASL_PLAINTEXT.
{{- end }}
{{- if and .users.enabled .namespace (ne .namespace $.Release.Namespace) }}
- strimzi.users makes Secrets in the namespace {{ .namespace }}, which pods in {{ $.Release.Namespace }} cannot see: install there, or make the users yourself.
{{- end }}
{{- if and .users.enabled (not .topics.enabled) $.Values.setup.topics.enabled }}
- strimzi.users without strimzi.topics would have the services wait for topics that setup.topics makes after them: set strimzi.topics.enabled=true or setup.topics.enabled=false.
{{- end }}
{{- end }}
{{- end -}}

{{- define "rockseg.problems.exposure" -}}
{{- with .Values.httpRoute }}
{{- if and .host (empty .parentRefs) }}
- httpRoute.parentRefs is not set, and httpRoute.host is: a route belongs to a gateway.
{{- end }}
{{- if and .parentRefs (empty .host) }}
- httpRoute.host is not set, and httpRoute.parentRefs is: the route needs the host that clients call.
{{- end }}
{{- end }}
{{- if and .Values.monitoring.podMonitor.enabled .Values.monitoring.serviceMonitor.enabled }}
- monitoring.podMonitor and monitoring.serviceMonitor are both on: every pod would be scraped twice.
{{- end }}
{{- if ge (int .Values.setup.deadlineSeconds) 300 }}
- setup.deadlineSeconds={{ .Values.setup.deadlineSeconds }} must be below 300, Helm's own time-out: a Job that does not end would hang the upgrade.
{{- end }}
{{- end -}}
