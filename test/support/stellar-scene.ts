/** A group on the contract of Stellar, and short words for what people try with it. */
import { nativeToScVal, xdr } from '@stellar/stellar-sdk'
import { type Answers, answers, type ViewName } from '../../src/chains/near/contracts/layouts.ts'
import type { Signer } from '../../src/node/anchor/anchor.ts'
import { envelopeCodec, envelopeDigest } from '../../src/node/anchor/envelope.ts'
import { REFUSALS, refusalNumbered } from '../../src/node/anchor/errors.ts'
import type { Domain } from '../../src/node/anchor/operations.ts'
import type { SignedEnvelope } from '../../src/node/anchor/service.ts'
import { verifySignature } from '../../src/node/crypto/sign.ts'
import { fromHex } from '../../src/node/primitives/bytes.ts'
import type { GroupId, PublicKey } from '../../src/node/primitives/ids.ts'
import type { ToldEvent } from '../contracts/core/core-module.ts'
import { ContractScene } from './contract-scene.ts'
import { bytesVal, type Outcome, StellarBench } from './stellar-contracts.ts'

export type Member = Answers['member']['member']

/** Bytes that a value of XDR holds. */
export function bytesOf(value: Uint8Array | xdr.ScVal): Uint8Array {
  const parsed = value instanceof Uint8Array ? xdr.ScVal.fromXdr(Buffer.from(value)) : value
  if (parsed.type !== 'scvBytes') throw new RangeError(`expected bytes, got ${parsed.type}`)
  return parsed.bytes.value
}

/** A request as the contract takes it. */
export function signedVals({ envelope, signature }: SignedEnvelope): [xdr.ScVal, xdr.ScVal] {
  return [bytesVal(envelope), bytesVal(signature)]
}

function u32(value: number): xdr.ScVal {
  return nativeToScVal(value, { type: 'u32' })
}

/** What a contract announced, of which its events are one at most. */
export function announcedBy({ events }: Outcome): ToldEvent | undefined {
  const [event, ...more] = events.filter(({ type }) => type === 1)
  if (more.length > 0) throw new RangeError(`expected one event, got ${more.length + 1}`)
  if (event === undefined) return undefined
  const [subject, name] = event.topics.map((topic) => xdr.ScVal.fromXdr(Buffer.from(topic)))
  const data = xdr.ScVal.fromXdr(Buffer.from(event.data))
  if (subject === undefined || name?.type !== 'scvSymbol' || data.type !== 'scvMap') {
    throw new RangeError('expected an event of ours')
  }
  const fields = new Map((data.value ?? []).map(({ key, val }) => [String(key.value), val]))
  const field = (key: string): xdr.ScVal => {
    const value = fields.get(key)
    if (value === undefined) throw new RangeError(`expected a field ${key}`)
    return value
  }
  const number = (key: string): bigint => {
    const value = field(key)
    if (value.type !== 'scvU64') throw new RangeError(`expected a number, got ${value.type}`)
    return BigInt(value.value)
  }
  return {
    ...{ name: String(name.value), subject: bytesOf(subject), signer: bytesOf(field('signer')) },
    ...{ nonce: number('nonce'), revision: number('revision'), fields: bytesOf(field('fields')) },
  }
}

/**
 * Number of the refusal that a call ended in. The host ends it where a signature is wrong, and does not say which: that is to be looked at here.
 */
