{{/* Egress that API, workers and setup need. Takes root, component, kafkaToo, s3Too. */}}
{{- define "rockseg.egress" -}}
{{- $policy := .root.Values.networkPolicy -}}
- ports:
    {{- range $policy.dnsPorts }}
    - {port: {{ int . }}, protocol: UDP}
    - {port: {{ int . }}, protocol: TCP}
    {{- end }}
  {{- with $policy.dnsTo }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- if .kafkaToo }}
{{- $ports := list }}
{{- range splitList "," (include "rockseg.kafka" . | fromYaml).brokers }}
{{- $ports = append $ports (splitList ":" . | last | trim | int) }}
{{- end }}
- ports:
    {{- range concat $ports ($policy.kafkaPorts | default list) | uniq }}
    - {port: {{ int . }}, protocol: TCP}
    {{- end }}
  {{- with $policy.kafkaTo }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
{{- if .s3Too }}
{{- $endpoint := (include "rockseg.s3" . | fromYaml).endpoint | trimSuffix "/" }}
{{- $port := ternary (regexFind "[0-9]+$" $endpoint) (ternary "443" "80" (hasPrefix "https://" $endpoint)) (regexMatch ":[0-9]+$" $endpoint) }}
- ports:
    {{- range concat (list (int $port)) ($policy.s3Ports | default list) | uniq }}
    - {port: {{ int . }}, protocol: TCP}
    {{- end }}
  {{- with $policy.s3To }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
{{- with $policy.extraEgress }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "rockseg.metricsIngress" -}}
- ports:
    - {port: metrics, protocol: TCP}
  from:
    {{- default (list (dict "namespaceSelector" dict)) .Values.networkPolicy.metricsFrom | toYaml | nindent 4 }}
{{- end -}}
