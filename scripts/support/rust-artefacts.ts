/**
 * What is built of Rust and committed, so that users need none: written with a manifest of sources, toolchain, flags and hashes, checked
 * against that anywhere, and built again and compared where the same toolchain is.
 */
import { createHash } from 'node:crypto'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { findLeaks } from './leaks.ts'
import {
  compileCrate,
  recordedFlags,
  sourceDigest,
  sourceFiles,
  workspaceFiles,
  type CompiledCrate,
  type RustCrate,
} from './rust-crate.ts'
import { BuildError, missingPackages, missingSentence, toolVersions } from './rust-toolchain.ts'

/** Artefacts in memory, by file name. */
export type Artefacts = ReadonlyMap<string, Buffer>

/** One crate and what is made of it. */
export interface RustBuild extends RustCrate {
  /** Folder below the repository where its artefacts lie. */
  readonly output: string
  /** File names of its artefacts. */
  readonly artefacts: readonly string[]
  /** A text that may look like this machine's name and is ours. */
  readonly words?: string
  /** The artefacts, of what was compiled below `root`. */
  make(compiled: CompiledCrate, root: string): Artefacts
  /** What is wrong inside artefacts that are all there and as recorded. */
  check(artefacts: Artefacts): string[]
  /** What is compared and searched in place of the bytes: compressed ones differ between builds of zlib. */
  unpack?(name: string, bytes: Buffer): Buffer
}

/** `manifest.json`: what the artefacts were made from, with what, and what came out. */
export interface BuildManifest {
  readonly sources: { readonly sha256: string; readonly files: readonly string[] }
  readonly toolchain: Readonly<Record<string, string>>
  readonly flags: Readonly<Record<string, readonly string[]>>
  readonly artefacts: Readonly<Record<string, { readonly sha256: string; readonly size: number }>>
}

const REPOSITORY = join(import.meta.dirname, '../..')
const MANIFEST = 'manifest.json'

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

export function toJson(value: unknown): Buffer {
  return Buffer.from(`${JSON.stringify(value, null, 2)}\n`)
}

/** The part used here of what Node has, but neither its types nor the language library declare. */
interface ModuleReader {
  new (bytes: Uint8Array): object
  imports(module: object): { module: string; name: string; kind: string }[]
}
export const WASM: { readonly Module: ModuleReader } = (
  globalThis as unknown as { WebAssembly: { Module: ModuleReader } }
).WebAssembly

/** Things other than functions of one module, which the host would not provide. */
export function findForeignImports(wasm: Buffer, from: string): string[] {
  return WASM.Module.imports(new WASM.Module(wasm))
    .filter((entry) => entry.module !== from || entry.kind !== 'function')
    .map((entry) => `the module imports ${entry.kind} ${entry.module}.${entry.name}`)
}

function describeBuild(build: RustBuild, artefacts: Artefacts): BuildManifest {
  const files = [...artefacts].map(
    ([name, bytes]) => [name, { sha256: sha256(bytes), size: bytes.length }] as const,
  )
  return {
    sources: { sha256: sourceDigest(REPOSITORY, build), files: sourceFiles(REPOSITORY, build) },
    toolchain: toolVersions(),
    flags: recordedFlags(build),
    artefacts: Object.fromEntries(files),
  }
}

/** Compiles a crate and writes its artefacts. */
export function writeArtefacts(build: RustBuild): void {
  const missing = missingPackages()
  if (missing.length > 0) throw new BuildError(missingSentence(missing))
  const artefacts = build.make(compileCrate(REPOSITORY, build), REPOSITORY)
  const output = join(REPOSITORY, build.output)
  rmSync(output, { recursive: true, force: true })
  mkdirSync(output, { recursive: true })
  for (const [name, bytes] of artefacts) writeFileSync(join(output, name), bytes)
  writeFileSync(join(output, MANIFEST), toJson(describeBuild(build, artefacts)))
}

