#!/usr/bin/env bash
# Installs what tests of apps on phones ask for their judgement, from the npm registry, into .tools/mobile (some 100 MB):
# onnxruntime-react-native (its JavaScript and types; no phone), the preset and the engine with which React Native runs scripts
# (Babel's preset, Hermes), and Capacitor's command line with its template for Android.
set -euo pipefail
folder=${SLIPWAY_TEST_MOBILE:-$(dirname "$0")/../.tools/mobile}
mkdir -p "$folder"
cd "$folder"
[ -f package.json ] || echo '{"private": true}' >package.json
# Without peers: React Native itself is not needed, and large.
npm install --no-audit --no-fund --legacy-peer-deps --ignore-scripts \
  onnxruntime-react-native@1.24.3 @capacitor/cli@8 @capacitor/core@8 @capacitor/android@8 \
  @babel/core@7 @react-native/babel-preset @babel/plugin-transform-template-literals hermes-engine-cli@0.12.0
