{{- define "rockseg.apiEnv" -}}
- {name: ROCKSEG_HOST, value: {{ .Values.listenAddress | quote }}}
- {name: ROCKSEG_PORT, value: "8080"}
- {name: ROCKSEG_METRICS_HOST, value: {{ .Values.listenAddress | quote }}}
- {name: ROCKSEG_METRICS_PORT, value: "9090"}
- {name: ROCKSEG_KEYS_FILE, value: /etc/rockseg/api-keys}
- {name: ROCKSEG_VIEW_PATH, value: /var/lib/rockseg/view.sqlite3}
- {name: ROCKSEG_VIEW_MAX_BYTES, value: {{ include "rockseg.bytes" .Values.api.view.size | quote }}}
- {name: ROCKSEG_LIFETIME_SECONDS, value: {{ include "rockseg.number" .Values.limits.lifetimeSeconds | quote }}}
- {name: ROCKSEG_PHOTO_MAX_BYTES, value: {{ include "rockseg.number" .Values.limits.photoMaxBytes | quote }}}
- {name: ROCKSEG_DRAIN_SECONDS, value: {{ include "rockseg.number" .Values.api.drainSeconds | quote }}}
{{- end -}}
