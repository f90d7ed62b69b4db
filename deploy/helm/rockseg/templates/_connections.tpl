{{/*
How a component reaches Kafka and S3: `kafka` and `s3` of the values, with what the component says otherwise laid over
them. What is secret comes as files of one projected volume, so that the services see a change of most of them.
*/}}

{{/* The Kafka settings of a component as YAML. Takes root and component ("api", "inference", "setup" or "keda"). */}}
{{- define "rockseg.kafka" -}}
{{- $values := .root.Values -}}
{{- $own := eq .component "keda" | ternary $values.inference.keda.kafka (index $values (ternary "inference" .component (eq .component "keda"))).kafka -}}
{{- $kafka := mergeOverwrite (deepCopy $values.kafka) (deepCopy ($own | default dict)) -}}
{{- if kindIs "slice" $kafka.brokers -}}
{{- $_ := set $kafka "brokers" (join "," $kafka.brokers) -}}
{{- end -}}
{{- if $values.strimzi.users.enabled -}}
{{- $_ := set $kafka "securityProtocol" (eq $values.strimzi.users.authentication "tls" | ternary "SSL" $kafka.securityProtocol) -}}
{{- $user := printf "%s-%s" (include "rockseg.fullname" .root) .component -}}
{{- if eq $values.strimzi.users.authentication "tls" -}}
{{- $_ := set $kafka.tls "client" (dict "secret" $user "certEntry" "user.crt" "keyEntry" "user.key" "passwordEntry" "") -}}
{{- else -}}
{{- $_ := set $kafka "sasl" (dict "mechanism" "SCRAM-SHA-512" "username" $user "existingSecret" $user "passwordEntry" "password" "tokenAudience" "") -}}
{{- end -}}
{{- end -}}
{{- toYaml $kafka -}}
{{- end -}}

{{/* The S3 settings of a component as YAML. Takes root and component. */}}
{{- define "rockseg.s3" -}}
{{- toYaml (mergeOverwrite (deepCopy .root.Values.s3) (deepCopy ((index .root.Values .component).s3 | default dict))) -}}
{{- end -}}

{{/* A number as the services read it: YAML's numbers are floats, and 67108864 would become 6.7108864e+07. */}}
{{- define "rockseg.number" -}}
{{- if eq (float64 .) (floor .) -}}{{ int64 . }}{{- else -}}{{ . }}{{- end -}}
{{- end -}}

