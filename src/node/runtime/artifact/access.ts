/**
 * Who may write an entity, as its metadata says: the storage type of the guests' storage library.
 *
 * ```text
 * StorageType = 00                                    public
 *             | 01 owner[32] Option<Signature>        one user's own
 *             | 02                                    frozen: added, never changed
 *             | 03 Vec<(key[32] mask:u8)> Option<Signature>   E5: an anchor, which has writers
 *             | 04 anchor[32] Option<Signature>       E5: a member, which its anchor's writers write
 * Signature   = signature[64] nonce:u64               + E5: Option<signer[32]>
 * ```
 */
import { toHex } from '../../primitives/bytes.ts'
import { isZero } from '../../primitives/ids.ts'
import { BorshReader } from './borsh.ts'

/** No bound: the width of a signature. */
export const SIGNATURE_BYTES = 64

/** What a writer may do, as bits. */
export const MAY = { write: 1, remove: 2, decide: 4 } as const

/** Writers by their keys in hex, and what each may do. */
export type Writers = ReadonlyMap<string, number>

export interface ActionSignature {
  /** Where the 64 bytes lie in the storage type. */
  readonly at: number
  readonly bytes: Uint8Array
  /** ns */
  readonly nonce: bigint
  /** Key in hex; E5 only, and there of anchors and members. */
  readonly signer: string | undefined
}

export type Access =
  | { readonly kind: 'public' | 'frozen' }
  | {
      readonly kind: 'user'
      readonly owner: Uint8Array
      readonly signature: ActionSignature | undefined
    }
  | {
      readonly kind: 'anchor'
      readonly writers: Writers
      readonly signature: ActionSignature | undefined
    }
  | {
      readonly kind: 'member'
      readonly anchor: Uint8Array
      readonly signature: ActionSignature | undefined
    }

/** Reads a storage type that a layout took in. */
export function readAccess(storage: Uint8Array): Access {
  const r = new BorshReader(storage)
  const signature = (): ActionSignature | undefined => {
    if (!r.option()) return undefined
    const at = r.at
    const bytes = r.raw(SIGNATURE_BYTES)
    const nonce = r.u64()
    const signer = r.at < storage.length && r.option() ? toHex(r.id()) : undefined
    return { at, bytes, nonce, signer }
  }
  switch (r.u8()) {
    case 1:
      return { kind: 'user', owner: r.id(), signature: signature() }
    case 2:
      return { kind: 'frozen' }
    case 3: {
      const writers = new Map(r.list(33, () => [toHex(r.id()), r.u8()] as const))
      return { kind: 'anchor', writers, signature: signature() }
    }
    case 4:
      return { kind: 'member', anchor: r.id(), signature: signature() }
    default:
      return { kind: 'public' }
  }
}

/** The signature of a storage type, made or still to be made. */
export function signatureOf(access: Access): ActionSignature | undefined {
  return 'signature' in access ? access.signature : undefined
}

/** Whether the place of a signature is still empty. */
export function isBlank({ bytes }: ActionSignature): boolean {
  return isZero(bytes)
}

/** A storage type with an empty place for its signature: the same at who made it and at who got it. */
export function withoutSignature(storage: Uint8Array): Uint8Array {
  const signature = signatureOf(readAccess(storage))
  if (signature === undefined || isBlank(signature)) return storage
  const out = storage.slice()
  out.fill(0, signature.at, signature.at + SIGNATURE_BYTES)
  return out
}
