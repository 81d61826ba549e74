/** Crates that become WebAssembly modules: what they are made from, and how they are compiled so that anybody gets the same bytes. */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs'
import { homedir } from 'node:os'
import { basename, join, relative } from 'node:path'
import { outputsOf } from '../../src/cli/app/cargo-messages.ts'
import { BuildError, cargoEnvironment, librarySources, run, TOOLS } from './rust-toolchain.ts'

/** Where a crate lives, and what it needs besides its registry's. */
export interface RustCrate {
  /** Folder below the repository. */
  readonly folder: string
  /** Cargo package; its module has underscores for dashes. */
  readonly crate: string
  /** What panic messages call its folder: in a workspace, the last part of its path. */
  readonly alias: string
  /** Folders below the repository of its workspace and of crates that it is made from, and what panic messages call them. */
  readonly parts?: Readonly<Record<string, string>>
  /** Folder below the repository of its workspace, of which Cargo wants all members to be there, whatever is compiled. */
  readonly workspace?: string
  /** What the compiler is told besides {@link RUSTC_FLAGS}. */
  readonly rustcFlags?: readonly string[]
  /** What it is compiled for. @default WEB */
  readonly platform?: RustPlatform
  /** Folder below the repository where it is compiled, when that is not its own: crates that share one compile once what they share. */
  readonly target?: string
  /** Name of a variable that tells the crate the digest of its sources. */
  readonly digestVariable?: string
}

/** What a crate is compiled for. */
export interface RustPlatform {
  readonly triple: string
  /** Parts of the standard library: the toolchain has none compiled, only its sources. */
  readonly library: string
  /** Variables that the build is told. */
  readonly told?: Readonly<Record<string, string>>
}

/** What came of compiling. */
export interface CompiledCrate {
  /** The module, made small. */
  readonly wasm: Buffer
  /** Folder where the crate's build script wrote, if it has one. */
  readonly scriptOutput: string | undefined
}

const WEB: RustPlatform = { triple: 'wasm32-unknown-unknown', library: 'std,panic_abort' }
/** Keeps instructions out that came after the first WebAssembly: hosts may refuse them. */
const RUSTC_FLAGS = ['-C', 'target-cpu=mvp']
const WASM_OPT_FLAGS = ['-Oz', '--mvp-features']

function cargoFlags({ platform: { triple, library } = WEB }: RustCrate): string[] {
  return ['--locked', '--release', '--target', triple, `-Zbuild-std=${library}`]
}

/** Name of the file that Cargo makes. */
export function moduleName({ crate }: Pick<RustCrate, 'crate'>): string {
  return `${crate.replaceAll('-', '_')}.wasm`
}

/** Everything that decides what is built of one folder, a crate or a workspace, as sorted paths below it. */
function filesOf(folder: string): string[] {
  const source = join(folder, 'src')
  const entries = existsSync(source)
    ? readdirSync(source, { recursive: true, withFileTypes: true })
    : []
  const sources = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .map((path) => path.replaceAll('\\', '/'))
  const others = ['Cargo.toml', 'Cargo.lock', 'build.rs'].filter((name) =>
    existsSync(join(folder, name)),
  )
  return [...others, ...sources].sort()
}

/** Everything that decides what is built, as paths from the crate's folder. */
export function sourceFiles(root: string, { folder, parts = {} }: RustCrate): string[] {
  const foreign = Object.keys(parts).flatMap((part) =>
    filesOf(join(root, part)).map((path) => `${relative(folder, part)}/${path}`),
  )
  return [...filesOf(join(root, folder)), ...foreign]
}

/** What a copy must have besides {@link sourceFiles} for Cargo to read the workspace: its other members, as paths below the repository. */
export function workspaceFiles(root: string, crate: RustCrate): string[] {
  return membersOf(root, crate).flatMap((member) =>
    filesOf(join(root, member)).map((path) => `${member}/${path}`),
  )
}

