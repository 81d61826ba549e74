/**
 * Checks the import arrows of `src`: a room imports only the rooms and packages that the table gives it, the portable rooms nothing of
 * Node, and nothing imports tests. `node scripts/check-imports.ts`, part of `npm run check`.
 */
import { globSync, readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { join, posix } from 'node:path'
import { type ImportOf, importsOf } from './support/imports.ts'
import { report } from './support/report.ts'

/** What one room may import. Its own files it always may. */
interface Arrows {
  /** Paths below `src`, files or folders; `type ` before one: only by `import type`. */
  readonly rooms: readonly string[]
  /** Packages, `@scope/*` for all of a scope. */
  readonly packages?: readonly string[]
  /** Runs in a web page too: nothing of Node. @default false */
  readonly isPortable?: boolean
}

/** What every room of the node may use. */
const BASE = ['node/errors.ts', 'node/metrics.ts', 'node/primitives', '#platform']

/** Rooms by path below `src`; a file belongs to the longest that fits. */
const ROOMS: Readonly<Record<string, Arrows>> = {
  'node/error-codes.ts': { rooms: [], isPortable: true },
  'node/errors.ts': { rooms: ['type node/error-codes.ts'], isPortable: true },
  'node/metrics.ts': { rooms: [], isPortable: true },
  'node/primitives': {
    rooms: ['node/errors.ts', '#platform'],
    packages: ['@scure/base'],
    isPortable: true,
  },
  'node/primitives/platform/node.ts': { rooms: ['node/primitives/platform'] },
  'node/codec': { rooms: BASE, packages: ['micro-packed'], isPortable: true },
  'node/crypto': { rooms: BASE, packages: ['lru-cache'] },
  'node/dag': { rooms: BASE, isPortable: true },
  'node/store': {
    rooms: [...BASE, 'node/codec'],
    packages: ['abstract-level', 'level', 'micro-packed'],
  },
  'node/anchor': {
    rooms: [...BASE, 'node/codec', 'node/crypto'],
    packages: ['micro-packed', 'zod'],
  },
  'node/blobs': { rooms: [...BASE, 'node/codec', 'node/store'], packages: ['micro-packed'] },
  'node/runtime': {
    rooms: [...BASE, 'node/codec', 'node/store', 'node/blobs'],
    packages: ['level', 'lru-cache'],
  },
  'node/applications': {
    rooms: [
      ...[...BASE, 'node/codec', 'node/crypto', 'node/store', 'node/blobs', 'node/runtime'],
      ...['type node/anchor/anchor.ts', 'type node/interface.ts'],
    ],
    packages: ['@scure/base', 'micro-packed', 'tar-stream', 'zod'],
  },
  'node/network': {
    rooms: [...BASE, 'node/codec', 'node/crypto'],
    packages: ['libp2p', '@libp2p/*', '@chainsafe/*', '@multiformats/multiaddr', 'lru-cache'],
  },
  'node/sync': {
    rooms: [
      ...[...BASE, 'node/codec', 'node/crypto', 'node/network'],
      ...['node/anchor/anchor.ts', 'node/blobs/blobs.ts'],
    ],
    packages: ['lru-cache'],
  },
  'node/context': {
    rooms: [
      ...[...BASE, 'node/codec', 'node/crypto', 'node/dag', 'node/store', 'node/anchor'],
      ...['node/runtime', 'node/applications', 'type node/blobs'],
      ...['type node/interface.ts', 'type node/sync/replica.ts'],
    ],
    packages: ['lru-cache', 'micro-packed'],
  },
  'node/secret.ts': { rooms: BASE },
  // what the node offers: shapes only, so that wrappers load nothing by naming them
  'node/interface.ts': { rooms: ['type node'] },
  // the parts put together: index.ts, node.ts and their like
  node: { rooms: ['node'] },
  'chains/local': {
    rooms: [
      ...[...BASE, 'node/anchor', 'node/codec', 'node/crypto', 'chains/shared'],
      'node/store/owner.ts',
    ],
    packages: ['zod'],
  },
  // what every chain's adapter is built of
  'chains/shared': {
    rooms: [
      ...[...BASE, 'node/anchor', 'node/codec', 'node/crypto', 'node/secret.ts'],
      ...['auth/errors.ts', 'type auth/wallet-verifier.ts'],
    ],
    packages: ['lru-cache', 'micro-packed', 'zod'],
  },
  'chains/near': {
    rooms: [
      ...[...BASE, 'node/anchor', 'node/codec', 'node/secret.ts', 'chains/shared'],
      ...['auth/errors.ts', 'type auth/wallet-verifier.ts', 'type node/interface.ts'],
    ],
    packages: ['lru-cache', 'micro-packed', 'near-api-js', 'zod'],
  },
  'chains/icp': {
    rooms: [
      ...[...BASE, 'node/anchor', 'node/codec', 'node/crypto', 'node/secret.ts', 'chains/shared'],
      ...['auth/errors.ts', 'type auth/wallet-verifier.ts', 'type node/interface.ts'],
    ],
    packages: [
      ...['@dfinity/agent', '@dfinity/candid', '@dfinity/principal', 'lru-cache'],
      ...['micro-packed', 'zod'],
    ],
  },
  'chains/stellar': {
    rooms: [
      ...[...BASE, 'node/anchor', 'node/crypto', 'node/secret.ts', 'chains/shared'],
      ...['auth/errors.ts', 'type auth/wallet-verifier.ts', 'type node/interface.ts'],
    ],
    packages: ['@stellar/stellar-sdk', 'lru-cache', 'zod'],
  },
  'chains/ethereum': {
    rooms: [
      ...[...BASE, 'node/anchor', 'node/secret.ts', 'chains/shared'],
      ...['auth/errors.ts', 'type auth/wallet-verifier.ts', 'type node/interface.ts'],
    ],
    packages: ['ethers', 'lru-cache', 'ws', 'zod'],
  },
  // chains to develop against: parts of nothing else
  'devnet/ethereum': {
    rooms: ['node/errors.ts', 'node/primitives', 'devnet/shared'],
    packages: ['ethers', 'hardhat'],
  },
  // what local chains are built of
  'devnet/shared': { rooms: ['node/errors.ts', 'node/primitives'] },
  // rewrites contracts; how modules are read is known to the runtime of guests
  'devnet/wasm': {
    rooms: [
      ...['node/errors.ts', 'node/primitives'],
      ...['node/runtime/wasm/binary.ts', 'node/runtime/wasm/module.ts'],
    ],
  },
  'devnet/near': {
    rooms: [
      ...['node/errors.ts', 'node/primitives', 'node/runtime/wasm/webassembly.ts'],
      ...['devnet/shared', 'devnet/wasm'],
    ],
    packages: ['@noble/curves', '@noble/hashes', 'zod'],
  },
  'devnet/icp': {
    rooms: [
      ...['node/errors.ts', 'node/primitives', 'node/runtime/wasm/webassembly.ts'],
      ...['devnet/shared', 'devnet/wasm'],
    ],
    packages: [
      ...['@dfinity/candid', '@dfinity/principal', '@noble/curves', '@scure/base'],
      ...['lru-cache', 'zod'],
    ],
  },
  'devnet/stellar': {
    rooms: [
      ...['node/errors.ts', 'node/primitives', 'devnet/shared', 'devnet/wasm'],
      ...['node/runtime/wasm/binary.ts', 'node/runtime/wasm/module.ts'],
      'node/runtime/wasm/webassembly.ts',
    ],
    packages: [
      ...['@noble/curves', '@noble/hashes', '@stellar/stellar-sdk'],
      ...['lru-cache', 'zod'],
    ],
  },
  server: {
    rooms: [
      ...['node/index.ts', 'type node/interface.ts', 'node/errors.ts', 'node/primitives'],
      ...['node/metrics.ts', 'node/anchor/anchor.ts', 'type node/blobs/blobs.ts'],
      ...['node/package-version.ts', 'server/relayer', 'auth/index.ts'],
    ],
    packages: ['cors', 'express', 'helmet', 'prom-client', 'ws', 'zod'],
  },
  // reads and checks envelopes of others; chains reach it through a port of its own
  'server/relayer': {
    rooms: [...BASE, 'node/anchor', 'node/secret.ts', 'node/crypto', 'server'],
    packages: ['express', 'lru-cache', 'zod'],
  },
  client: { rooms: ['type node/errors.ts'], isPortable: true },
  // a web page that a build makes of it; permissions are understood as the node understands them
  'login-page': {
    rooms: ['client', 'auth/permissions/grammar.ts', 'auth/limits.ts'],
    packages: ['preact'],
    isPortable: true,
  },
  // keys, tokens, permissions: no HTTP, no chain
  auth: {
    rooms: [
      ...[...BASE, 'node/crypto/at-rest.ts'],
      ...['type node/interface.ts', 'type node/store/store.ts'],
    ],
    packages: ['jsonwebtoken', 'lru-cache', 'zod'],
  },
  // a chain is behind its port, and named in one table only
  cli: {
    rooms: [
      ...['node', 'auth', 'server', 'client', 'cli/config', 'cli/sign-in'],
      ...['cli/chains/chain.ts', 'cli/chains/chains.ts', 'cli/chains/running.ts'],
      ...['cli/chains/shared/key-file.ts', 'type cli/chains/wallet.ts'],
      'type chains/shared/checks.ts',
    ],
    packages: ['commander', 'pino'],
  },
  'cli/sign-in': {
    rooms: [
      ...[...BASE, 'node/secret.ts', 'type client/index.ts', 'cli/config/private-file.ts'],
      ...['cli/errors.ts', 'type cli/output.ts'],
      ...['cli/chains/chains.ts', 'type cli/chains/wallet.ts'],
    ],
  },
  // config.toml, environment and flags; what it says of a chain is handed in
  'cli/config': {
    rooms: [...BASE, 'node/secret.ts', 'cli/errors.ts'],
    packages: ['@multiformats/multiaddr', 'smol-toml', 'zod'],
  },
  // the ports that the commands ask
  'cli/chains': {
    rooms: [
      ...[...BASE, 'type node/anchor/anchor.ts', 'type node/secret.ts', 'type server/index.ts'],
      ...['type auth/index.ts', 'type chains/shared/checks.ts'],
      ...['type cli/config', 'cli/errors.ts', 'type cli/output.ts'],
    ],
  },
  'cli/chains/chains.ts': { rooms: ['cli/chains', 'type cli/config', 'cli/errors.ts'] },
  'cli/chains/running.ts': {
    rooms: ['type cli/chains/chain.ts', 'cli/chains/chains.ts', 'type node/secret.ts'],
  },
  // what the commands of several chains have in common
  'cli/chains/shared': {
    rooms: [
      ...[...BASE, 'type node/secret.ts', 'chains/shared', 'cli/chains/chain.ts'],
      ...['cli/config/fields.ts', 'type cli/config'],
      ...['cli/arguments.ts', 'cli/errors.ts', 'cli/json-safe.ts', 'cli/output.ts'],
    ],
    packages: ['zod'],
  },
  'cli/chains/local': {
    rooms: [
      ...[...BASE, 'chains/local', 'type cli/config'],
      ...['cli/chains/chain.ts', 'cli/chains/shared'],
    ],
    packages: ['zod'],
  },
  'cli/chains/ethereum': {
    rooms: [
      ...[...BASE, 'type node/secret.ts', 'type server/index.ts'],
      ...['chains/ethereum', 'chains/shared', 'devnet/ethereum'],
      ...['cli/chains/chain.ts', 'cli/chains/shared', 'type cli/config'],
      ...['type cli/chains/wallet.ts', 'type auth/index.ts'],
      ...['cli/arguments.ts', 'cli/errors.ts', 'cli/json-safe.ts', 'cli/output.ts'],
    ],
    packages: ['ethers', 'zod'],
  },
  'cli/chains/near': {
    rooms: [
      ...[...BASE, 'type node/secret.ts', 'type server/index.ts'],
      ...['chains/near', 'chains/shared', 'devnet/near'],
      ...['cli/chains/chain.ts', 'cli/chains/shared', 'type cli/config'],
      ...['type cli/chains/wallet.ts', 'type auth/index.ts'],
      ...['cli/arguments.ts', 'cli/errors.ts', 'cli/json-safe.ts', 'cli/output.ts'],
    ],
    packages: ['zod'],
  },
  'cli/chains/icp': {
    rooms: [
      ...[...BASE, 'type node/secret.ts', 'type server/index.ts'],
      ...['chains/icp', 'chains/shared', 'devnet/icp'],
      ...['cli/chains/chain.ts', 'cli/chains/shared', 'type cli/config'],
      ...['type cli/chains/wallet.ts', 'type auth/index.ts'],
      ...['cli/arguments.ts', 'cli/errors.ts', 'cli/json-safe.ts', 'cli/output.ts'],
    ],
    packages: ['zod'],
  },
  'cli/chains/stellar': {
    rooms: [
      ...[...BASE, 'node/secret.ts', 'type server/index.ts'],
      ...['chains/stellar', 'chains/shared', 'devnet/stellar'],
      ...['cli/chains/chain.ts', 'cli/chains/shared', 'type cli/config'],
      ...['type cli/chains/wallet.ts', 'type auth/index.ts', 'cli/config/fields.ts'],
      ...['cli/arguments.ts', 'cli/errors.ts', 'cli/json-safe.ts', 'cli/output.ts'],
    ],
    packages: ['zod'],
  },
  'index.ts': { rooms: ['node/index.ts'] },
}

/** The implementation of the platform is chosen by the package's `imports`, so its name stands for a room. */
const PLATFORM = '#platform'

function isWithin(path: string, room: string): boolean {
  return path === room || path.startsWith(`${room}/`)
}

function roomOf(path: string): string | undefined {
  return Object.keys(ROOMS)
    .filter((room) => isWithin(path, room))
    .sort((a, b) => a.length - b.length)
    .at(-1)
}

function packageOf(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
}

function mayImportPackage(arrows: Arrows, name: string): boolean {
  const scope = `${name.split('/')[0]}/*`
  return arrows.packages?.some((allowed) => allowed === name || allowed === scope) === true
}

function mayImportRoom(arrows: Arrows, target: string, isType: boolean): boolean {
  return arrows.rooms.some((entry) => {
    const isForTypes = entry.startsWith('type ')
    return isWithin(target, isForTypes ? entry.slice(5) : entry) && (isType || !isForTypes)
  })
}

/** Why a file may not import this, or undefined when it may. */
function problemOf(path: string, room: string, found: ImportOf): string | undefined {
  const arrows = ROOMS[room]
  const { specifier, isType } = found
  if (arrows === undefined) return undefined
  if (specifier === undefined) return 'import() takes a literal, so that its arrow can be checked'
  if (isBuiltin(specifier)) {
    return arrows.isPortable === true
      ? `${room} runs in web pages too and may not import ${specifier}`
      : undefined
  }
  if (specifier !== PLATFORM && !specifier.startsWith('.')) {
    const name = packageOf(specifier)
    return mayImportPackage(arrows, name) ? undefined : `${room} may not import package ${name}`
  }
  const target = specifier === PLATFORM ? PLATFORM : posix.join(posix.dirname(path), specifier)
  if (target.startsWith('..')) return `src may not import ${posix.join('src', target)}`
  if (roomOf(target) === room || mayImportRoom(arrows, target, isType)) return undefined
  const how = !isType && mayImportRoom(arrows, target, true) ? ' but by `import type`' : ''
  return `${room} may not import ${target}${how}`
}

/** What is wrong with the imports of the TypeScript files below `root`, a folder like `src`: one line each. */
export function findImportProblems(root: string): string[] {
  return globSync('**/*.{ts,tsx}', { cwd: root })
    .sort()
    .flatMap((path) => {
      const room = roomOf(path)
      if (room === undefined) {
        return [`src/${path}: no room of the table in scripts/check-imports.ts holds this file`]
      }
      return importsOf(path, readFileSync(join(root, path), 'utf8')).flatMap((found) => {
        const problem = problemOf(path, room, found)
        return problem === undefined ? [] : [`src/${path}:${found.line}: ${problem}`]
      })
    })
}

if (import.meta.main) {
  report(
    'imports',
    findImportProblems(join(import.meta.dirname, '../src')),
    'Import through the public files of a room, or change the table in scripts/check-imports.ts and say why.',
  )
}
