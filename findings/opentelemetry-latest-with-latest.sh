#!/usr/bin/env bash
# @opentelemetry/sdk-trace-base 2.12.1 and @opentelemetry/exporter-trace-otlp-http 0.301.0: npm cannot install them together.
#
# Both are their package's `latest`, and together they are what every guide tells one to install. The first wants
# `@opentelemetry/api` below 1.10.0, the second 1.10.0 or newer: ERESOLVE. The exporter's own line has gone on under another name,
# `@opentelemetry/sdk-trace` 3.1.0, which has what `sdk-trace-base` had; nothing says that the older name is left behind
# (it is not marked as deprecated). With that package instead, the install works.
#
# Prints what was seen and exits 1 if that has changed. Needs node and npm.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

together() {
  rm -rf node_modules package.json package-lock.json
  npm init -y >/dev/null
  if npm install --no-audit --no-fund --save-exact "$@" >log 2>&1; then echo installed; else grep -o 'ERESOLVE' log | head -n 1; fi
}

exporter=@opentelemetry/exporter-trace-otlp-http@0.301.0
base=$(together @opentelemetry/api @opentelemetry/sdk-trace-base@2.12.1 "$exporter")
sdk=$(together @opentelemetry/api@1.10.0 @opentelemetry/sdk-trace@3.1.0 "$exporter")
echo "with sdk-trace-base 2.12.1: $base; with sdk-trace 3.1.0: $sdk"
[ "$base" = ERESOLVE ] && [ "$sdk" = installed ]
