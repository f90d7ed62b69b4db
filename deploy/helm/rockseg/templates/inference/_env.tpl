{{- define "rockseg.inferenceEnv" -}}
- {name: ROCKSEG_METRICS_HOST, value: {{ .Values.listenAddress | quote }}}
- {name: ROCKSEG_METRICS_PORT, value: "9090"}
- {name: ROCKSEG_DRAIN_SECONDS, value: {{ include "rockseg.number" .Values.inference.drainSeconds | quote }}}
{{- with include "rockseg.modelPath" . }}
- {name: ROCKSEG_MODEL, value: {{ . | quote }}}
{{- end }}
{{- end -}}

{{/* The bundle's folder in the container; nothing where the image says it. */}}
{{- define "rockseg.modelPath" -}}
{{- $model := .Values.inference.model -}}
{{- if eq $model.source "image" -}}
{{- $model.image.path -}}
{{- else if eq $model.source "ociVolume" -}}
{{- printf "/model/%s" $model.ociVolume.path | trimSuffix "/" -}}
{{- else if eq $model.source "claim" -}}
{{- printf "/model/%s" $model.claim.path | trimSuffix "/" -}}
{{- else -}}
/model
{{- end -}}
{{- end -}}
