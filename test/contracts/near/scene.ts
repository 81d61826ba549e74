/** The contract of contexts, people that sign for it, and accounts that pay: whoever they are, they are not the same. */
import * as P from 'micro-packed'
import type { Role, Signer } from '../../../src/node/anchor/anchor.ts'
import { type Envelope, envelopeCodec, envelopeDigest } from '../../../src/node/anchor/envelope.ts'
import type { Domain, Operation } from '../../../src/node/anchor/operations.ts'
import type { SignedEnvelope } from '../../../src/node/anchor/service.ts'
import { ED25519_SCHEME } from '../../../src/node/anchor/ticket.ts'
import { bytes, bytes32, option, vec } from '../../../src/node/codec/codec.ts'
import { utf8 } from '../../../src/node/primitives/bytes.ts'
import { sha256 } from '../../../src/node/primitives/hash.ts'
import type { ContextId, GroupId } from '../../../src/node/primitives/ids.ts'
import { contextOf, creation, ownGroup, person } from '../../compliance/anchor-support.ts'
import { BYTE_COST, type Call, type ContractName, NearHost, type Outcome } from './host.ts'

export const NETWORK = 'testnet'
/** More than any operation needs, yocto. */
export const PLENTY: bigint = 10n ** 24n

/** What would become of a request. */
interface Checked {
  /** Of the refusal, or 0. */
  readonly number: number
  readonly expected?: bigint | undefined
  /** Bytes to pay for. */
  readonly growth: bigint
}

/** Part of the ring. */
interface Changes {
  readonly next: bigint
  readonly oldest: bigint
  readonly items: {
    readonly place: bigint
    readonly height: bigint
    readonly digest: Uint8Array
    readonly signer: Uint8Array
    readonly nonce: bigint
    readonly event?: Uint8Array | undefined
  }[]
}

/** A group. */
interface Header {
  readonly id: Uint8Array
  readonly membersRevision: bigint
  readonly capabilitiesRevision: bigint
  readonly count: number
  readonly managers: number
  readonly approvers: number
  readonly sealed: boolean
  readonly migration?: { readonly successor: Uint8Array; readonly movesAt: bigint } | undefined
}

const requestLayout = P.struct({ envelope: bytes, signature: bytes })
const identityLayout = P.struct({ group: bytes32, identity: bytes32 })
const standingLayout = P.struct({
  ...{ isKnown: P.bool, nonce: P.U64LE, joinedRevision: P.U64LE, series: P.U16LE },
})
const checkLayout: P.CoderType<Checked> = P.struct({
  number: P.U8,
  expected: option(P.U64LE),
  growth: P.I64LE,
})
const changesLayout: P.CoderType<Changes> = P.struct({
  ...{ next: P.U64LE, oldest: P.U64LE },
  items: vec(
    P.struct({
      ...{ place: P.U64LE, height: P.U64LE, digest: bytes32, signer: bytes32, nonce: P.U64LE },
      event: option(bytes),
    }),
  ),
})
const groupLayout: P.CoderType<Header | undefined> = option(
  P.struct({
    ...{ id: bytes32, membersRevision: P.U64LE, capabilitiesRevision: P.U64LE },
    ...{ count: P.U32LE, managers: P.U32LE, approvers: P.U8, sealed: P.bool },
    migration: option(P.struct({ successor: bytes, movesAt: P.U64LE })),
  }),
)

/** A contract that was initialised as a deployment does it. */
export function deployed(
  name: ContractName,
  account: string = `${name}.near`,
  predecessor: string | null = null,
): NearHost {
  const host = new NearHost(name, account)
  const args = utf8(JSON.stringify({ network: NETWORK, predecessor }))
  const { error } = host.call('new', args, { by: account })
  if (error !== undefined) throw new Error(error)
  return host
}

export function domainOf(host: NearHost): Domain {
  return { chain: 1, network: sha256(utf8(NETWORK)), contract: utf8(host.account) }
}

export function requestBytes(signed: SignedEnvelope): Uint8Array {
  return requestLayout.encode(signed)
}

