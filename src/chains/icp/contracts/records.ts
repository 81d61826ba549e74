/** Records that the canisters store beside those of the rules. */
import * as P from 'micro-packed'
import { bytes, bytes32, option, string } from '../../../node/codec/codec.ts'

/** What a canister was told when it was made. */
export interface Settings {
  /** Of the interface. */
  readonly version: number
  readonly network: string
  /** The canister that it takes groups over from. */
  readonly predecessor?: Uint8Array | undefined
  /** Contexts or packages that may be made in a day. */
  readonly daily: number
  /** Cycles below which none is made. */
  readonly reserve: bigint
}

export const settingsLayout: P.CoderType<Settings> = P.struct({
  ...{ version: P.U16LE, network: string, predecessor: option(bytes) },
  ...{ daily: P.U32LE, reserve: P.U128LE },
})

/** An operation that was applied. */
export interface Entry {
  readonly place: bigint
  /** Of its message, ns since 1970. */
  readonly time: bigint
  /** What its signer signed. */
  readonly digest: Uint8Array
  readonly signer: Uint8Array
  readonly nonce: bigint
  readonly group: Uint8Array
  /** Undefined: it changed nothing. */
  readonly event?: Uint8Array | undefined
}

export const entryLayout: P.CoderType<Entry> = P.struct({
  ...{ place: P.U64LE, time: P.U64LE, digest: bytes32, signer: bytes32 },
  ...{ nonce: P.U64LE, group: bytes32, event: option(bytes) },
})
