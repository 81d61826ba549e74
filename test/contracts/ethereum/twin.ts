/** The contract and its reference model side by side: the same requests at the same second, and whatever can be asked afterwards compared. */
import { expect } from 'chai'
import { getAddress } from 'ethers'
import { hex } from '../../../src/chains/ethereum/contracts/codec.ts'
import type { Signer } from '../../../src/node/anchor/anchor.ts'
import {
  applicationCodec,
  claimDigest,
  type Envelope,
  envelopeCodec,
  envelopeDigest,
  invitationDigest,
} from '../../../src/node/anchor/envelope.ts'
import { expectProjected } from '../../property/anchor/projected.ts'
import { Projection } from '../../property/anchor/projection.ts'
import { decodeEvent } from '../../../src/chains/ethereum/contracts/events.ts'
import type { DecisionOf } from '../../../src/chains/local/model/checks.ts'
import { decide, type Decision } from '../../../src/chains/local/model/groups/decide.ts'
import type { KeyRules } from '../../../src/chains/local/model/request.ts'
import {
  headerKey,
  invitationKey,
  memberKey,
  type MemberState,
  MemoryState,
  slotKey,
  standingOf,
} from '../../../src/chains/local/model/groups/state.ts'
import type { Domain, InvitationTerms, Operation } from '../../../src/node/anchor/operations.ts'
import { equalBytes } from '../../../src/node/primitives/bytes.ts'
import { isStrongKey, verifySignature } from '../../../src/node/crypto/sign.ts'
import { type ContextId, GroupId, type PublicKey } from '../../../src/node/primitives/ids.ts'
import {
  type ContractBench,
  type ContractEvent,
  GENESIS,
  type Outcome,
} from '../../support/ethereum-contracts.ts'
import {
  accountOf,
  claimOf,
  delivery,
  type Door,
  prove,
  termsOf,
} from '../../support/ethereum-proofs.ts'
import {
  isContract,
  type GivenTerms,
  type Pair,
  type Proof,
  type Verdict,
  verdictOf,
} from '../shared/pair.ts'
import { plainModelEvent } from '../shared/plain-events.ts'

const ROLES = { writer: 0, reader: 1, relay: 2 } as const
/** No address. */
const ZERO = new Uint8Array(20)
const APPROVERS = { govern: 0, members: 1 } as const

export class Twin implements Pair {
  readonly state: MemoryState = new MemoryState()
  readonly contexts: ContextId[] = []
  readonly groups: GroupId[] = []
  /** Terms that were made, by who gave them and their number. */
  readonly tickets: Map<string, InvitationTerms> = new Map()
  /** Digests of all that somebody signed, hexadecimal. */
  readonly invitations: Set<string> = new Set()
  /** Accepted events of the contract, in their order. */
  readonly events: ContractEvent[] = []
  now: bigint
  readonly #bench: ContractBench
  /** Identities that have an account in the registry. */
  readonly #bound: ReadonlySet<string>
  /** Signatures by accounts that are right: the model knows ed25519 only. */
  readonly #right = new Set<string>()

  constructor(bench: ContractBench, bound: readonly Signer[]) {
    this.#bench = bench
    this.#bound = new Set(bound.map(({ publicKey }) => hex(publicKey)))
    this.now = GENESIS + 10_000n
  }

  domain(): Domain {
    return this.#bench.domain()
  }

