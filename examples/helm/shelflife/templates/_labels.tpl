{{- define "selected" }}app.kubernetes.io/name: shelflife, app.kubernetes.io/instance: {{ printf "%q" .Release.Name }}{{ end -}}
{{- define "labels" }}{ {{ template "selected" . }}, app.kubernetes.io/version: {{ printf "%q" .Chart.AppVersion }}, app.kubernetes.io/managed-by: {{ printf "%q" .Release.Service }} }{{ end -}}
{{- define "name" }}{{ printf "%s-shelflife" .Release.Name }}{{ end -}}
{{- define "pairs" }}{ {{ range $name, $value := . }}{{ printf "%q: %q, " $name $value }}{{ end }}}{{ end -}}
