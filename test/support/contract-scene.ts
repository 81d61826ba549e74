/** A group on a contract of the Rust core, and short words for what people try with it, on whatever chain that is. */
import type { Signer } from '../../src/node/anchor/anchor.ts'
import { type Envelope, envelopeCodec } from '../../src/node/anchor/envelope.ts'
import type { Domain, InvitationTerms, Operation } from '../../src/node/anchor/operations.ts'
import type { SignedEnvelope } from '../../src/node/anchor/service.ts'
import { ED25519_SCHEME } from '../../src/node/anchor/ticket.ts'
import { type ContextId, type GroupId, PublicKey } from '../../src/node/primitives/ids.ts'
import { contextOf, creation, ownGroup, person } from '../compliance/anchor-support.ts'
import { add } from './ethereum-scene.ts'

/** A request, usual where nothing is said. */
export interface Request extends Partial<Omit<Envelope, 'operation' | 'signer'>> {
  /** Signs in the signer's place. */
  readonly signWith?: Signer
}

type Claim = Extract<Operation, { kind: 'claimInvitation' }>

/** Seed of the claim keys. */
const CLAIM_SEED = new Uint8Array(32).fill(5)

/** The header of a group, as far as tests look at it. */
export interface SeenGroup {
  readonly membersRevision: bigint
  readonly capabilitiesRevision: bigint
  readonly count: number
}

/** A member, as far as tests look at it. */
export interface SeenMember {
  readonly slot: number
  readonly role: number
  readonly capabilities: number
}

/** Part of the list of members. */
export interface SeenPage {
  readonly revision: bigint
  readonly total: number
  readonly items: readonly { readonly identity: Uint8Array }[]
}

/** A is the author, B and C are people that A may add, X is an outsider. `O`: what a call comes to. */
export abstract class ContractScene<O> {
  readonly a: Signer = person('A')
  readonly b: Signer = person('B')
  readonly c: Signer = person('C')
  readonly x: Signer = person('X')
  readonly context: ContextId = contextOf(this.a)
  readonly group: GroupId = ownGroup(this.context)

  abstract readonly domain: Domain
  /** Unix seconds. */
  abstract readonly now: bigint
  /** Another contract that a group may move to. */
  abstract readonly successor: Uint8Array
  /** Operations so far: the place of the next one. */
  abstract readonly place: bigint
  abstract snapshot(): number
  abstract revert(snapshot: number): void
  /** Brings a request, and what it costs. */
  abstract deliver(signed: SignedEnvelope): O
  /** `accepted`, or the refusal's name. */
  abstract nameOf(outcome: O): string
  /** What would become of a request: `accepted`, or the refusal's name. */
  abstract tried(signed: SignedEnvelope): string
  abstract nonceOf(who: Pick<Signer, 'publicKey'>, group?: GroupId): bigint
  abstract header(id?: Uint8Array): SeenGroup | undefined
  abstract member(who: Signer, group?: GroupId): SeenMember | undefined
  abstract page(offset: number, length: number): SeenPage | undefined
  /** Names of the events that are remembered from a place on; undefined where nothing changed. */
  abstract told(from: bigint): (string | undefined)[]

  /** The bytes of a request, with the nonce that is right. */
  envelope(signer: Signer, operation: Operation, request: Request = {}): Uint8Array {
    const { signWith: _, ...fields } = request
    return envelopeCodec.encode({
      ...{ domain: this.domain, subject: this.group, validUntil: this.now + 600n },
      nonce: fields.nonce ?? this.nonceOf(signer),
      ...fields,
      signer: signer.publicKey,
      operation,
    })
  }

  async signed(
    signer: Signer,
    operation: Operation,
    request: Request = {},
  ): Promise<SignedEnvelope> {
    const envelope = this.envelope(signer, operation, request)
    const { signature } = await ED25519_SCHEME.signEnvelope(envelope, request.signWith ?? signer)
    return { envelope, signature }
  }

  async send(signer: Signer, operation: Operation, request: Request = {}): Promise<O> {
    return this.deliver(await this.signed(signer, operation, request))
  }

  /** Sends it; `accepted`, or the refusal's name. */
  async outcome(signer: Signer, operation: Operation, request: Request = {}): Promise<string> {
    return this.nameOf(await this.send(signer, operation, request))
  }

  async create(signer: Signer = this.a): Promise<string> {
    return this.outcome(signer, creation(), { subject: contextOf(signer), nonce: 0n })
  }

  /** A group with A alone, or with others. */
  async begin(...members: readonly Signer[]): Promise<this> {
    this.must(await this.send(this.a, creation(), { subject: this.context, nonce: 0n }))
    if (members.length > 0) this.must(await this.send(this.a, add(...members)))
    return this
  }

  must(outcome: O): O {
    const name = this.nameOf(outcome)
    if (name !== 'accepted') throw new RangeError(`expected success, got ${name}`)
    return outcome
  }

  hasMember(who: Signer): boolean {
    return this.member(who) !== undefined
  }

  /** Terms of an invitation by A, usual where nothing is said. */
  terms(fields: Partial<InvitationTerms> = {}): InvitationTerms {
    return {
      ...{ domain: this.domain, group: this.group, inviter: this.a.publicKey },
      claimKey: PublicKey.from(ED25519_SCHEME.claimKey(CLAIM_SEED)),
      ...{ role: 'writer', capabilities: 0, notAfter: this.now + 600n, maxUses: 1 },
      ...{ inviteNonce: 0n, membership: 1n, series: 0 },
      ...fields,
    }
  }

  async claim(terms: InvitationTerms, claimant: PublicKey, inviter: Signer): Promise<Claim> {
    return {
      kind: 'claimInvitation',
      terms,
      inviterSignature: await ED25519_SCHEME.signInvitation(terms, inviter),
      claimSignature: ED25519_SCHEME.signClaim(CLAIM_SEED, terms, claimant),
    }
  }

  async revocation(terms: InvitationTerms, inviter: Signer): Promise<Operation> {
    const inviterSignature = await ED25519_SCHEME.signInvitation(terms, inviter)
    return { kind: 'revokeInvitation', terms, inviterSignature }
  }
}
