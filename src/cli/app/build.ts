/** From the sources of an application to its bundle: `merogate app build`. */
import { existsSync } from 'node:fs'
import { mkdir, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { packBundle } from '../../node/applications/pack.ts'
import type { SigningKey } from '../../node/crypto/sign.ts'
import { shortHex } from '../../node/primitives/bytes.ts'
import { sha256 } from '../../node/primitives/hash.ts'
import { cliError } from '../errors.ts'
import { type AbiText, readAbi } from './abi.ts'
import { outputsOf } from './cargo-messages.ts'
import { findPrograms, runProgram } from './run.ts'
import { findToolchain, TARGET, type Toolchain } from './toolchain.ts'

export interface BuildOptions {
  /** Folder of its Cargo.toml. */
  readonly folder: string
  /** Where the bundle goes. @default dist/<crate>.mpk in the folder */
  readonly out?: string | undefined
  /** Who signs. @default nobody */
  readonly key?: SigningKey | undefined
  /** Gives the version one of its own, by the module's content: of a package and version there is one build. @default false */
  readonly isForDevelopment?: boolean
  /** Called with each line to show, Cargo's among them. */
  readonly onLine: (line: string) => void
  /** Ends the build. @default nothing does */
  readonly signal?: AbortSignal | undefined
}

/** What was built. */
export interface Built {
  /** The bundle. */
  readonly file: string
  readonly package: string
  readonly version: string
  /** Bytes of the bundle, and of the module in it. */
  readonly size: number
  readonly moduleSize: number
  readonly abi: AbiText
}

/** The part of a crate's description that is used. */
interface Crate {
  readonly name: string
  readonly version: string
  readonly description: string | undefined
  /** Of the bundle, and for people. */
  readonly package: string
  readonly title: string
}

/** The part of what `cargo metadata` says that is used. */
interface CargoMetadata {
  readonly packages: readonly {
    readonly name: string
    readonly version: string
    readonly description: string | null
    readonly manifest_path: string
    /** `[package.metadata]`, as the author wrote it. */
    readonly metadata: {
      readonly merogate?: { readonly package?: unknown; readonly name?: unknown }
    } | null
  }[]
}

/** What compilers use without being asked, and stripped modules no longer name. */
const WASM_OPT_FLAGS = [
  ...['-Oz', '--enable-bulk-memory', '--enable-sign-ext', '--enable-mutable-globals'],
  ...['--enable-nontrapping-float-to-int', '--enable-multivalue', '--enable-reference-types'],
]

/** Builds one. @throws CLI_BUILD, CLI_FILE */
export async function buildApplication(options: BuildOptions): Promise<Built> {
  const { onLine, key, isForDevelopment = false } = options
  const asked = resolve(options.folder)
  if (!existsSync(join(asked, 'Cargo.toml'))) {
    throw cliError('CLI_FILE', `there is no Cargo.toml in ${asked}: name the application's folder`)
  }
  const folder = await realpath(asked)
  const toolchain = await findToolchain(folder)
  const crate = await readCrate(toolchain, folder)
  onLine(`building ${crate.name} ${crate.version} with ${toolchain.version}`)
  const { module, scriptOutput } = await compile(toolchain, folder, options)
  const wasm = await makeSmall(module, options)
  const abi = await readAbiFile(scriptOutput)
  const text = readAbi(abi === undefined ? undefined : JSON.parse(abi.toString()))
  onLine(
    abi === undefined
      ? 'no ABI: build.rs writes none, so clients and `merogate app inspect` see names of methods only'
      : `ABI: ${text.methods.length} methods, ${text.events.length} events`,
  )
  const version = isForDevelopment
    ? `${crate.version}-dev.${shortHex(sha256(wasm))}`
    : crate.version
  const { description, title: name } = crate
  const metadata = description === undefined ? { name } : { name, description }
  const bundle = packBundle({ package: crate.package, version, wasm, abi, metadata, key })
  const file = resolve(options.out ?? join(folder, 'dist', `${crate.name}.mpk`))
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, bundle)
  const sizes = { size: bundle.length, moduleSize: wasm.length }
  return { file, package: crate.package, version, ...sizes, abi: text }
}

async function readCrate({ cargo, env }: Toolchain, folder: string): Promise<Crate> {
  const said: string[] = []
  const { code, lines } = await runProgram(
    cargo,
    ['metadata', '--no-deps', '--format-version', '1'],
    { cwd: folder, env, onLine: (line) => said.push(line) },
  )
  if (code !== 0) throw cliError('CLI_BUILD', `cargo cannot read Cargo.toml: ${said.join('\n')}`)
  // Cargo wrote it
  const { packages } = JSON.parse(lines.join('\n')) as CargoMetadata
  const found = packages.find((one) => one.manifest_path === join(folder, 'Cargo.toml'))
  if (found === undefined) {
    const message = `${folder}/Cargo.toml is no crate: name the folder of one, such as a member of the workspace`
    throw cliError('CLI_BUILD', message)
  }
  const { name, version, description, metadata } = found
  const { merogate = {} } = metadata ?? {}
  const text = (value: unknown): string | undefined =>
    typeof value === 'string' && value !== '' ? value : undefined
  return {
    ...{ name, version, description: description ?? undefined },
    package: text(merogate.package) ?? `com.example.${name}`,
    title: text(merogate.name) ?? name,
  }
}

async function compile(
  { cargo, flags, env }: Toolchain,
  folder: string,
  { onLine, signal }: BuildOptions,
) {
  const args = [
    ...['build', '--release', '--target', TARGET, '--message-format=json-render-diagnostics'],
    ...flags,
  ]
  const { code, lines } = await runProgram(cargo, args, { cwd: folder, env, onLine, signal })
  signal?.throwIfAborted()
  if (code !== 0) throw cliError('CLI_BUILD', 'cargo failed; its messages are above')
  const outputs = outputsOf(lines, folder)
  if (outputs !== undefined) return outputs
  const message = 'cargo made no module: Cargo.toml needs `crate-type = ["cdylib"]` in [lib]'
  throw cliError('CLI_BUILD', message)
}

/** The module after wasm-opt, where there is one that takes it. */
async function makeSmall(
  module: string,
  { folder: cwd, onLine, signal }: BuildOptions,
): Promise<Uint8Array> {
  const [optimizer] = findPrograms('wasm-opt')
  if (optimizer === undefined) return readFile(module)
  const small = `${module}.small`
  const args = [...WASM_OPT_FLAGS, module, '-o', small]
  const { code } = await runProgram(optimizer, args, { cwd, signal })
  const before = await readFile(module)
  if (code !== 0) {
    onLine('wasm-opt does not take the module, which goes into the bundle as it is')
    return before
  }
  const wasm = await readFile(small)
  await rm(small)
  onLine(`wasm-opt: ${before.length} to ${wasm.length} bytes`)
  return wasm
}

async function readAbiFile(scriptOutput: string | undefined): Promise<Buffer | undefined> {
  const file = join(scriptOutput ?? '', 'abi.json')
  return scriptOutput !== undefined && existsSync(file) ? readFile(file) : undefined
}
