/** A contract beside its reference model, as random requests find them: whatever is asked of both must be answered alike. */
import type { Signer } from '../../../src/node/anchor/anchor.ts'
import type { Envelope } from '../../../src/node/anchor/envelope.ts'
import type { Domain, InvitationTerms, Operation } from '../../../src/node/anchor/operations.ts'
import type { DecisionOf } from '../../../src/chains/local/model/checks.ts'
import type { MemberState, MemoryState } from '../../../src/chains/local/model/groups/state.ts'
import type { GroupId, PublicKey } from '../../../src/node/primitives/ids.ts'
import type { Door } from '../../support/ethereum-proofs.ts'

/** How a request is proved, and whether it is. */
export interface Proof {
  readonly door: Door
  /** Who really signs, or sends. */
  readonly signWith: Signer
  /** Instead of a signature. */
  readonly garbage?: Uint8Array | undefined
}

/** What came of a request: the refusal's name and the nonce it names, or `accepted`. */
export type Verdict = readonly [name: string, expected: bigint | undefined]

/** Terms of which those that are not given are usual. */
export type GivenTerms = Partial<InvitationTerms> &
  Pick<InvitationTerms, 'group' | 'inviter' | 'notAfter'>

export interface Pair {
  /** What the model stores; the contract must answer as if it did. */
  readonly state: MemoryState
  /** Terms that were made, by who gave them and their number. */
  readonly tickets: Map<string, InvitationTerms>
  now: bigint
  /** Another contract that there may be; 20 bytes of seven where none is said. */
  readonly successor?: Uint8Array | undefined
  /** The contract's. */
  domain(): Domain
  /** The identity's record in a group, as the model has it. */
  member(group: GroupId, identity: PublicKey): MemberState | undefined
  termsOf(given: GivenTerms): InvitationTerms
  claim(
    terms: InvitationTerms,
    claimant: PublicKey,
    inviter: Signer,
    by: Door,
  ): Promise<Extract<Operation, { kind: 'claimInvitation' }>>
  revocation(
    terms: InvitationTerms,
    inviter: Signer,
    by: Door,
  ): Promise<Extract<Operation, { kind: 'revokeInvitation' }>>
  /** Sends a request to both at the same second; fails unless they agree on everything. */
  submit(request: Omit<Envelope, 'domain'> & Partial<Envelope>, proof: Proof): Promise<Verdict>
  /** What is kept of anybody must be the same, member or not. */
  compareStanding(group: GroupId, identity: PublicKey): Promise<void>
  /** What is remembered of an invitation must be the same too. */
  compareInvitation(terms: InvitationTerms): Promise<void>
}

/** The model's answer. */
export function verdictOf(decision: DecisionOf<unknown, unknown, unknown>): Verdict {
  if (decision.accepted) return ['accepted', undefined]
  const { name, expected } = decision.refusal
  return [name, expected]
}

/** How often each thing happened. */
export function count(outcomes: Map<string, number>, name: string): void {
  outcomes.set(name, (outcomes.get(name) ?? 0) + 1)
}

/** A failure with where it happened. */
export async function told<T>(label: string, promise: Promise<T>): Promise<T> {
  try {
    return await promise
  } catch (cause) {
    throw new Error(`${label}: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    })
  }
}

/** Whether bytes are an address of 20 bytes that somebody may have: the rule of Ethereum, by which the random moves are made. */
export function isContract(address: Uint8Array): boolean {
  return address.length === 20 && address.some((byte) => byte !== 0)
}