/** Folders below the repository of all crates of its workspace. */
function membersOf(root: string, { workspace }: RustCrate): string[] {
  if (workspace === undefined) return []
  const text = readFileSync(join(root, workspace, 'Cargo.toml'), 'utf8')
  const [, list = ''] = /^members = \[([^\]]*)\]/m.exec(text) ?? []
  return [...list.matchAll(/"([^"]+)"/g)].map(([, name = '']) => join(workspace, name))
}

/** SHA-256 over path, length and content of each source, in the order of {@link sourceFiles}. */
export function sourceDigest(root: string, crate: RustCrate): string {
  const hash = createHash('sha256')
  for (const file of sourceFiles(root, crate)) {
    const content = readFileSync(join(root, crate.folder, file))
    hash.update(`${file}\0${content.length}\0`).update(content)
  }
  return hash.digest('hex')
}

function rename(path: string, name: string): string {
  return `--remap-path-prefix=${path}=${name}`
}

function targetFolder(root: string, { folder, target }: RustCrate): string {
  return join(root, target ?? join(folder, 'target'))
}

/**
 * What folders of this machine are called inside the module. The last match counts. All crates of a workspace are named, so that what they share is
 * compiled with the same flags, and once.
 */
function renameFlags(root: string, crate: RustCrate): string[] {
  const { folder, alias, parts = {} } = crate
  const library = librarySources()
  const registry = join(process.env['CARGO_HOME'] ?? join(homedir(), '.cargo'), 'registry/src')
  // there is none where no crate was ever needed
  const names = existsSync(registry) ? readdirSync(registry) : []
  const members = membersOf(root, crate).map((member) =>
    rename(join(root, member), basename(member)),
  )
  return [
    ...[library, realpathSync(library)].map((path) => rename(path, 'std')),
    ...names.map((name) => rename(join(registry, name), 'crates')),
    ...Object.entries(parts).map(([part, name]) => rename(join(root, part), name)),
    ...(members.length === 0 ? [rename(join(root, folder), alias)] : members),
    rename(targetFolder(root, crate), 'target'),
  ]
}

/** All that decides the bytes besides sources and toolchain, for the record, without paths. */
export function recordedFlags(crate: RustCrate): Record<string, string[]> {
  const { alias, parts = {}, rustcFlags = [] } = crate
  const renames = [
    rename('<library sources>', 'std'),
    rename('<registry sources>', 'crates'),
    ...Object.entries(parts).map(([part, name]) => rename(`<${part}>`, name)),
    rename(`<${alias} folder>`, alias),
    rename('<target folder>', 'target'),
  ]
  return {
    rustc: [...RUSTC_FLAGS, ...rustcFlags, ...renames],
    cargo: cargoFlags(crate),
    wasmOpt: WASM_OPT_FLAGS,
  }
}

/** Compiles the sources of a crate below `root`, the repository or a copy of what {@link sourceFiles} names. */
export function compileCrate(root: string, crate: RustCrate): CompiledCrate {
  const folder = join(root, crate.folder)
  const target = targetFolder(root, crate)
  const { rustcFlags = [], digestVariable, platform = WEB } = crate
  // first, so that the folders of the registry exist and can be renamed
  run(TOOLS.cargo.path, ['fetch', '--locked'], { cwd: folder, env: cargoEnvironment([]) })
  const flags = [...RUSTC_FLAGS, ...rustcFlags, ...renameFlags(root, crate)]
  const told =
    digestVariable === undefined ? {} : { [digestVariable]: `sha256:${sourceDigest(root, crate)}` }
  const output = run(
    TOOLS.cargo.path,
    [
      'build',
      ...cargoFlags(crate),
      '--target-dir',
      target,
      '--message-format=json-render-diagnostics',
    ],
    { cwd: folder, env: { ...cargoEnvironment(flags), ...platform.told, ...told } },
  )
  const built = outputsOf(output.split('\n'), folder)
  if (built === undefined) throw new BuildError('cargo reported no module')
  const { module, scriptOutput } = built
  const small = join(target, moduleName(crate))
  run(TOOLS['wasm-opt'].path, [...WASM_OPT_FLAGS, module, '-o', small])
  return { wasm: readFileSync(small), scriptOutput }
}