export function refusedBy(
  error: string,
  { envelope, signature }: SignedEnvelope,
  codec: { decode(bytes: Uint8Array): { readonly signer: PublicKey } } = envelopeCodec,
): number {
  const [, number] = /^Error\(Contract, #(\d+)\)$/.exec(error) ?? []
  if (number !== undefined) return Number(number)
  if (error !== 'Error(Crypto, InvalidInput)') throw new RangeError(`unexpected ${error}`)
  const { signer } = codec.decode(envelope)
  const isSigned = verifySignature(signer, envelopeDigest(envelope), signature)
  return isSigned ? REFUSALS.InvitationInvalid : REFUSALS.BadSignature
}

export class Scene extends ContractScene<Outcome> {
  readonly bench: StellarBench
  readonly contract: Uint8Array
  readonly successor: Uint8Array
  /** What each operation announced, in their order: the chain itself keeps events for a while. */
  readonly #told: (string | undefined)[] = []
  readonly #marks = new Map<number, number>()

  constructor(
    bench: StellarBench = new StellarBench(),
    contract: Uint8Array = bench.deploy('contexts'),
    successor: Uint8Array = bench.deploy('contexts', 'next'),
  ) {
    super()
    this.bench = bench
    this.contract = contract
    this.successor = successor
  }

  get domain(): Domain {
    return this.bench.domain(this.contract)
  }

  get now(): bigint {
    return this.bench.now
  }

  get place(): bigint {
    return BigInt(this.#told.length)
  }

  snapshot(): number {
    const id = this.bench.snapshot()
    this.#marks.set(id, this.#told.length)
    return id
  }

  revert(snapshot: number): void {
    this.bench.revert(snapshot)
    this.#told.length = this.#marks.get(snapshot) ?? 0
  }

  nameOf({ error }: Outcome): string {
    return error ?? 'accepted'
  }

  /** A question's answer, by simulation. */
  ask<N extends ViewName>(name: N, ...given: readonly xdr.ScVal[]): Answers[N] {
    const outcome = this.bench.must(this.bench.ask(this.contract, name, ...given))
    return answers[name].decode(bytesOf(outcome.value))
  }

  /** Brings a request; the error of its outcome is the refusal's name. */
  deliver(signed: SignedEnvelope): Outcome {
    const outcome = this.bench.call(this.contract, 'apply', ...signedVals(signed))
    const { error } = outcome
    if (error?.startsWith('Error(Contract') || error?.startsWith('Error(Crypto')) {
      return { ...outcome, error: nameOfNumber(refusedBy(error, signed)) }
    }
    if (error === undefined) this.#told.push(announcedBy(outcome)?.name)
    return outcome
  }

  tried(signed: SignedEnvelope): string {
    const { error, value } = this.bench.ask(this.contract, 'check', ...signedVals(signed))
    if (error !== undefined) return nameOfNumber(refusedBy(error, signed))
    const { number } = answers.check.decode(bytesOf(value))
    return number === 0 ? 'accepted' : nameOfNumber(number)
  }

  nonceOf({ publicKey }: Pick<Signer, 'publicKey'>, group: GroupId = this.group): bigint {
    return this.ask('standing', bytesVal(group), bytesVal(publicKey)).nonce
  }

  header(id: Uint8Array = this.group): Answers['group'] {
    return this.ask('group', bytesVal(id))
  }

  member({ publicKey }: Signer, group: GroupId = this.group): Member {
    return this.ask('member', bytesVal(group), bytesVal(publicKey)).member
  }

  page(offset: number, length: number): Answers['members'] {
    return answers.members.decode(bytesOf(this.bench.must(this.askPage(offset, length)).value))
  }

  /** A page with what it took. */
  askPage(offset: number, length: number): Outcome {
    const given = [bytesVal(this.group), u32(offset), u32(length)]
    return this.bench.ask(this.contract, 'members', ...given)
  }

  /** All rows, hexadecimal. */
  stored(): Map<string, string> {
    return this.bench.stored(this.contract)
  }

  /** Key of a row among the entries of the ledger. */
  rowKey(key: string): string {
    return this.bench.rowKey(this.contract, fromHex(key))
  }

  /** Lets rows live on, as anybody may. */
  keepAlive(keys: readonly string[]): Outcome {
    const given = xdr.ScVal.scvVec(keys.map((key) => bytesVal(fromHex(key))))
    return this.bench.call(this.contract, 'keep_alive', given)
  }

  told(from: bigint): (string | undefined)[] {
    return this.#told.slice(Number(from))
  }
}

function nameOfNumber(number: number): string {
  return refusalNumbered(number)?.name ?? `E${number}`
}
