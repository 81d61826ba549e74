// Builds the Rust example apps into committed modules and bundles, or checks what is committed.
//
//   node scripts/build-apps.ts                  rebuild everything (needs the Debian toolchain)
//   node scripts/build-apps.ts --check          sources, hashes and contents agree (needs nothing)
//   node scripts/build-apps.ts --rebuild-check  build elsewhere and compare bytes, or say why not
//
// A folder behind the arguments takes that app alone. Users need no Rust: they take the artefacts under apps/*/dist.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { type BundleContent, bundleArchive, packBundle } from '../src/node/applications/pack.ts'
import {
  checkArtefacts,
  compareWithRebuild,
  findForeignImports,
  sizesOf,
  writeArtefacts,
  type Artefacts,
  type RustBuild,
} from './support/rust-artefacts.ts'
import { moduleName, type CompiledCrate } from './support/rust-crate.ts'
import { BuildError } from './support/rust-toolchain.ts'

/** One app: where it lives and, when it is more than a module, what its bundle says about it. */
interface App {
  /** Folder below the repository. */
  readonly folder: string
  /** Cargo package; the bundle is `<crate>.mpk`, the module has underscores for dashes. */
  readonly crate: string
  readonly bundle?: Bundle
  /** See {@link RustBuild}. */
  readonly parts?: Readonly<Record<string, string>>
}

interface Bundle {
  /** Reverse-domain name; with the version it makes the application id. */
  readonly package: string
  readonly name: string
  readonly description: string
}

const APPS: readonly App[] = [
  {
    folder: 'apps/kv-store-rs',
    crate: 'kv-store',
    bundle: {
      package: 'com.merogate.kv-store',
      name: 'Key-value store',
      description: 'Map, counters, list and register of the Rust SDK, with one event handler',
    },
  },
  {
    folder: 'test/apps/calls-rs',
    crate: 'calls',
    bundle: {
      package: 'com.merogate.calls',
      name: 'Calls',
      description: 'Contexts that call each other',
    },
  },
  // its collections are more than the SDK's own emitter of ABIs knows
  { folder: 'test/apps/collections-rs', crate: 'collections' },
  { folder: 'test/apps/shared-rs', crate: 'shared' },
  // one source, and a folder with its own lock file for each release
  ...['0.8.0', '0.10.0-rc.20', '0.10.0', '0.10.1-rc.47'].map((release) => ({
    folder: `test/apps/older-rs/${release}`,
    crate: 'older',
    parts: { 'test/apps/older-rs': 'older' },
  })),
]

const REPOSITORY = join(import.meta.dirname, '..')
const BUILD_COMMAND = 'node scripts/build-apps.ts'
const ABI = 'abi.json'
/** Module that hosts offer their functions in. */
const HOST = 'env'

function appVersion(root: string, folder: string): string {
  const text = readFileSync(join(root, folder, 'Cargo.toml'), 'utf8')
  const version = /^version = "([^"]+)"$/m.exec(text)
  if (version?.[1] === undefined) throw new BuildError(`${folder}/Cargo.toml states no version`)
  return version[1]
}

/** What its bundle holds. */
function contentOf(bundle: Bundle, version: string, wasm: Buffer, abi: Buffer): BundleContent {
  const { name, description } = bundle
  return { package: bundle.package, version, wasm, abi, metadata: { name, description } }
}

/** How an app is built, and what its artefacts must be. */
function buildOf({ folder, crate, bundle, parts }: App): RustBuild {
  const module = moduleName({ crate })
  const packed = `${crate}.mpk`
  const base = { folder, crate, alias: 'app', output: `${folder}/dist`, ...(parts && { parts }) }
  if (bundle === undefined) {
    return {
      ...base,
      artefacts: [module],
      make: ({ wasm }) => new Map([[module, wasm]]),
      check: (artefacts) => checkModule(artefacts.get(module)),
    }
  }
  const make = ({ wasm, scriptOutput }: CompiledCrate, root: string): Artefacts => {
    if (scriptOutput === undefined) throw new BuildError('cargo reported no build script output')
    const abi = readFileSync(join(scriptOutput, ABI))
    return new Map([
      [ABI, abi],
      [packed, Buffer.from(packBundle(contentOf(bundle, appVersion(root, folder), wasm, abi)))],
      [module, wasm],
    ])
  }
  const check = (artefacts: Artefacts): string[] => {
    const [wasm, abi, archive] = [module, ABI, packed].map((name) => artefacts.get(name))
    const problems = checkModule(wasm)
    if (wasm === undefined || abi === undefined || archive === undefined) return problems
    const expected = bundleArchive(contentOf(bundle, appVersion(REPOSITORY, folder), wasm, abi))
    const isExpected = gunzipSync(archive).equals(expected)
    return isExpected ? problems : [...problems, 'the bundle holds other files']
  }
  return {
    ...base,
    artefacts: [ABI, packed, module],
    words: bundle.package,
    make,
    check,
    unpack: (name, bytes) => (name === packed ? gunzipSync(bytes) : bytes),
  }
}

function checkModule(wasm: Buffer | undefined): string[] {
  return wasm === undefined ? [] : findForeignImports(wasm, HOST)
}

/** Prints the problems of an app, or the sizes of its artefacts. */
function report(app: RustBuild, problems: readonly string[]): void {
  for (const problem of problems) console.error(`${app.folder}: ${problem}`)
  if (problems.length > 0) {
    throw new BuildError(`${app.folder} needs a new build: run \`${BUILD_COMMAND}\``)
  }
  console.log(`${app.folder}: ok, ${sizesOf(app)}`)
}

function build(app: RustBuild): void {
  writeArtefacts(app)
  report(app, checkArtefacts(app))
}

function rebuildOrSkip(app: RustBuild): void {
  const compared = compareWithRebuild(app)
  if ('problems' in compared) report(app, compared.problems)
  else console.log(`${app.folder}: rebuild skipped, ${compared.skipped}`)
}

function main(args: readonly string[]): void {
  const flags = args.filter((arg) => arg.startsWith('--'))
  const folders = args.filter((arg) => !arg.startsWith('--'))
  const actions: Record<string, (app: RustBuild) => void> = {
    '': build,
    '--check': (app) => report(app, checkArtefacts(app)),
    '--rebuild-check': rebuildOrSkip,
  }
  const action = actions[flags.join(' ')]
  const apps = APPS.filter(({ folder }) => folders.length === 0 || folders.includes(folder))
  if (action === undefined || apps.length === 0)
    throw new BuildError(`usage: ${BUILD_COMMAND} [--check|--rebuild-check] [folder]`)
  for (const app of apps) action(buildOf(app))
}

try {
  main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof BuildError)) throw error
  console.error(error.message)
  process.exitCode = 1
}
