{{- define "rockseg.inferenceEnv" -}}
- {name: ROCKSEG_METRICS_HOST, value: {{ .Values.listenAddress | quote }}}
- {name: ROCKSEG_METRICS_PORT, value: "9090"}
- {name: ROCKSEG_DRAIN_SECONDS, value: {{ include "rockseg.number" .Values.inference.drainSeconds | quote }}}
{{- with include "rockseg.modelPath" . }}
- {name: ROCKSEG_MODEL, value: {{ . | quote }}}
{{- end }}
{{- if include "rockseg.threadsByRequest" . }}
# PyTorch would take a thread for each core of the node, and so would every other worker there.
- name: OMP_NUM_THREADS
  valueFrom: {resourceFieldRef: {containerName: inference, resource: requests.cpu, divisor: "1"}}
{{- end }}
{{- end -}}

{{/* Whether the cores that a worker asks for say how many threads it computes with: "true" or nothing. */}}
{{- define "rockseg.threadsByRequest" -}}
{{- $own := .Values.inference -}}
{{- $said := dict -}}
{{- range $own.extraEnv }}{{- $_ := set $said .name true }}{{- end -}}
{{- $asked := or (hasKey ($own.resources.requests | default dict) "cpu") (hasKey ($own.resources.limits | default dict) "cpu") -}}
{{- if and $asked (not $own.gpu.enabled) (not (hasKey $said "OMP_NUM_THREADS")) }}true{{ end -}}
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
