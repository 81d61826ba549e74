/** What a rule sees of the request it decides on, and what it answers. */
import type { PublicKey } from '../../../node/primitives/ids.ts'
import { refusal, type Refusal, type RefusalName } from '../../../node/anchor/errors.ts'
import type { Envelope } from '../../../node/anchor/envelope.ts'
import type { EventBody } from '../../../node/anchor/events.ts'
import type { GroupDraft } from './groups/draft.ts'
import type { Domain, Operation } from '../../../node/anchor/operations.ts'

/** The rules about keys, which differ in their implementation per platform and must not differ in their answers. */
export interface KeyRules {
  /** Whether the bytes are a canonical point that is not of small order. */
  isStrong(publicKey: Uint8Array): boolean
  /** Strict RFC 8032 verification of a plain signature. */
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean
}

/** What a contract knows besides its records. */
export interface DecideContext {
  readonly domain: Domain
  /** The contract's clock, Unix seconds. */
  readonly now: bigint
  readonly keys: KeyRules
  /** Whether it takes groups over from another contract. @default false */
  readonly hasPredecessor?: boolean
  /** Whether bytes are the address of a contract on this chain. @default all are */
  readonly isContract?: (address: Uint8Array) => boolean
}

/** A request that passed every check up to its operation's own rules. */
export interface Request<K extends Operation['kind'] = Operation['kind']> {
  readonly envelope: Envelope
  readonly operation: Extract<Operation, { kind: K }>
  readonly signer: PublicKey
  readonly group: GroupDraft
  /** Unix seconds. */
  readonly now: bigint
  readonly keys: KeyRules
  readonly context: DecideContext
}

/** What changed, with the revision that counts it; `NOTHING` when the state is already as asked. `B` is what the contract announces. */
export type RuleOutcome<B = EventBody> =
  { readonly refusal: Refusal } | { readonly event: B | undefined; readonly revision: bigint }

/** Success without a change. */
export const NOTHING: RuleOutcome<never> = { event: undefined, revision: 0n }

/** A change that happened. */
export function changed<B = EventBody>(event: B, revision: bigint = 0n): RuleOutcome<B> {
  return { event, revision }
}

/** A change that must not happen. */
export function refuse(name: RefusalName, expected?: bigint): RuleOutcome<never> {
  return { refusal: refusal(name, expected) }
}
