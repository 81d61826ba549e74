// Builds the Rust example apps into committed modules and bundles, or checks what is committed.
//
//   node scripts/build-apps.ts                  rebuild everything (needs the Debian toolchain)
//   node scripts/build-apps.ts --check          sources, hashes and contents agree (needs nothing)
//   node scripts/build-apps.ts --rebuild-check  build elsewhere and compare bytes, or say why not
//
// A folder behind the arguments takes that app alone. Users need no Rust: they take the artefacts under apps/*/dist.

import { createHash } from 'node:crypto'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { homedir, hostname, tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { gunzipSync } from 'node:zlib'
import {
  BuildError,
  cargoEnvironment,
  librarySources,
  missingPackages,
  missingSentence,
  run,
  TOOLS,
  toolVersions,
} from './support/rust-toolchain.ts'
import { gzip, tar } from './support/tar.ts'

/** One app: where it lives and, when it is more than a module, what its bundle says about it. */
interface App {
  /** Folder below the repository. */
  readonly folder: string
  /** Cargo package; the bundle is `<crate>.mpk`, the module has underscores for dashes. */
  readonly crate: string
  readonly bundle?: Bundle
}

interface Bundle {
  /** Reverse-domain name; with the version it makes the application id. */
  readonly package: string
  readonly name: string
  readonly description: string
}

/** A built app, all of it in memory, keyed by file name. */
type Artefacts = ReadonlyMap<string, Buffer>

/** `dist/manifest.json`: what the artefacts were made from, with what, and what came out. */
interface BuildManifest {
  sources: { sha256: string; files: string[] }
  toolchain: Record<string, string>
  flags: { rustc: string[]; cargo: string[]; wasmOpt: string[] }
  artefacts: Record<string, { sha256: string; size: number }>
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
  // its collections are more than the SDK's own emitter of ABIs knows
  { folder: 'test/apps/collections-rs', crate: 'collections' },
]

const REPOSITORY = resolve(import.meta.dirname, '..')
const BUILD_COMMAND = 'node scripts/build-apps.ts'
const TARGET = 'wasm32-unknown-unknown'
const MANIFEST = 'manifest.json'
const ABI = 'abi.json'

/** Keeps instructions out that came after the first WebAssembly: hosts may refuse them. */
const RUSTC_FLAGS = ['-C', 'target-cpu=mvp']
const CARGO_FLAGS = [
  '--locked',
  '--release',
  '--target',
  TARGET,
  // the toolchain has no compiled library for this target, only its sources
  '-Zbuild-std=std,panic_abort',
]
const WASM_OPT_FLAGS = ['-Oz', '--mvp-features']

/** Folders of a builder, as panic messages would carry them, and the name of a registry's folder. */
const LEAK_PATTERNS: readonly RegExp[] = [
  /\/(?:root|home|Users|usr|work|workspace|builds?|opt|srv|mnt|tmp)\//,
  /registry\/src/,
  /index\.[a-z.]+-[0-9a-f]{16}/,
]
/** A shorter host name would be found by accident. */
const MIN_HOST_NAME_LENGTH = 6

/** The part used here of what Node has, but neither its types nor the language library declare. */
interface ModuleReader {
  new (bytes: Uint8Array): object
  imports(module: object): { module: string; name: string; kind: string }[]
}
const WasmModule = (globalThis as unknown as { WebAssembly: { Module: ModuleReader } }).WebAssembly
  .Module

// ---- sources and hashes ----

const appFolder = (app: App): string => join(REPOSITORY, app.folder)
const moduleName = (app: App): string => `${app.crate.replaceAll('-', '_')}.wasm`
const bundleName = (app: App): string => `${app.crate}.mpk`
const artefactNames = (app: App): string[] =>
  app.bundle === undefined ? [moduleName(app)] : [ABI, bundleName(app), moduleName(app)]

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function toJson(value: unknown): Buffer {
  return Buffer.from(`${JSON.stringify(value, null, 2)}\n`)
}

/** Everything that decides what is built, as sorted paths below the app's folder. */
function sourceFiles(folder: string): string[] {
  const sources = readdirSync(join(folder, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .map((path) => path.replaceAll('\\', '/'))
  const others = ['Cargo.toml', 'Cargo.lock', 'build.rs'].filter((name) =>
    existsSync(join(folder, name)),
  )
  return [...others, ...sources].sort()
}

/** SHA-256 over path, length and content of each source, in the order of the paths. */
function sourceDigest(folder: string): string {
  const hash = createHash('sha256')
  for (const file of sourceFiles(folder)) {
    const content = readFileSync(join(folder, file))
    hash.update(`${file}\0${content.length}\0`).update(content)
  }
  return hash.digest('hex')
}

function appVersion(folder: string): string {
  const version = /^version = "([^"]+)"$/m.exec(readFileSync(join(folder, 'Cargo.toml'), 'utf8'))
  if (version?.[1] === undefined) throw new BuildError(`${folder}/Cargo.toml states no version`)
  return version[1]
}

// ---- bundle ----

/** The archive inside an unsigned `.mpk`, before compression. */
function bundleArchive(bundle: Bundle, version: string, wasm: Buffer, abi: Buffer): Buffer {
  const describe = (path: string, bytes: Buffer) => ({
    path,
    hash: sha256(bytes),
    size: bytes.length,
  })
  const manifest = {
    version: '1.0',
    package: bundle.package,
    appVersion: version,
    wasm: describe('app.wasm', wasm),
    abi: describe(ABI, abi),
    migrations: [],
    metadata: { name: bundle.name, description: bundle.description },
  }
  return tar([
    [MANIFEST, toJson(manifest)],
    ['app.wasm', wasm],
    [ABI, abi],
  ])
}

// ---- build ----

/** What folders of this machine are called inside the module. The last match counts. */
function renameFlags(folder: string, target: string): string[] {
  const library = librarySources()
  const registry = join(process.env['CARGO_HOME'] ?? join(homedir(), '.cargo'), 'registry/src')
  const crates = readdirSync(registry).map((name) => join(registry, name))
  return [
    ...[library, realpathSync(library)].map((path) => rename(path, 'std')),
    ...crates.map((path) => rename(path, 'crates')),
    rename(folder, 'app'),
    rename(target, 'target'),
  ]
}

/** The same for the record, without paths. */
const RECORDED_RENAMES = [
  rename('<library sources>', 'std'),
  rename('<registry sources>', 'crates'),
  rename('<app folder>', 'app'),
  rename('<target folder>', 'target'),
]

function rename(path: string, name: string): string {
  return `--remap-path-prefix=${path}=${name}`
}

interface CargoMessage {
  readonly reason: string
  readonly manifest_path?: string
  readonly package_id?: string
  readonly filenames?: readonly string[]
  readonly out_dir?: string
}

/** Where Cargo put the module, and the ABI when there is a build script to write it. */
function findOutputs(
  messages: readonly CargoMessage[],
  folder: string,
): { module: string; abi: string | undefined } {
  const built = messages.find(
    (message) =>
      message.manifest_path === join(folder, 'Cargo.toml') &&
      message.filenames?.some((file) => file.endsWith('.wasm')),
  )
  const script = messages.find(
    (message) =>
      message.reason === 'build-script-executed' && message.package_id === built?.package_id,
  )
  const wasm = built?.filenames?.find((file) => file.endsWith('.wasm'))
  if (wasm === undefined) throw new BuildError('cargo reported no module')
  return { module: wasm, abi: script?.out_dir && join(script.out_dir, ABI) }
}

/** Compiles the sources in `folder` and returns the artefacts without writing any. */
function compile(app: App, folder: string): Artefacts {
  const target = join(folder, 'target')
  // first, so that the folders of the registry exist and can be renamed
  run(TOOLS.cargo.path, ['fetch', '--locked'], { cwd: folder, env: cargoEnvironment([]) })
  const flags = [...RUSTC_FLAGS, ...renameFlags(folder, target)]
  const output = run(
    TOOLS.cargo.path,
    ['build', ...CARGO_FLAGS, '--target-dir', target, '--message-format=json-render-diagnostics'],
    { cwd: folder, env: cargoEnvironment(flags) },
  )
  const lines = output.split('\n').filter((line) => line !== '')
  const messages = lines.map((line) => JSON.parse(line) as CargoMessage)
  const outputs = findOutputs(messages, folder)
  const small = join(target, moduleName(app))
  run(TOOLS['wasm-opt'].path, [...WASM_OPT_FLAGS, outputs.module, '-o', small])
  const wasm = readFileSync(small)
  if (app.bundle === undefined) return new Map([[moduleName(app), wasm]])
  if (outputs.abi === undefined) throw new BuildError('cargo reported no build script output')
  const abi = readFileSync(outputs.abi)
  return new Map([
    [ABI, abi],
    [bundleName(app), gzip(bundleArchive(app.bundle, appVersion(folder), wasm, abi))],
    [moduleName(app), wasm],
  ])
}

function describeBuild(folder: string, artefacts: Artefacts): BuildManifest {
  const files = [...artefacts].map(
    ([name, bytes]) => [name, { sha256: sha256(bytes), size: bytes.length }] as const,
  )
  return {
    sources: { sha256: sourceDigest(folder), files: sourceFiles(folder) },
    toolchain: toolVersions(),
    flags: {
      rustc: [...RUSTC_FLAGS, ...RECORDED_RENAMES],
      cargo: CARGO_FLAGS,
      wasmOpt: WASM_OPT_FLAGS,
    },
    artefacts: Object.fromEntries(files),
  }
}

function build(app: App): void {
  const missing = missingPackages()
  if (missing.length > 0) throw new BuildError(missingSentence(missing))
  const folder = appFolder(app)
  const artefacts = compile(app, folder)
  const dist = join(folder, 'dist')
  rmSync(dist, { recursive: true, force: true })
  mkdirSync(dist)
  for (const [name, bytes] of artefacts) writeFileSync(join(dist, name), bytes)
  writeFileSync(join(dist, MANIFEST), toJson(describeBuild(folder, artefacts)))
  report(app, check(app))
}

// ---- checks ----

/** Names of this machine that no artefact may carry. */
function machineNames(app: App): string[] {
  const folders = [REPOSITORY, homedir(), process.env['CARGO_HOME']]
  const names = folders.filter((path) => path !== undefined).map((path) => `${resolve(path)}/`)
  const host = hostname()
  const isTelling = host.length >= MIN_HOST_NAME_LENGTH && !app.bundle?.package.includes(host)
  return isTelling ? [...names, host] : names
}

/** Names of folders or machines inside one artefact; a bundle is searched unpacked. */
function findLeaks(app: App, name: string, bytes: Buffer): string[] {
  const text = (name.endsWith('.mpk') ? gunzipSync(bytes) : bytes).toString('latin1')
  const matches = LEAK_PATTERNS.map((pattern) => pattern.exec(text)?.[0])
  const leaks = [...matches, ...machineNames(app).filter((word) => text.includes(word))]
  return leaks
    .filter((leak) => leak !== undefined)
    .map((leak) => `${name} contains "${leak}", a name of the machine that built it`)
}

/** Things other than functions of `env`, which the host would not provide. */
function findForeignImports(wasm: Buffer): string[] {
  return WasmModule.imports(new WasmModule(wasm))
    .filter((entry) => entry.module !== 'env' || entry.kind !== 'function')
    .map((entry) => `the module imports ${entry.kind} ${entry.module}.${entry.name}`)
}

function readArtefacts(app: App): Artefacts {
  const dist = join(appFolder(app), 'dist')
  const present = artefactNames(app).filter((name) => existsSync(join(dist, name)))
  return new Map(present.map((name) => [name, readFileSync(join(dist, name))]))
}

function findChanged(manifest: BuildManifest, name: string, bytes: Buffer | undefined): string[] {
  if (bytes === undefined) return [`dist/${name} is missing`]
  const recorded = manifest.artefacts[name]?.sha256
  return recorded === sha256(bytes) ? [] : [`dist/${name} is not the file its manifest records`]
}

/** What is wrong inside artefacts that are all there and as recorded. */
function checkContents(app: App, artefacts: Artefacts): string[] {
  const problems = [...artefacts].flatMap(([name, bytes]) => findLeaks(app, name, bytes))
  const wasm = artefacts.get(moduleName(app))
  const abi = artefacts.get(ABI)
  const bundle = artefacts.get(bundleName(app))
  if (wasm === undefined) return problems
  problems.push(...findForeignImports(wasm))
  if (app.bundle === undefined || abi === undefined || bundle === undefined) return problems
  const expected = bundleArchive(app.bundle, appVersion(appFolder(app)), wasm, abi)
  if (!gunzipSync(bundle).equals(expected)) problems.push('the bundle holds other files')
  return problems
}

/** What is wrong with the committed artefacts of an app; empty when nothing is. */
function check(app: App): string[] {
  const folder = appFolder(app)
  const manifestPath = join(folder, 'dist', MANIFEST)
  if (!existsSync(manifestPath)) return [`dist/${MANIFEST} is missing`]
  const manifestBytes = readFileSync(manifestPath)
  const manifest = JSON.parse(manifestBytes.toString()) as BuildManifest
  const artefacts = readArtefacts(app)
  const problems = artefactNames(app).flatMap((name) =>
    findChanged(manifest, name, artefacts.get(name)),
  )
  if (manifest.sources.sha256 !== sourceDigest(folder)) {
    problems.push('the sources changed after the artefacts were built')
  }
  problems.push(...findLeaks(app, MANIFEST, manifestBytes))
  return problems.length > 0 ? problems : checkContents(app, artefacts)
}

/** Why bytes built here could not be compared, or undefined when they can. */
function reasonToSkip(app: App): string | undefined {
  const missing = missingPackages()
  if (missing.length > 0) return missingSentence(missing)
  const path = join(appFolder(app), 'dist', MANIFEST)
  const manifest = JSON.parse(readFileSync(path, 'utf8')) as BuildManifest
  const different = Object.entries(toolVersions()).find(
    ([name, version]) => manifest.toolchain[name] !== version,
  )
  if (different === undefined) return undefined
  const [name, version] = different
  return `built with "${manifest.toolchain[name]}", here is "${version}"`
}

/** Builds a copy in a folder of another name; its bytes must be the committed ones. */
function rebuildCheck(app: App): string[] {
  const copy = realpathSync(mkdtempSync(join(tmpdir(), 'build-apps-')))
  try {
    for (const file of sourceFiles(appFolder(app))) {
      mkdirSync(dirname(join(copy, file)), { recursive: true })
      cpSync(join(appFolder(app), file), join(copy, file))
    }
    const committed = readArtefacts(app)
    // compressed bytes differ between builds of zlib, so archives are compared
    const unpack = (name: string, bytes: Buffer): Buffer =>
      name.endsWith('.mpk') ? gunzipSync(bytes) : bytes
    return [...compile(app, copy)]
      .filter(([name, bytes]) => {
        const other = committed.get(name)
        return other === undefined || !unpack(name, bytes).equals(unpack(name, other))
      })
      .map(([name]) => `dist/${name} differs from a fresh build of the same sources`)
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}

/** Prints the problems of an app, or the sizes of its artefacts. */
function report(app: App, problems: readonly string[]): void {
  for (const problem of problems) console.error(`${app.folder}: ${problem}`)
  if (problems.length > 0) {
    throw new BuildError(`${app.folder} needs a new build: run \`${BUILD_COMMAND}\``)
  }
  const sizes = [...readArtefacts(app)].map(([name, bytes]) => `${name} ${bytes.length} bytes`)
  console.log(`${app.folder}: ok, ${sizes.join(', ')}`)
}

function rebuildCheckOrSkip(app: App): void {
  report(app, check(app))
  const reason = reasonToSkip(app)
  if (reason === undefined) report(app, rebuildCheck(app))
  else console.log(`${app.folder}: rebuild skipped, ${reason}`)
}

function main(args: readonly string[]): void {
  const flags = args.filter((arg) => arg.startsWith('--'))
  const folders = args.filter((arg) => !arg.startsWith('--'))
  const actions: Record<string, (app: App) => void> = {
    '': build,
    '--check': (app) => report(app, check(app)),
    '--rebuild-check': rebuildCheckOrSkip,
  }
  const action = actions[flags.join(' ')]
  const apps = APPS.filter(({ folder }) => folders.length === 0 || folders.includes(folder))
  if (action === undefined || apps.length === 0)
    throw new BuildError(`usage: ${BUILD_COMMAND} [--check|--rebuild-check] [folder]`)
  for (const app of apps) action(app)
}

try {
  main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof BuildError)) throw error
  console.error(error.message)
  process.exitCode = 1
}
