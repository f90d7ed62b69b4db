{{/* What all pods of the chart share. The containers' security is fixed: Pod Security `restricted` holds throughout. */}}

{{- define "rockseg.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end -}}

{{- define "rockseg.podSecurity" -}}
runAsNonRoot: true
{{- range $name, $id := .Values.podSecurity }}
{{- if not (kindIs "invalid" $id) }}
{{ $name }}: {{ include "rockseg.number" $id }}
{{- end }}
{{- end }}
{{- if .Values.podSecurity.fsGroup }}
fsGroupChangePolicy: OnRootMismatch
{{- end }}
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{/* Fields of a pod that every component has. Takes root and component. */}}
{{- define "rockseg.podCommons" -}}
{{- $own := index .root.Values .component -}}
serviceAccountName: {{ include "rockseg.serviceAccountName" . }}
automountServiceAccountToken: false
# Else a Service named `rockseg` would set ROCKSEG_PORT=tcp://… in every pod of its namespace.
enableServiceLinks: false
securityContext:
  {{- include "rockseg.podSecurity" .root | nindent 2 }}
{{- include "rockseg.imagePullSecrets" .root }}
{{- with $own.priorityClassName | default .root.Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with $own.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* Constraints of `topologySpread` with the component's own selector. Takes root and component. */}}
{{- define "rockseg.topologySpread" -}}
{{- $selector := include "rockseg.selectorLabels" . -}}
{{- with (index .root.Values .component).topologySpread }}
topologySpreadConstraints:
  {{- range . }}
  - topologyKey: {{ .topologyKey }}
    maxSkew: {{ .maxSkew }}
    whenUnsatisfiable: {{ .whenUnsatisfiable }}
    matchLabelKeys: [pod-template-hash]
    labelSelector:
      matchLabels:
        {{- $selector | nindent 8 }}
  {{- end }}
{{- end }}
{{- end -}}

{{/* The variables that a component's settings give: `photosFetched: 4` becomes ROCKSEG_PHOTOS_FETCHED. Takes the map. */}}
{{- define "rockseg.settingsEnv" -}}
{{- range $name, $value := . }}
- {name: {{ printf "ROCKSEG_%s" (snakecase $name | upper) }}, value: {{ (kindIs "string" $value | ternary $value (include "rockseg.number" $value)) | quote }}}
{{- end }}
{{- end -}}

{{- define "rockseg.limitsEnv" -}}
- {name: ROCKSEG_PHOTO_MAX_PIXELS, value: {{ include "rockseg.number" .Values.limits.photoMaxPixels | quote }}}
- {name: ROCKSEG_LOG_LEVEL, value: {{ .Values.logLevel | quote }}}
{{- end -}}

{{/* A component's environment, whole. Takes root and component; the settings that only setup's Jobs have are theirs. */}}
{{- define "rockseg.env" -}}
{{- $own := index .root.Values .component -}}
{{- include "rockseg.kafkaEnv" . }}
{{ include "rockseg.s3Env" . }}
{{ include "rockseg.limitsEnv" .root }}
{{- if eq .component "api" }}
{{ include "rockseg.apiEnv" .root }}
{{- else }}
{{ include "rockseg.inferenceEnv" .root }}
{{- end }}
{{- include "rockseg.settingsEnv" $own.settings }}
{{- with $own.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* Takes root, component, and what "rockseg.files" takes. */}}
{{- define "rockseg.filesVolume" -}}
- name: files
  projected:
    # Whoever reads them is the pod's one user, whatever its number.
    defaultMode: 0444
    sources:
      {{- include "rockseg.files" . | trim | nindent 6 }}
{{- end -}}

{{- define "rockseg.tmpVolume" -}}
- name: tmp
  emptyDir: {sizeLimit: {{ .tmpSize }}}
{{- end -}}
