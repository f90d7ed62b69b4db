{{/* Names and labels. A name is cut so that `-inference` and what Kubernetes adds to a pod's still fit into 63 characters. */}}

{{- define "rockseg.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "rockseg.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- $name := include "rockseg.name" . -}}
{{- ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* What a selector may hold: it must never change. Takes (dict "root" $ "component" "api"). */}}
{{- define "rockseg.selectorLabels" -}}
app.kubernetes.io/name: {{ include "rockseg.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{/* Labels of a pod: without the chart's version, which would make every pod anew. Takes root, component, labels. */}}
{{- define "rockseg.podLabels" -}}
{{ include "rockseg.selectorLabels" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: rockseg
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
{{- with merge (dict) (.labels | default dict) .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* Labels of an object. Takes root, component, labels. */}}
{{- define "rockseg.labels" -}}
{{ include "rockseg.podLabels" . }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- end -}}

{{/* metadata of an object: takes root, component, and optionally name, labels, annotations. */}}
{{- define "rockseg.metadata" -}}
name: {{ .name | default (printf "%s-%s" (include "rockseg.fullname" .root) .component) }}
namespace: {{ .namespace | default .root.Release.Namespace }}
labels:
  {{- include "rockseg.labels" . | nindent 2 }}
{{- with .annotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* The name of a component's service account. Takes root and component. */}}
{{- define "rockseg.serviceAccountName" -}}
{{- $account := (index .root.Values .component).serviceAccount -}}
{{- if $account.create -}}
{{- default (printf "%s-%s" (include "rockseg.fullname" .root) .component) $account.name -}}
{{- else -}}
{{- default "default" $account.name -}}
{{- end -}}
{{- end -}}
