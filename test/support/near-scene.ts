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
import { envelopeCodec, envelopeDigest } from '../../src/node/anchor/envelope.ts'
import { refusalNumbered } from '../../src/node/anchor/errors.ts'
import type { Domain } from '../../src/node/anchor/operations.ts'
import type { SignedEnvelope } from '../../src/node/anchor/service.ts'
import { fromUtf8, utf8 } from '../../src/node/primitives/bytes.ts'
import type { GroupId } from '../../src/node/primitives/ids.ts'
import { ContractScene } from './contract-scene.ts'
import { type By, BYTE_COST, NEAR, NearBench, type Outcome } from './near-contracts.ts'

/** The name of an event, which its bytes begin with. */
const textLayout = P.apply<Uint8Array, string>(P.bytes(null), {
  encode: (event) => fromUtf8(event.slice(4, 4 + (event[0] ?? 0))),
  decode: utf8,
})

type Member = Answers['member']['member']

/** Pays for anything, yocto. */
export const PLENTY: By = { deposit: NEAR }

/** Yocto for bytes of storage. */
export function priceOf(count: number | bigint): bigint {
  return BigInt(count) * BYTE_COST
}

export function nameOf({ error }: Outcome): string {
  return error === undefined ? 'accepted' : (error.split(':')[1] ?? error)
}

/** A scene on NEAR: who signs and which account pays have nothing to do with each other. */
export class Scene extends ContractScene<Outcome> {
  readonly successor: Uint8Array = utf8('next.test.near')
  readonly bench: NearBench
  readonly account: string

  constructor(bench: NearBench = new NearBench(), account: string = bench.deploy('contexts')) {
    super()
    this.bench = bench
    this.account = account
  }

  get domain(): Domain {
    return this.bench.domain(this.account)
  }

  get now(): bigint {
    return this.bench.now
  }

  get place(): bigint {
    return this.changes(undefined, 0).next
  }

  get usage(): bigint {
    return this.bench.usage(this.account)
  }

  snapshot(): number {
    return this.bench.chain.snapshot()
  }

  revert(snapshot: number): void {
    this.bench.revert(snapshot)
  }

  nameOf(outcome: Outcome): string {
    return nameOf(outcome)
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

  /** Brings a request, and money for it. */
  deliver(signed: SignedEnvelope, by: By = PLENTY): Outcome {
    return this.call('apply', signedArgs(signed), by)
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

  /** What became of a request: 0, 1 with a height, or 2. */
  applied(envelope: Uint8Array): readonly [fate: number, height: bigint | undefined] {
    const { subject, signer, nonce } = envelopeCodec.decode(envelope)
    const digest = envelopeDigest(envelope)
    const given = args.applied.encode({ subject, signer, nonce, digest })
    const [fate = -1] = this.view('applied', given)
    return [fate, this.ask('applied', given).height]
  }
}