function readArtefacts({ output, artefacts }: RustBuild): Artefacts {
  const folder = join(REPOSITORY, output)
  const present = artefacts.filter((name) => existsSync(join(folder, name)))
  return new Map(present.map((name) => [name, readFileSync(join(folder, name))]))
}

export function readManifest({ output }: RustBuild): BuildManifest | undefined {
  const path = join(REPOSITORY, output, MANIFEST)
  // our own format
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as BuildManifest) : undefined
}

function unpacked(build: RustBuild, name: string, bytes: Buffer): Buffer {
  return build.unpack?.(name, bytes) ?? bytes
}

/** What is wrong with the committed artefacts of a crate; empty when nothing is. Needs no toolchain. */
export function checkArtefacts(build: RustBuild): string[] {
  const manifest = readManifest(build)
  if (manifest === undefined) return [`${build.output}/${MANIFEST} is missing`]
  const found = readArtefacts(build)
  const problems = build.artefacts.flatMap((name) => {
    const bytes = found.get(name)
    if (bytes === undefined) return [`${build.output}/${name} is missing`]
    const isRecorded = manifest.artefacts[name]?.sha256 === sha256(bytes)
    return isRecorded ? [] : [`${build.output}/${name} is not the file its manifest records`]
  })
  if (manifest.sources.sha256 !== sourceDigest(REPOSITORY, build)) {
    problems.push('the sources changed after the artefacts were built')
  }
  const written = readFileSync(join(REPOSITORY, build.output, MANIFEST))
  problems.push(...findLeaks(MANIFEST, written, build.words))
  if (problems.length > 0) return problems
  const leaks = [...found].flatMap(([name, bytes]) =>
    findLeaks(name, unpacked(build, name, bytes), build.words),
  )
  return [...leaks, ...build.check(found)]
}

/** Why bytes built here could not be compared, or undefined when they can. */
function reasonToSkip(build: RustBuild): string | undefined {
  const missing = missingPackages()
  if (missing.length > 0) return missingSentence(missing)
  const recorded = readManifest(build)?.toolchain ?? {}
  const different = Object.entries(toolVersions()).find(
    ([name, version]) => recorded[name] !== version,
  )
  if (different === undefined) return undefined
  const [name, version] = different
  return `built with "${recorded[name]}", here is "${version}"`
}

/** Builds a copy in a folder of another name; its bytes must be the committed ones. */
function rebuild(build: RustBuild): string[] {
  const copy = realpathSync(mkdtempSync(join(tmpdir(), 'build-rust-')))
  try {
    const sources = sourceFiles(REPOSITORY, build).map((file) => join(build.folder, file))
    for (const path of new Set([...workspaceFiles(REPOSITORY, build), ...sources])) {
      mkdirSync(dirname(join(copy, path)), { recursive: true })
      cpSync(join(REPOSITORY, path), join(copy, path))
    }
    const committed = readArtefacts(build)
    return [...build.make(compileCrate(copy, build), copy)]
      .filter(([name, bytes]) => {
        const other = committed.get(name)
        return (
          other === undefined || !unpacked(build, name, bytes).equals(unpacked(build, name, other))
        )
      })
      .map(([name]) => `${build.output}/${name} differs from a fresh build of the same sources`)
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}

/** Builds a crate elsewhere and compares: its problems, or why that was left out. */
export function compareWithRebuild(
  build: RustBuild,
): { readonly problems: readonly string[] } | { readonly skipped: string } {
  const problems = checkArtefacts(build)
  if (problems.length > 0) return { problems }
  const skipped = reasonToSkip(build)
  return skipped === undefined ? { problems: rebuild(build) } : { skipped }
}

/** Names and sizes of the committed artefacts. */
export function sizesOf(build: RustBuild): string {
  return [...readArtefacts(build)].map(([name, { length }]) => `${name} ${length} bytes`).join(', ')
}
