#!/bin/sh
# Installs everything the repository needs, from an empty cache. Safe to repeat.
# npm itself must run under Node 24: under an older one it silently leaves out native packages whose `engines` exclude it.
set -eu
cd "$(dirname "$0")/.."
NODE_VERSION=24.21.0
major=$(node -p 'process.versions.node.split(".")[0]' 2>/dev/null || echo 0)
local_node=".toolchain/node_modules/.bin"
if [ "$major" -lt 24 ]; then
  if [ "$("$local_node/node" --version 2>/dev/null || true)" != "v$NODE_VERSION" ]; then
    echo "setup: Node $major found, Node 24 is needed; installing node@$NODE_VERSION into .toolchain/"
    mkdir -p .toolchain
    printf '{ "private": true }\n' >.toolchain/package.json
    npm install --prefix .toolchain --no-audit --no-fund --no-save --loglevel error "node@$NODE_VERSION"
  fi
  PATH="$PWD/$local_node:$PATH"
  export PATH
fi
echo "setup: installing packages with Node $(node --version)"
npm ci --no-audit --no-fund --loglevel error
if [ "$major" -lt 24 ]; then
  # npm scripts put node_modules/.bin first on PATH, so every script of package.json runs under Node 24.
  ln -sf "../../$local_node/node" node_modules/.bin/node
fi
echo "setup: ok"