  termsOf(given: GivenTerms): InvitationTerms {
    return termsOf(this.#bench, given)
  }

  /** The identity's record in a group, as the model has it. */
  member(group: GroupId, identity: PublicKey): MemberState | undefined {
    return this.state.get('members', memberKey(group, identity))
  }

  /** A claim; the model is told which of its signatures are right. */
  async claim(
    terms: InvitationTerms,
    claimant: PublicKey,
    inviter: Signer,
    by: Door,
  ): Promise<Extract<Operation, { kind: 'claimInvitation' }>> {
    const claim = await claimOf(
      this.#bench,
      terms,
      claimant,
      inviter,
      by === 'account' ? by : 'ed25519',
    )
    this.invitations.add(invitationKey(invitationDigest(terms)))
    const isBound = this.#bound.has(hex(inviter.publicKey))
    if (by === 'account' && isBound) {
      this.#trust(inviter.publicKey, invitationDigest(terms), claim.inviterSignature)
    }
    this.#trust(terms.claimKey, claimDigest(terms, claimant), claim.claimSignature)
    return claim
  }

  /** A revocation; the model is told whether the inviter's signature is right. */
  async revocation(
    terms: InvitationTerms,
    inviter: Signer,
    by: Door,
  ): Promise<Extract<Operation, { kind: 'revokeInvitation' }>> {
    const { inviterSignature } = await this.claim(terms, inviter.publicKey, inviter, by)
    return { kind: 'revokeInvitation', terms, inviterSignature }
  }

  /** What the model says of bytes that are signed by their signer's own key. */
  judge(envelope: Uint8Array, signature: Uint8Array): Decision {
    const keys: KeyRules = {
      isStrong: isStrongKey,
      verify: (key, message, given) =>
        this.#right.has(proofKey(key, message, given)) || verifySignature(key, message, given),
    }
    const context = { domain: this.#bench.domain(), now: this.now, keys, isContract }
    return decide(this.state, { envelope, signature }, context)
  }

  /** Sends a request to both at the same second; fails unless they agree on everything. */
  async submit(
    request: Omit<Envelope, 'domain'> & Partial<Envelope>,
    proof: Proof,
  ): Promise<Verdict> {
    const bench = this.#bench
    const { door, signWith, garbage } = proof
    const envelope = envelopeCodec.encode({ domain: bench.domain(), ...request })
    const genuine = await prove(bench, envelope, door, signWith)
    const signed = { envelope, signature: garbage ?? genuine.signature }
    const from = door === 'sender' ? accountOf(signWith).address : undefined
    await bench.setNext(this.now)
    const outcome = await bench.send(delivery(bench.anchor, signed, door, from))

    const isBound = this.#bound.has(hex(request.signer))
    // an account that sends needs no bytes at all
    const isGenuine = garbage === undefined || (door === 'sender' && garbage.length === 0)
    const isOwn = equalBytes(signWith.publicKey, request.signer) && isGenuine
    if (door !== 'ed25519' && isOwn && isBound) {
      this.#trust(request.signer, envelopeDigest(envelope), signed.signature)
    }
    const decision = this.judge(envelope, signed.signature)
    const verdict = verdictByDoor(decision, door !== 'ed25519' && !isBound)
    expect(verdictOfContract(outcome), `${request.operation.kind} by ${door}`).to.deep.equal(
      verdict,
    )
    if (decision.accepted && outcome.error === undefined) this.#accept(decision, outcome.events)
    await this.#compare()
    return verdict
  }

  #trust(key: Uint8Array, message: Uint8Array, signature: Uint8Array): void {
    this.#right.add(proofKey(key, message, signature))
  }

  #accept(
    { envelope, effects, event }: Extract<Decision, { accepted: true }>,
    announced: readonly ContractEvent[],
  ): void {
    this.state.apply(effects)
    this.events.push(...announced)
    expect(announced.map(plainEvent)).to.deep.equal(
      event === undefined ? [] : [plainModelEvent(event)],
    )
    if (envelope.operation.kind !== 'createContext') return
    // a creation's subject is a context
    this.contexts.push(envelope.subject as ContextId)
    if (envelope.operation.group === undefined) this.groups.push(GroupId.from(envelope.subject))
  }

