#!/usr/bin/env bash
# The engine of language models and clients of others, for their tests, from the npm registry into .tools/language. None is
# a dependency of Slipway's: the engine brings builds for every graphics processor, of which this takes the plain one.
set -euo pipefail
cd "$(dirname "$0")/.."
[ -d .tools/language/node_modules/node-llama-cpp ] && exit 0
mkdir -p .tools/language && cd .tools/language
echo '{"name": "testing-language", "private": true, "type": "module"}' >package.json
case "$(uname -sm)" in
  "Linux x86_64") engine=linux-x64 ;;
  "Linux aarch64") engine=linux-arm64 ;;
  "Darwin arm64") engine=mac-arm64-metal ;;
  *) echo "there is no engine of language models for $(uname -sm)"; exit 1 ;;
esac
npm install --silent --no-audit --no-fund --omit=optional --ignore-scripts \
  node-llama-cpp@3.22.1 "@node-llama-cpp/$engine@3.22.1" openai@7 ai@7 @ai-sdk/openai-compatible@3 @langchain/openai@1 @langchain/core@1 zod@4
