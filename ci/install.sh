#!/usr/bin/env bash
# Packages of the frozen lock, and Mesa's Vulkan driver where there is no adapter.
set -euo pipefail
cd "$(dirname "$0")/.."
npx -y deno@2.9.6 task setup