  /** Everything that can be asked. */
  async #compare(): Promise<void> {
    for (const id of this.contexts) {
      const stored = this.state.get('contexts', headerKey(id))
      const told = await this.#bench.view('context', [hex(id)])
      expect(told, 'context').to.deep.equal(
        stored && [
          hex(stored.group),
          stored.applicationRevision,
          hex(applicationCodec.encode(stored.application)),
        ],
      )
    }
    for (const id of this.groups) await this.#compareGroup(id)
  }

  async #compareGroup(id: GroupId): Promise<void> {
    const header = this.state.get('groups', headerKey(id))
    if (header === undefined) throw new RangeError('expected a group of the model')
    const [told] = await this.#bench.view('group', [hex(id)])
    expect([...(told as unknown[])], 'group').to.deep.equal([
      ...[header.membersRevision, header.capabilitiesRevision, BigInt(header.count)],
      ...[BigInt(header.managers), BigInt(APPROVERS[header.options.approvers]), header.sealed],
      ...[header.migration?.movesAt ?? 0n, getAddress(hex(header.migration?.successor ?? ZERO))],
    ])
    const page = await this.#bench.view('members', [hex(id), 0, 100])
    const [revision, total, identities, records] = page as [bigint, bigint, string[], unknown[][]] // by the ABI
    expect([revision, total]).to.deep.equal([header.membersRevision, BigInt(header.count)])
    const slots = Array.from({ length: header.count }, (_, slot) => {
      const identity = this.state.get('slots', slotKey(id, slot))
      if (identity === undefined) throw new RangeError(`expected a member in slot ${slot}`)
      return identity
    })
    expect([...identities], 'slots').to.deep.equal(slots.map(hex))
    expect(
      records.map((record) => [...record]),
      'members',
    ).to.deep.equal(
      slots.map((identity) => {
        const member = this.member(id, identity)
        return (
          member && [
            ...[member.nonce, member.joinedRevision, BigInt(member.slot)],
            ...[BigInt(ROLES[member.role]), BigInt(member.capabilities), BigInt(member.series)],
          ]
        )
      }),
    )
  }

  /** The contract's log, replayed alone, must tell all that is stored. */
  async compareLog(people: readonly PublicKey[]): Promise<void> {
    const address = this.#bench.anchor
    const logs = await this.#bench.request('eth_getLogs', { address, fromBlock: '0x0' })
    const projection = new Projection()
    for (const log of logs as Parameters<typeof decodeEvent>[1][]) {
      const event = decodeEvent('the chain', log)
      if (event !== undefined) projection.apply(event)
    }
    expectProjected(projection, {
      ...{ state: this.state, now: this.now, contexts: this.contexts, groups: this.groups },
      ...{ people, invitations: [...this.invitations] },
    })
  }

  /** What is kept of anybody must be the same, member or not. */
  async compareStanding(group: GroupId, identity: PublicKey): Promise<void> {
    if (this.state.get('groups', headerKey(group)) === undefined) return
    const standing = standingOf(this.state, group, identity, this.now)
    const [told] = await this.#bench.view('member', [hex(group), hex(identity)])
    const { nonce, joinedRevision, series } = told as Record<string, bigint> // by the ABI
    expect([nonce, joinedRevision, series], 'standing').to.deep.equal([
      ...[standing.nonce, standing.joinedRevision, BigInt(standing.series)],
    ])
  }

  /** What is remembered of an invitation must be the same too. */
  async compareInvitation(terms: InvitationTerms): Promise<void> {
    const digest = invitationDigest(terms)
    const known = this.state.get('invitations', invitationKey(digest))
    const live = known !== undefined && known.notAfter >= this.now ? known : undefined
    const [told] = await this.#bench.view('invitation', [hex(digest)])
    const { notAfter = 0n, uses = 0, revoked = false } = live ?? {}
    expect([...(told as unknown[])], 'invitation').to.deep.equal([notAfter, BigInt(uses), revoked])
  }
}

/** Name of a proof that is right. */
export function proofKey(...parts: readonly Uint8Array[]): string {
  return parts.map(hex).join()
}

/** The model's answer. It knows no accounts: without one, nobody's signature is right. */
export function verdictByDoor(
  decision: DecisionOf<unknown, unknown, unknown>,
  hasNoAccount: boolean,
): Verdict {
  const [name, expected] = verdictOf(decision)
  return [hasNoAccount && name === 'BadSignature' ? 'NotBound' : name, expected]
}

export function verdictOfContract(outcome: Outcome): Verdict {
  return outcome.error === undefined ? ['accepted', undefined] : [outcome.error, outcome.expected]
}

/** An event of the contract: names and values, numbers as they are. */
export function plainEvent({ name, args }: ContractEvent): unknown {
  return { name, ...args }
}
