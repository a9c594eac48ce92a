#!/usr/bin/env bash
# Builds tools of others that some tests ask for their judgement, from the Go module proxy and npm, into .tools/bin:
#   scripts/testing-tools.sh crane oras cosign helm minio fake-gcs-server azurite
# What cannot be built is named, and its tests are skipped; the exit code is 0 all the same.
set -uo pipefail
cd "$(dirname "$0")/.."

declare -A package=(
  [crane]=github.com/google/go-containerregistry/cmd/crane@v0.22.1
  [oras]=oras.land/oras/cmd/oras@v1.3.6
  [minio]=github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c
  [fake-gcs-server]=github.com/fsouza/fake-gcs-server@v1.56.1
  [helm]=helm.sh/helm/v3/cmd/helm@v3.22.0
  [cosign]=github.com/sigstore/cosign/v2/cmd/cosign@v2.6.5
)

build() { # NAME PACKAGE@VERSION; a module of its own, since `go install` refuses modules with replacements
  local out=$PWD/.tools/bin/$1 work=$PWD/.tools/build/$1
  [ -x "$out" ] && return
  mkdir -p "$work" "${out%/*}" && cd "$work" || return 1
  if [ ! -f go.sum ]; then
    go mod init tools && printf '//go:build tools\npackage tools\nimport _ "%s"\n' "${2%@*}" >tools.go && go get "$2" && go mod tidy || return 1
  fi
  go build -p 2 -trimpath -ldflags '-s -w' -o "$out" "${2%@*}"
}

azurite() { # Microsoft's emulator of its Blob storage: a package of npm, in a folder of its own
  [ -x .tools/bin/azurite ] && return
  mkdir -p .tools/bin && npm install --prefix .tools/npm --no-save --no-audit --no-fund --ignore-scripts --loglevel=error azurite@3.37.0 || return 1
  ln -sf ../npm/node_modules/.bin/azurite-blob .tools/bin/azurite
}

for name in "$@"; do
  if [ "$name" = azurite ]; then
    azurite >/dev/null 2>&1 && echo "azurite: .tools/bin/azurite" || echo "azurite is not to be had: it needs npm and its registry"
    continue
  fi
  [ -n "${package[$name]:-}" ] || { echo "there is no recipe for $name"; continue; }
  (build "$name" "${package[$name]}") >/dev/null 2>&1 && echo "$name: .tools/bin/$name" || echo "$name is not to be had: it needs Go and the module proxy"
done
