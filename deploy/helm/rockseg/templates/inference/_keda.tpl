{{/* What KEDA logs in with, as parameters of its Kafka scaler; nothing where the brokers ask for nothing. */}}
{{- define "rockseg.kedaAuthentication" -}}
{{- $kafka := include "rockseg.kafka" (dict "root" . "component" "keda") | fromYaml -}}
{{- $sasl := include "rockseg.kafka.usesSasl" $kafka -}}
{{- $tls := include "rockseg.kafka.usesTls" $kafka -}}
{{- $ca := $kafka.tls.ca -}}
{{- $client := $kafka.tls.client -}}
{{- $secrets := list -}}
{{- $configs := list -}}
{{- if $sasl -}}
{{- $configs = append $configs (dict "parameter" "username" "name" (printf "%s-keda" (include "rockseg.fullname" .)) "key" "username") -}}
{{- $secrets = append $secrets (dict "parameter" "password" "name" ($kafka.sasl.existingSecret | default .Values.existingSecret) "key" $kafka.sasl.passwordEntry) -}}
{{- end -}}
{{- if and $tls $ca.secret -}}
{{- $secrets = append $secrets (dict "parameter" "ca" "name" $ca.secret "key" $ca.entry) -}}
{{- else if and $tls $ca.configMap -}}
{{- $configs = append $configs (dict "parameter" "ca" "name" $ca.configMap "key" $ca.entry) -}}
{{- end -}}
{{- if and $tls $client.secret -}}
{{- $secrets = append $secrets (dict "parameter" "cert" "name" $client.secret "key" $client.certEntry) -}}
{{- $secrets = append $secrets (dict "parameter" "key" "name" $client.secret "key" $client.keyEntry) -}}
{{- with $client.passwordEntry -}}
{{- $secrets = append $secrets (dict "parameter" "keyPassword" "name" $client.secret "key" .) -}}
{{- end -}}
{{- end -}}
{{- with $secrets }}
secretTargetRef:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $configs }}
configMapTargetRef:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}
