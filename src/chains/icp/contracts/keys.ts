/** Keys of the rows that the contracts store: those of the rules as `contracts/core` has them, and the canister's own. */
import { bigEndian, coreKeys, rowKey } from '../../shared/core/keys.ts'

/** Tables of every canister. */
const OWN = { settings: 128, operations: 129, log: 130, applied: 131 } as const

/** Of the canister's own tables. */
const ownKeys = {
  settings: (): Uint8Array => rowKey(OWN.settings),
  operations: (): Uint8Array => rowKey(OWN.operations),
  log: (slot: bigint): Uint8Array => rowKey(OWN.log, bigEndian(slot, 8)),
  /** `countedIn`: in what a signer's nonces are counted. */
  applied: (countedIn: Uint8Array, signer: Uint8Array, nonce: bigint): Uint8Array =>
    rowKey(OWN.applied, countedIn, signer, bigEndian(nonce, 8)),
} as const

export const keys: typeof coreKeys & typeof ownKeys = { ...coreKeys, ...ownKeys }
