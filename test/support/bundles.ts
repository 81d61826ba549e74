/** Bundles made in memory, well-formed and otherwise. */
import { gzipSync } from 'node:zlib'
import { type Headers, pack } from 'tar-stream'
import { concat, toHex, utf8 } from '../../src/node/primitives/bytes.ts'
import { sha256 } from '../../src/node/primitives/hash.ts'

export { signManifest } from '../../src/node/applications/pack.ts'

/** The smallest WebAssembly module: magic and version. A marker makes others, told apart by a custom section. */
export function wasmModule(marker = ''): Uint8Array {
  const empty = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)
  if (marker === '') return empty
  const name = utf8(marker)
  return concat(empty, Uint8Array.of(0, name.length + 1, name.length), name)
}

/** A file in an archive: content, or a header of its own for entries that are no plain files. */
export type ArchiveFile = readonly [
  name: string,
  content: Uint8Array | string,
  header?: Partial<Headers>,
]

/** A tar archive; equal bytes for equal files. */
export async function tarArchive(files: readonly ArchiveFile[]): Promise<Uint8Array> {
  const archive = pack()
  for (const [name, content, header] of files) {
    archive.entry({ name, mtime: new Date(0), ...header }, Buffer.from(content))
  }
  archive.finalize()
  const pieces: Uint8Array[] = []
  for await (const piece of archive) pieces.push(piece)
  return concat(...pieces)
}

/** A gzipped archive. */
export async function writeBundle(files: readonly ArchiveFile[]): Promise<Uint8Array> {
  return new Uint8Array(gzipSync(await tarArchive(files)))
}

/** A manifest for a module at `app.wasm`; `changes` are laid over it. */
export function manifestFor(
  wasm: Uint8Array,
  changes: Record<string, unknown> = {},
): Record<string, unknown> {
  return {
    version: '1.0',
    package: 'com.example.app',
    appVersion: '1.2.3',
    wasm: { path: 'app.wasm', hash: toHex(sha256(wasm)), size: wasm.length },
    abi: null,
    migrations: [],
    metadata: { name: 'Example' },
    ...changes,
  }
}

/** A well-formed bundle of a module. */
export function appBundle(
  wasm: Uint8Array = wasmModule(),
  changes: Record<string, unknown> = {},
): Promise<Uint8Array> {
  return writeBundle([
    ['manifest.json', JSON.stringify(manifestFor(wasm, changes))],
    ['app.wasm', wasm],
  ])
}
