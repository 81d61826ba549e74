#!/bin/sh
# Installs everything the repository needs, from an empty cache. Safe to repeat; writes only below this folder and npm's cache.
# npm itself must run under Node 24: under an older one it silently leaves out native packages whose `engines` exclude it.
set -eu
cd "$(dirname "$0")/.."
NODE_VERSION=24.21.0
local_node=".toolchain/node_modules/.bin"

if ! command -v npm >/dev/null; then
  echo "setup: npm is needed, any version; it comes with Node.js" >&2
  exit 1
fi
# npm's own program, so that it runs under the Node chosen below whatever its first line says
npm_cli=${npm_execpath:-}
case "$npm_cli" in
  */npm-cli.js) ;;
  *) npm_cli=$(readlink -f "$(command -v npm)") ;;
esac

# development tools are wanted whatever the environment says
install="--include=dev --no-audit --no-fund --loglevel error"
# the link that an earlier run made would hide the machine's own Node
rm -f node_modules/.bin/node
major=$(node -p 'process.versions.node.split(".")[0]' 2>/dev/null || echo 0)
if [ "$major" -lt 24 ]; then
  if [ "$("$local_node/node" --version 2>/dev/null || true)" != "v$NODE_VERSION" ]; then
    echo "setup: Node $major found, Node 24 is needed; installing node@$NODE_VERSION into .toolchain/"
    mkdir -p .toolchain
    printf '{ "private": true }\n' >.toolchain/package.json
    # shellcheck disable=SC2086 # several words
    npm install --prefix .toolchain $install --no-save "node@$NODE_VERSION"
  fi
  PATH="$PWD/$local_node:$PATH"
  export PATH
fi

echo "setup: installing packages with Node $(node --version)"
# not `npm ci`: it refuses a lock file that leaves out packages for other platforms, which registries may not have.
# --no-save keeps the lock file as it is, and its versions are what is installed.
case "$npm_cli" in
  # shellcheck disable=SC2086
  *.js) node "$npm_cli" install $install --no-save ;;
  # shellcheck disable=SC2086
  *) npm install $install --no-save ;;
esac
if [ "$major" -lt 24 ]; then
  # npm scripts put node_modules/.bin first on PATH, so every script of package.json runs under Node 24
  ln -sf "../../$local_node/node" node_modules/.bin/node
fi
# nodes that are run from a checkout serve it
node scripts/build-login-page.ts --if-stale
echo "setup: ok"
