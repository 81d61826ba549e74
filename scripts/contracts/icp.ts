/**
 * The canisters on the Internet Computer (`contracts/icp`): one module each, which says in public what its methods are, imports nothing but the
 * system's functions, and has only what the first WebAssembly had. They are packed, as the chain takes them.
 */
import { gunzipSync } from 'node:zlib'
import { findForeignImports, type RustBuild } from '../support/rust-artefacts.ts'
import { gzip } from '../../src/node/applications/tar.ts'
import { sized } from '../support/wasm-sections.ts'

const NAMES = ['contexts', 'packages'] as const

/** Where tools look for the methods of a canister; anybody may read it. */
const CANDID_SECTION = 'icp:public candid:service'

/** The part used here of what Node has, but neither its types nor the language library declare. */
interface WebAssemblyReader {
  readonly Module: {
    new (bytes: Uint8Array): object
    imports(module: object): { module: string; name: string }[]
    customSections(module: object, name: string): ArrayBuffer[]
  }
  readonly Instance: new (module: object, imports: object) => { readonly exports: object }
}
const WASM = (globalThis as unknown as { WebAssembly: WebAssemblyReader }).WebAssembly

/** What the module exports that says its methods. */
interface Describing {
  readonly memory: { readonly buffer: ArrayBuffer }
  get_candid_pointer(): number
}

/** How one of them is built. */
function buildOf(name: (typeof NAMES)[number]): RustBuild {
  const packed = `${name}.wasm.gz`
  return {
    folder: `contracts/icp/${name}`,
    crate: `merogate-icp-${name}`,
    alias: name,
    parts: {
      contracts: 'contracts',
      'contracts/core': 'core',
      'contracts/icp': 'icp',
      'contracts/icp/tree': 'tree',
    },
    workspace: 'contracts',
    target: 'contracts/icp/target',
    output: `contracts/artifacts/icp/${name}`,
    artefacts: [packed],
    make: ({ wasm }) =>
      new Map([[packed, gzip(withSection(wasm, CANDID_SECTION, candidOf(wasm)))]]),
    unpack: (_, bytes) => gunzipSync(bytes),
    check: (artefacts) => {
      const bytes = artefacts.get(packed)
      if (bytes === undefined) return []
      const wasm = gunzipSync(bytes)
      return [...findForeignImports(wasm, 'ic0'), ...findSilence(wasm)]
    },
  }
}

/** What is wrong when the module does not say its methods. */
function findSilence(wasm: Buffer): string[] {
  const [section] = WASM.Module.customSections(new WASM.Module(wasm), CANDID_SECTION)
  const said = section === undefined ? '' : Buffer.from(section).toString()
  return said === candidOf(wasm) ? [] : [`${CANDID_SECTION} is not what the module says itself`]
}

/** The methods as the module itself tells them. */
function candidOf(wasm: Buffer): string {
  const module = new WASM.Module(wasm)
  const imports: Record<string, Record<string, () => number>> = {}
  for (const entry of WASM.Module.imports(module)) {
    imports[entry.module] = { ...imports[entry.module], [entry.name]: () => 0 }
  }
  const { exports } = new WASM.Instance(module, imports)
  const { memory, get_candid_pointer: point } = exports as Describing // of our own module
  const from = point()
  const bytes = Buffer.from(memory.buffer)
  return bytes.toString('utf8', from, bytes.indexOf(0, from))
}

/** A module with one more custom section at its end. */
function withSection(wasm: Buffer, name: string, text: string): Buffer {
  const content = Buffer.concat([sized(Buffer.from(name)), Buffer.from(text)])
  return Buffer.concat([wasm, Buffer.of(0), sized(content)])
}

export const ICP_CONTRACTS: readonly RustBuild[] = NAMES.map(buildOf)