{{/* A size in bytes: `4Gi` becomes 4294967296. */}}
{{- define "rockseg.bytes" -}}
{{- $units := dict "M" 1000000 "G" 1000000000 "T" 1000000000000 "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776 -}}
{{- mul (regexFind "^[0-9]+" .) (index $units (regexFind "[MGT]i?$" .)) -}}
{{- end -}}

{{/* Whether a Kafka setting uses SASL or TLS: "true" or nothing. */}}
{{- define "rockseg.kafka.usesSasl" -}}{{ if hasPrefix "SASL" .securityProtocol }}true{{ end }}{{- end -}}
{{- define "rockseg.kafka.usesTls" -}}{{ if hasSuffix "SSL" .securityProtocol }}true{{ end }}{{- end -}}

{{/* Environment for Kafka. Takes root and component. */}}
{{- define "rockseg.kafkaEnv" -}}
{{- $kafka := include "rockseg.kafka" . | fromYaml -}}
- {name: ROCKSEG_KAFKA_BROKERS, value: {{ $kafka.brokers | quote }}}
- {name: ROCKSEG_KAFKA_SECURITY_PROTOCOL, value: {{ $kafka.securityProtocol | quote }}}
{{- if include "rockseg.kafka.usesSasl" $kafka }}
- {name: ROCKSEG_KAFKA_SASL_MECHANISM, value: {{ $kafka.sasl.mechanism | quote }}}
{{- if eq $kafka.sasl.mechanism "OAUTHBEARER" }}
- {name: ROCKSEG_KAFKA_SASL_TOKEN_FILE, value: /etc/rockseg/kafka-token}
{{- else }}
- {name: ROCKSEG_KAFKA_SASL_USERNAME, value: {{ $kafka.sasl.username | quote }}}
- {name: ROCKSEG_KAFKA_SASL_PASSWORD_FILE, value: /etc/rockseg/kafka-password}
{{- end }}
{{- end }}
{{- if include "rockseg.kafka.usesTls" $kafka }}
{{- if or $kafka.tls.ca.secret $kafka.tls.ca.configMap }}
- {name: ROCKSEG_KAFKA_TLS_CA_FILE, value: /etc/rockseg/kafka-ca.crt}
{{- end }}
{{- if $kafka.tls.client.secret }}
- {name: ROCKSEG_KAFKA_TLS_CERT_FILE, value: /etc/rockseg/kafka-client.crt}
- {name: ROCKSEG_KAFKA_TLS_KEY_FILE, value: /etc/rockseg/kafka-client.key}
{{- if $kafka.tls.client.passwordEntry }}
- {name: ROCKSEG_KAFKA_TLS_KEY_PASSWORD_FILE, value: /etc/rockseg/kafka-client-password}
{{- end }}
{{- end }}
{{- end }}
- {name: ROCKSEG_KAFKA_JOBS_TOPIC, value: {{ $kafka.topics.jobs | quote }}}
- {name: ROCKSEG_KAFKA_JOB_EVENTS_TOPIC, value: {{ $kafka.topics.jobEvents | quote }}}
- {name: ROCKSEG_KAFKA_DEAD_LETTER_TOPIC, value: {{ $kafka.topics.deadLetter | quote }}}
- {name: ROCKSEG_KAFKA_GROUP_ID, value: {{ $kafka.groupId | quote }}}
- {name: ROCKSEG_KAFKA_CLIENT_ID, value: {{ printf "%s-%s" (include "rockseg.fullname" .root) .component | quote }}}
- {name: ROCKSEG_KAFKA_SEND_SECONDS, value: {{ include "rockseg.number" $kafka.sendSeconds | quote }}}
{{- end -}}

{{/* Environment for the object store. Takes root and component. */}}
{{- define "rockseg.s3Env" -}}
{{- $s3 := include "rockseg.s3" . | fromYaml -}}
{{- $secret := $s3.credentials.existingSecret | default .root.Values.existingSecret -}}
- {name: ROCKSEG_S3_ENDPOINT, value: {{ $s3.endpoint | quote }}}
- {name: ROCKSEG_S3_BUCKET, value: {{ $s3.bucket | quote }}}
- {name: ROCKSEG_S3_REGION, value: {{ $s3.region | quote }}}
- {name: ROCKSEG_S3_CONNECTIONS, value: {{ include "rockseg.number" $s3.connections | quote }}}
{{- if eq $s3.credentials.type "file" }}
- {name: ROCKSEG_S3_CREDENTIALS_FILE, value: /etc/rockseg/s3-credentials}
- {name: ROCKSEG_S3_CREDENTIALS_PROFILE, value: {{ $s3.credentials.profile | quote }}}
{{- else if eq $s3.credentials.type "keys" }}
- name: ROCKSEG_S3_ACCESS_KEY
  valueFrom: {secretKeyRef: {name: {{ $secret }}, key: {{ $s3.credentials.accessKeyEntry }}}}
- name: ROCKSEG_S3_SECRET_KEY
  valueFrom: {secretKeyRef: {name: {{ $secret }}, key: {{ $s3.credentials.secretKeyEntry }}}}
{{- else }}
- {name: ROCKSEG_S3_IAM, value: "true"}
{{- end }}
{{- if or $s3.ca.secret $s3.ca.configMap }}
- {name: ROCKSEG_S3_CA_FILE, value: /etc/rockseg/s3-ca.crt}
{{- end }}
{{- if $s3.prefix }}
- {name: ROCKSEG_OBJECT_PREFIX, value: {{ $s3.prefix | quote }}}
{{- end }}
{{- end -}}

{{/*
What lies under /etc/rockseg: the sources of one projected volume. Takes root, component, and whether `kafkaToo`, `s3Too`
and `keysToo` are needed.
*/}}
{{- define "rockseg.files" -}}
{{- $shared := .root.Values.existingSecret -}}
{{- if .keysToo }}
- secret:
    name: {{ .root.Values.api.keys.existingSecret | default $shared }}
    items: [{key: {{ .root.Values.api.keys.entry }}, path: api-keys}]
{{- end }}
{{- if .kafkaToo }}
{{- $kafka := include "rockseg.kafka" . | fromYaml }}
{{- if include "rockseg.kafka.usesSasl" $kafka }}
{{- if eq $kafka.sasl.mechanism "OAUTHBEARER" }}
- serviceAccountToken: {path: kafka-token, audience: {{ $kafka.sasl.tokenAudience | quote }}, expirationSeconds: 3600}
{{- else }}
- secret:
    name: {{ $kafka.sasl.existingSecret | default $shared }}
    items: [{key: {{ $kafka.sasl.passwordEntry }}, path: kafka-password}]
{{- end }}
{{- end }}
{{- if include "rockseg.kafka.usesTls" $kafka }}
{{- include "rockseg.caFile" (dict "ca" $kafka.tls.ca "path" "kafka-ca.crt") }}
{{- with $kafka.tls.client }}
{{- if .secret }}
- secret:
    name: {{ .secret }}
    items:
      - {key: {{ .certEntry }}, path: kafka-client.crt}
      - {key: {{ .keyEntry }}, path: kafka-client.key}
      {{- with .passwordEntry }}
      - {key: {{ . }}, path: kafka-client-password}
      {{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- if .s3Too }}
{{- $s3 := include "rockseg.s3" . | fromYaml }}
{{- if eq $s3.credentials.type "file" }}
- secret:
    name: {{ $s3.credentials.existingSecret | default $shared }}
    items: [{key: {{ $s3.credentials.fileEntry }}, path: s3-credentials}]
{{- end }}
{{- include "rockseg.caFile" (dict "ca" $s3.ca "path" "s3-ca.crt") }}
{{- end }}
{{- end -}}

{{/* A CA's certificate from a Secret or a ConfigMap; nothing where neither is named. */}}
{{- define "rockseg.caFile" -}}
{{- if .ca.secret }}
- secret:
    name: {{ .ca.secret }}
    items: [{key: {{ .ca.entry }}, path: {{ .path }}}]
{{- else if .ca.configMap }}
- configMap:
    name: {{ .ca.configMap }}
    items: [{key: {{ .ca.entry }}, path: {{ .path }}}]
{{- end }}
{{- end -}}
