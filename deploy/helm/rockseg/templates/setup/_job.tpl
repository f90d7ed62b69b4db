{{/*
A Job that runs one command of rockseg-api before an installation or an upgrade. It cannot hang one: what does not come to
an end within `setup.deadlineSeconds`, unscheduled pods and missing Secrets included, has failed, and Helm goes back.
Takes root, name ("topics"), command (a list), and what "rockseg.files" takes.
*/}}
{{- define "rockseg.setupJob" -}}
{{- $component := dict "root" .root "component" "setup" -}}
{{- $setup := .root.Values.setup -}}
{{- $name := printf "%s-%s" (include "rockseg.fullname" .root) .name -}}
apiVersion: batch/v1
kind: Job
metadata:
  {{- include "rockseg.metadata" (merge (dict "name" $name "annotations" (include "rockseg.setupHook" (dict "root" .root "weight" "0") | fromYaml)) $component) | nindent 2 }}
spec:
  activeDeadlineSeconds: {{ $setup.deadlineSeconds }}
  backoffLimit: {{ $setup.backoffLimit }}
  # A failed one stays for a while, to be read.
  ttlSecondsAfterFinished: {{ $setup.keepSeconds }}
  podFailurePolicy:
    rules:
      # 2: a wrong setting, which another try does not mend.
      - action: FailJob
        onExitCodes: {containerName: setup, operator: In, values: [2]}
  template:
    metadata:
      labels:
        {{- include "rockseg.podLabels" $component | nindent 8 }}
      {{- with merge (dict) $setup.podAnnotations .root.Values.podAnnotations }}
      annotations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
    spec:
      restartPolicy: Never
      {{- include "rockseg.podCommons" $component | nindent 6 }}
      {{- with $setup.nodeSelector }}
      nodeSelector:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $setup.tolerations }}
      tolerations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      terminationGracePeriodSeconds: 10
      containers:
        - name: setup
          image: {{ include "rockseg.image" (dict "root" .root "image" .root.Values.api.image) }}
          imagePullPolicy: {{ .root.Values.api.image.pullPolicy }}
          command: {{ toJson .command }}
          securityContext:
            {{- include "rockseg.containerSecurity" . | nindent 12 }}
          env:
            {{- include "rockseg.setupEnv" (merge (dict) . $component) | trim | nindent 12 }}
          resources:
            {{- toYaml $setup.resources | nindent 12 }}
          volumeMounts:
            - {name: tmp, mountPath: /tmp}
            {{- if include "rockseg.files" (merge (dict) . $component) | trim }}
            - {name: files, mountPath: /etc/rockseg, readOnly: true}
            {{- end }}
            {{- with $setup.extraVolumeMounts }}
            {{- toYaml . | nindent 12 }}
            {{- end }}
      volumes:
        {{- include "rockseg.tmpVolume" (dict "tmpSize" "64Mi") | nindent 8 }}
        {{- if include "rockseg.files" (merge (dict) . $component) | trim }}
        {{- include "rockseg.filesVolume" (merge (dict) . $component) | nindent 8 }}
        {{- end }}
        {{- with $setup.extraVolumes }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
{{- end -}}

{{/* A Job's environment. Takes root, component, kafkaToo, s3Too. */}}
{{- define "rockseg.setupEnv" -}}
{{- if .kafkaToo }}
{{- include "rockseg.kafkaEnv" . }}
{{- end }}
{{- if .s3Too }}
{{ include "rockseg.s3Env" . }}
{{- end }}
- {name: ROCKSEG_LIFETIME_SECONDS, value: {{ include "rockseg.number" .root.Values.limits.lifetimeSeconds | quote }}}
{{- with .root.Values.setup.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/*
Before all else, so that the services find topics and a bucket in order; after it where Strimzi's operator makes topics and
users, since they are part of the release itself. Takes root and weight.
*/}}
{{- define "rockseg.setupHook" -}}
{{- $after := or .root.Values.strimzi.topics.enabled .root.Values.strimzi.users.enabled -}}
helm.sh/hook: {{ ternary "post-install,post-upgrade" "pre-install,pre-upgrade" $after }}
helm.sh/hook-weight: {{ .weight | quote }}
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end -}}
