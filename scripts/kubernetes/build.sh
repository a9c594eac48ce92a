#!/usr/bin/env bash
# Builds kube-apiserver, -controller-manager, -scheduler, -proxy, kubelet and kubectl from the Go module proxy into ./bin (or $OUT),
# in some ten minutes: scripts/kubernetes/build.sh 1.34.4. It goes on where it was stopped. kube-apiserver in .tools/bin lets the
# tests of `slipway deploy` ask it (OUT=.tools/bin scripts/kubernetes/build.sh 1.34.4 kube-apiserver, some six minutes); the others
# are for cluster.sh.
set -eu
V=${1:-1.34.4}; shift || true; OUT=$(realpath -m "${OUT:-bin}"); W=${TMPDIR:-/tmp}/k8s-build-$V; mkdir -p $OUT $W; cd $W
if [ ! -f go.sum ]; then
  D=$(go mod download -json k8s.io/kubernetes@v$V | jq -r .Dir)
  { echo '//go:build tools'; echo 'package t'; for c in kube-apiserver kube-controller-manager kube-scheduler kube-proxy kubelet kubectl; do echo "import _ \"k8s.io/kubernetes/cmd/$c\""; done; } > tools.go
  # the module's own go.mod, with ./staging replaces turned into the published staging modules v0.x.y
  sed -e 's#^module .*#module k8sbuild#' -e "s#\(k8s.io/[a-z-]* =>\) \./staging/src/\(k8s.io/[a-z-]*\)#\1 \2 v0.${V#1.}#" \
      -e "0,/^require (/s##require (\n\tk8s.io/kubernetes v$V#" $D/go.mod > go.mod
  cp $D/go.sum go.sum.orig; go mod tidy
fi
X=k8s.io/component-base/version
L="-s -w -X $X.gitVersion=v$V -X $X.gitMajor=1 -X $X.gitMinor=$(echo $V | cut -d. -f2) -X $X.gitTreeState=archive"
for c in ${*:-kube-apiserver kube-controller-manager kube-scheduler kubelet kubectl kube-proxy}; do
  go build -p 2 -trimpath -ldflags "$L" -o $OUT/$c k8s.io/kubernetes/cmd/$c; done
ls -la $OUT
