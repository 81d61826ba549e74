/** Modules of canisters: their bytes, packed or not, and the interface that is written in them. */
import { gunzipSync } from 'node:zlib'
import { fromUtf8, toHex } from '../../../node/primitives/bytes.ts'
import { sha256 } from '../../../node/primitives/hash.ts'
import type { ContractName } from '../../shared/core/artifacts.ts'
import { ARTIFACTS } from '../contracts/artifacts.ts'

/** A module that can be installed. */
export interface Module {
  /** As it is sent: WebAssembly, or that packed by gzip. */
  readonly bytes: Uint8Array
  /** SHA-256 of these bytes, hexadecimal: the chain names it by that. */
  readonly codeHash: string
  /** Its interface in Candid; undefined where it says none. */
  readonly candid: string | undefined
}

/** Modules by the canister that they are for. */
export type Modules = Readonly<Record<ContractName, Module>>

let released: Modules | undefined

/** The modules of this release, which come with the package; read once. */
export function releasedModules(): Modules {
  released ??= {
    contexts: moduleOf(ARTIFACTS.codeOf('contexts')),
    packages: moduleOf(ARTIFACTS.codeOf('packages')),
  }
  return released
}

/** Names of the section that has the interface: everybody may read the first, the second is for controllers. */
const SECTIONS: readonly string[] = ['icp:public candid:service', 'icp:private candid:service']

const WASM = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]

/** A module of our own. @throws RangeError for what is no WebAssembly */
export function moduleOf(bytes: Uint8Array): Module {
  const isPacked = bytes[0] === 0x1f && bytes[1] === 0x8b
  const wasm = isPacked ? new Uint8Array(gunzipSync(bytes)) : bytes
  return { bytes, codeHash: toHex(sha256(bytes)), candid: candidOf(wasm) }
}

/** The text of a custom section. */
function candidOf(wasm: Uint8Array): string | undefined {
  if (!WASM.every((byte, i) => wasm[i] === byte)) throw new RangeError('expected a module of Wasm')
  for (let at = WASM.length; at < wasm.length;) {
    const id = wasm[at]
    const [size, start] = leb128(wasm, at + 1)
    at = start + size
    if (id !== 0) continue
    const [length, from] = leb128(wasm, start)
    const name = fromUtf8(wasm.subarray(from, from + length))
    if (SECTIONS.includes(name)) return fromUtf8(wasm.subarray(from + length, at))
  }
  return undefined
}

/** An unsigned number, seven bits a byte, and where it ends. */
function leb128(bytes: Uint8Array, at: number): readonly [number, number] {
  let value = 0
  for (let i = 0; i < 5; i++) {
    const byte = bytes[at + i] ?? 0
    value += (byte & 0x7f) * 2 ** (7 * i)
    if (byte < 0x80) return [value, at + i + 1]
  }
  throw new RangeError('expected a module of Wasm, got a length without end')
}