export function balanceOf(host: NearHost, account: string): { total: string; available: string } {
  const told = host.view('storage_balance_of', utf8(JSON.stringify({ account_id: account })))
  // of our own contract
  return (JSON.parse(new TextDecoder().decode(told)) ?? { total: '0', available: '0' }) as {
    total: string
    available: string
  }
}

export function creditOf(host: NearHost, group: Uint8Array): bigint {
  return P.U128LE.decode(host.view('group_credit', group))
}

/** Yocto for what storage grew by. */
export function priceOf(bytes: number | bigint): bigint {
  return BigInt(bytes) * BYTE_COST
}

export class Scene {
  readonly host: NearHost
  readonly a: Signer = person('A')
  readonly b: Signer = person('B')
  readonly c: Signer = person('C')
  readonly context: ContextId = contextOf(this.a)
  readonly group: GroupId = ownGroup(this.context)

  constructor(host: NearHost = deployed('contexts')) {
    this.host = host
  }

  get domain(): Domain {
    return domainOf(this.host)
  }

  standing(group: Uint8Array, identity: Uint8Array): { readonly nonce: bigint } {
    return standingLayout.decode(
      this.host.view('standing', identityLayout.encode({ group, identity })),
    )
  }

  /** The group's header. */
  header(id: Uint8Array = this.group): Header | undefined {
    return groupLayout.decode(this.host.view('group', id))
  }

  isMember(identity: Uint8Array, group: Uint8Array = this.group): boolean {
    const told = this.host.view('member', identityLayout.encode({ group, identity }))
    return told[1] === 1
  }

  /** A request by somebody, A unless it is said, with the nonce that is right. */
  async sign(
    operation: Operation,
    { signWith, ...given }: Partial<Envelope> & { readonly signWith?: Signer } = {},
  ): Promise<SignedEnvelope> {
    const who = signWith ?? this.a
    const signer = given.signer ?? who.publicKey
    const isCreation = operation.kind === 'createContext'
    const isOwn = isCreation && operation.group === undefined
    const nonce = isOwn ? 0n : this.standing(this.group, signer).nonce
    const validUntil = this.host.now + 60n
    const envelope = envelopeCodec.encode({
      ...{ domain: this.domain, subject: this.context, signer, nonce, validUntil, operation },
      ...given,
    })
    const { signature } = await ED25519_SCHEME.signEnvelope(envelope, who)
    return { envelope, signature }
  }

  apply(signed: SignedEnvelope, call: Call = { deposit: PLENTY }): Outcome {
    return this.host.call('apply', requestBytes(signed), call)
  }

  check(signed: SignedEnvelope): Checked {
    return checkLayout.decode(this.host.view('check', requestBytes(signed)))
  }

  /** Signs and applies. */
  async run(
    operation: Operation,
    given: Partial<Envelope> & { readonly signWith?: Signer } = {},
    call: Call = { deposit: PLENTY },
  ): Promise<Outcome> {
    return this.apply(await this.sign(operation, given), call)
  }

  /** A context of A's. */
  async create(call: Call = { deposit: PLENTY }): Promise<Outcome> {
    return this.run(creation(), {}, call)
  }

  changes(from: bigint | undefined, length: number): Changes {
    const args = P.struct({ from: option(P.U64LE), length: P.U32LE })
    return changesLayout.decode(this.host.view('changes', args.encode({ from, length })))
  }

  /** What became of a request: 0, 1 with a height, or 2. */
  applied(signed: SignedEnvelope): { readonly fate: number; readonly height: bigint | undefined } {
    const { subject, signer, nonce } = envelopeCodec.decode(signed.envelope)
    const args = P.struct({ subject: bytes32, signer: bytes32, nonce: P.U64LE, digest: bytes32 })
    const digest = envelopeDigest(signed.envelope)
    const told = this.host.view('applied', args.encode({ subject, signer, nonce, digest }))
    const [fate = -1] = told
    return { fate, height: fate === 1 ? P.U64LE.decode(told.slice(1)) : undefined }
  }
}

export function add(who: readonly Signer[], role: Role = 'writer'): Operation {
  return { kind: 'addMembers', ids: who.map(({ publicKey }) => publicKey), role }
}
