/** How contracts are made: what their ids follow from, and what they begin with. */
import { sha256 } from '../../../node/primitives/hash.ts'
import { type XdrReader, XdrWriter } from '../codec/xdr.ts'
import { type Executable, readExecutable, writeExecutable } from '../storage/entries.ts'
import { type Address, readAddress, writeAddress } from '../value/address.ts'
import { FREE } from '../budget/costs.ts'
import { Objects } from '../value/objects.ts'
import { readScVal } from '../value/scval.ts'

/** What the id of a contract follows from. */
export type Preimage =
  | { readonly kind: 'address'; readonly address: Address; readonly salt: Uint8Array }
  /** XDR of an asset. */
  | { readonly kind: 'asset'; readonly asset: Uint8Array }

export interface Creation {
  readonly preimage: Preimage
  readonly executable: Executable
  /** XDR of what the constructor gets. */
  readonly args: readonly Uint8Array[]
}

/** XDR of the native asset. */
export const NATIVE_ASSET: Uint8Array = new XdrWriter().u32(0).done()
/** XDR's type of what ids of contracts are hashes of. */
const ENVELOPE_CONTRACT_ID = 8

function writePreimage(w: XdrWriter, preimage: Preimage): XdrWriter {
  if (preimage.kind === 'asset') return w.u32(1).raw(preimage.asset)
  return writeAddress(w.u32(0), preimage.address).raw(preimage.salt)
}

/** What is hashed. */
export function idPreimage(networkId: Uint8Array, preimage: Preimage): Uint8Array {
  const w = new XdrWriter().u32(ENVELOPE_CONTRACT_ID).raw(networkId)
  return writePreimage(w, preimage).done()
}

/** Id of the contract of the native asset. */
export function nativeContract(networkId: Uint8Array): Uint8Array {
  return sha256(idPreimage(networkId, { kind: 'asset', asset: NATIVE_ASSET }))
}

/** XDR of `CreateContractArgsV2`. */
export function writeCreation(w: XdrWriter, { preimage, executable, args }: Creation): XdrWriter {
  writeExecutable(writePreimage(w, preimage), executable).u32(args.length)
  for (const one of args) w.raw(one)
  return w
}

/** Of `CreateContractArgs`, or with `hasArgs` of `CreateContractArgsV2`. @throws HostError, XdrInvalid */
export function readCreation(r: XdrReader, hasArgs: boolean): Creation {
  const preimage = readPreimage(r)
  const executable = readExecutable(r)
  if (!hasArgs) return { preimage, executable, args: [] }
  const values = new Objects(FREE)
  const args: Uint8Array[] = []
  for (let left = r.count(); left > 0; left--) {
    const { at } = r
    readScVal(values, r)
    args.push(r.since(at))
  }
  return { preimage, executable, args }
}

function readPreimage(r: XdrReader): Preimage {
  if (r.u32() === 0) {
    const address = readAddress(r)
    return { kind: 'address', address, salt: r.opaque(32) }
  }
  const { at } = r
  const codeBytes = [0, 4, 12][r.u32()] ?? 0
  // the code of the asset, and its issuer
  if (codeBytes > 0) r.opaque(codeBytes + 36)
  return { kind: 'asset', asset: r.since(at) }
}
