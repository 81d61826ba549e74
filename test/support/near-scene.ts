/** A group on the contract of NEAR, and short words for what people try with it. Who signs and which account pays have nothing to do with each other. */
import * as P from 'micro-packed'
import { signedArgs } from '../../src/chains/near/contracts/codec.ts'
import {
  answers,
  args,
  type Answers,
  type ViewName,
} from '../../src/chains/near/contracts/layouts.ts'
import type { Signer } from '../../src/node/anchor/anchor.ts'
import { type Envelope, envelopeCodec, envelopeDigest } from '../../src/node/anchor/envelope.ts'
import { refusalNumbered } from '../../src/node/anchor/errors.ts'
import type { Domain, InvitationTerms, Operation } from '../../src/node/anchor/operations.ts'
import type { SignedEnvelope } from '../../src/node/anchor/service.ts'
import { ED25519_SCHEME } from '../../src/node/anchor/ticket.ts'
import { fromUtf8, utf8 } from '../../src/node/primitives/bytes.ts'
import { type ContextId, type GroupId, PublicKey } from '../../src/node/primitives/ids.ts'
import { contextOf, creation, ownGroup, person } from '../compliance/anchor-support.ts'
import { add } from './ethereum-scene.ts'
import { type By, BYTE_COST, NEAR, NearBench, type Outcome } from './near-contracts.ts'

/** A request, usual where nothing is said. */
export interface Request extends Partial<Omit<Envelope, 'operation' | 'signer'>> {
  /** Signs in the signer's place. */
  readonly signWith?: Signer
}

type Member = Answers['member']['member']
type Claim = Extract<Operation, { kind: 'claimInvitation' }>

/** Seed of the claim keys. */
const CLAIM_SEED = new Uint8Array(32).fill(5)
/** The name of an event, which its bytes begin with. */
const textLayout = P.apply<Uint8Array, string>(P.bytes(null), {
  encode: (event) => fromUtf8(event.slice(4, 4 + (event[0] ?? 0))),
  decode: utf8,
})

/** Pays for anything, yocto. */
export const PLENTY: By = { deposit: NEAR }

/** Yocto for bytes of storage. */
export function priceOf(count: number | bigint): bigint {
  return BigInt(count) * BYTE_COST
}

export function nameOf({ error }: Outcome): string {
  return error === undefined ? 'accepted' : (error.split(':')[1] ?? error)
}

/** A is the author, B and C are people that A may add, X is an outsider. */
export class Scene {
  readonly a: Signer = person('A')
  readonly b: Signer = person('B')
  readonly c: Signer = person('C')
  readonly x: Signer = person('X')
  readonly context: ContextId = contextOf(this.a)
  readonly group: GroupId = ownGroup(this.context)
  readonly bench: NearBench
  readonly account: string

  constructor(bench: NearBench = new NearBench(), account: string = bench.deploy('contexts')) {
    this.bench = bench
    this.account = account
  }

  get domain(): Domain {
    return this.bench.domain(this.account)
  }

  get usage(): bigint {
    return this.bench.usage(this.account)
  }

  view(method: string, given?: Uint8Array): Uint8Array {
    return this.bench.view(this.account, method, given)
  }

  /** A view's answer. */
  ask<N extends ViewName>(name: N, given?: Uint8Array): Answers[N] {
    return answers[name].decode(this.view(name, given))
  }

  call(method: string, given: Uint8Array, by?: By): Outcome {
    return this.bench.call(this.account, method, given, by)
  }

  /** The bytes of a request, with the nonce that is right. */
  envelope(signer: Signer, operation: Operation, request: Request = {}): Uint8Array {
    const { signWith: _, ...fields } = request
    return envelopeCodec.encode({
      ...{ domain: this.domain, subject: this.group, validUntil: this.bench.now + 600n },
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

  /** Brings a request, and money for it. */
  deliver(signed: SignedEnvelope, by: By = PLENTY): Outcome {
    return this.call('apply', signedArgs(signed), by)
  }

  async send(signer: Signer, operation: Operation, request: Request = {}): Promise<Outcome> {
    return this.deliver(await this.signed(signer, operation, request))
  }

  /** Sends it; `accepted`, or the refusal's name. */
  async outcome(signer: Signer, operation: Operation, request: Request = {}): Promise<string> {
    return nameOf(await this.send(signer, operation, request))
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

  must(outcome: Outcome): Outcome {
    if (outcome.error !== undefined) throw new RangeError(`expected success, got ${outcome.error}`)
    return outcome
  }

  /** What would become of a request: `accepted`, or the refusal's name. */
  tried(signed: SignedEnvelope): string {
    const { number } = this.check(signed)
    return number === 0 ? 'accepted' : (refusalNumbered(number)?.name ?? `E${number}`)
  }

  check(signed: SignedEnvelope): Answers['check'] {
    return this.ask('check', signedArgs(signed))
  }

  nonceOf({ publicKey: identity }: Pick<Signer, 'publicKey'>, group: GroupId = this.group): bigint {
    return this.ask('standing', args.identity.encode({ group, identity })).nonce
  }

  header(id: Uint8Array = this.group): Answers['group'] {
    return this.ask('group', id)
  }

  member({ publicKey: identity }: Signer, group: GroupId = this.group): Member {
    return this.ask('member', args.identity.encode({ group, identity })).member
  }

  hasMember(who: Signer): boolean {
    return this.member(who) !== undefined
  }

  page(offset: number, length: number): Answers['members'] {
    return this.ask('members', args.page.encode({ id: this.group, offset, length }))
  }

  /** Yocto that a group has for storage. */
  credit(group: Uint8Array = this.group): bigint {
    return this.ask('group_credit', group)
  }

  /** Yocto that an account has for storage, without what it must leave. */
  accountCredit(account: string): bigint {
    const told = this.view('storage_balance_of', utf8(JSON.stringify({ account_id: account })))
    const balance = JSON.parse(fromUtf8(told)) as { readonly available: string } | null // NEP-145
    return BigInt(balance?.available ?? 0)
  }

  changes(from: bigint | undefined, length: number): Answers['changes'] {
    return this.ask('changes', args.changes.encode({ from, length }))
  }

  /** Names of the events that are remembered, from a place on. */
  told(from: bigint): (string | undefined)[] {
    return this.changes(from, 100).items.map(({ event }) => event && textLayout.decode(event))
  }

  /** Terms of an invitation by A, usual where nothing is said. */
  terms(fields: Partial<InvitationTerms> = {}): InvitationTerms {
    return {
      ...{ domain: this.domain, group: this.group, inviter: this.a.publicKey },
      claimKey: PublicKey.from(ED25519_SCHEME.claimKey(CLAIM_SEED)),
      ...{ role: 'writer', capabilities: 0, notAfter: this.bench.now + 600n, maxUses: 1 },
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

  /** What became of a request: 0, 1 with a height, or 2. */
  applied(envelope: Uint8Array): readonly [fate: number, height: bigint | undefined] {
    const { subject, signer, nonce } = envelopeCodec.decode(envelope)
    const digest = envelopeDigest(envelope)
    const given = args.applied.encode({ subject, signer, nonce, digest })
    const [fate = -1] = this.view('applied', given)
    return [fate, this.ask('applied', given).height]
  }
}
