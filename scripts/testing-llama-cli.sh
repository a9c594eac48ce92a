#!/usr/bin/env bash
# llama.cpp's own command-line tool (llama-completion) of the very release whose library node-llama-cpp brings, for the test that
# compares answers with it: built from the sources that node-llama-cpp ships, against its library, into .tools/llama-cli.
set -euo pipefail
cd "$(dirname "$0")/.."
[ -x .tools/llama-cli/llama-completion ] && exit 0
bash scripts/testing-language.sh
case "$(uname -sm)" in
  "Linux x86_64") engine=linux-x64 ;;
  "Linux aarch64") engine=linux-arm64 ;;
  *) echo "llama-completion is not built on $(uname -sm)"; exit 1 ;;
esac
command -v g++ >/dev/null && command -v git >/dev/null || { echo "apt-get install g++ git"; exit 1; }
modules="$PWD/.tools/language/node_modules"
library="$modules/@node-llama-cpp/$engine/bins/$engine"
mkdir -p .tools/llama-cli && cd .tools/llama-cli
# The library finds what fits the processor beside the program.
ln -sf "$library"/*.so .
[ -d source ] || git clone --quiet "$modules/node-llama-cpp/llama/gitRelease.bundle" source 2>/dev/null
# Its own main() ends before all is printed, now and then (its log is written by a thread): this one waits.
cat >main.cpp <<'CPP'
#include "log.h"
int llama_completion(int argc, char ** argv);
int main(int argc, char ** argv) {
    const int status = llama_completion(argc, argv);
    common_log_flush(common_log_main());
    return status;
}
CPP
link() { for name in "$@"; do basename "$(ls "$library"/lib"$name"*.so | head -1)" | sed 's/^/-l:/'; done; }
g++ -std=c++17 -O1 -Isource/include -Isource/common -Isource/ggml/include -Isource/vendor -Isource/src main.cpp source/tools/completion/completion.cpp \
  -o llama-completion -L"$library" $(link llama-common llama.v ggml.v ggml-base) -Wl,-rpath,'$ORIGIN' -Wl,--allow-shlib-undefined
rm -rf source main.cpp
