#!/usr/bin/env bash
# Where packages and compiled shaders are kept between jobs: folders.sh DIR. On GitHub the folders reach
# later steps; elsewhere it prints what to `eval`.
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
dir=$1
mkdir -p "$dir/npm" "$dir/deno" "$dir/shaders"
dir=$(cd "$dir" && pwd)

settings() {
  echo "npm_config_cache=$dir/npm"
  echo "DENO_DIR=$dir/deno"
  echo "MESA_SHADER_CACHE_DIR=$dir/shaders"
  # no silent fall-back to OpenGL, whose kernels would be others
  echo "DENO_WEBGPU_BACKEND=vulkan"
}
# what a cache must be thrown away for: the lock's hash, and the kernels' texts
hash_of() { cat "$@" | sha256sum | cut -c1-16; }
lock=$(hash_of "$here/deno.lock")
kernels=$(find "$here/kernels" -name '*.wgsl' -print0 | sort -z | xargs -0 cat | sha256sum | cut -c1-16)

if [ -n "${GITHUB_ENV:-}" ]; then
  settings >> "$GITHUB_ENV"
  {
    echo "npm=$dir/npm"
    echo "deno=$dir/deno"
    echo "shaders=$dir/shaders"
    echo "lock=$lock"
    echo "kernels=$kernels"
  } >> "$GITHUB_OUTPUT"
else
  settings | sed "s/=\(.*\)/='\1'/; s/^/export /"
fi
