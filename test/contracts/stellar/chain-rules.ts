/** The contracts on a chain, as the rules in Rust are compared with the model: asked by `check`, and made to do it by `apply`. */
import { expect } from 'chai'
import { xdr } from '@stellar/stellar-sdk'
import { answers } from '../../../src/chains/near/contracts/layouts.ts'
import { envelopeCodec } from '../../../src/node/anchor/envelope.ts'
import { packageEnvelopeCodec } from '../../../src/node/anchor/packages/envelope.ts'
import type { Domain } from '../../../src/node/anchor/operations.ts'
import { equalBytes, fromHex } from '../../../src/node/primitives/bytes.ts'
import { type ContractName, StellarBench } from '../../support/stellar-contracts.ts'
import { announcedBy, bytesOf, refusedBy, signedVals } from '../../support/stellar-scene.ts'
import type { Question, Rules, Told, ToldEvent } from '../core/core-module.ts'

/** Of so many refusals one is asked of the door as well: both decide by the same code. */
const ASK_EVERY = 4

export class ChainRules implements Rules {
  readonly #bench: StellarBench
  readonly #contract: Uint8Array
  readonly #codec: typeof envelopeCodec | typeof packageEnvelopeCodec
  readonly #snapshot: number
  /** Another contract that there is. */
  readonly successor: Uint8Array
  #refusals = 0

  constructor(name: ContractName, bench: StellarBench = new StellarBench()) {
    this.#bench = bench
    this.#codec = name === 'contexts' ? envelopeCodec : packageEnvelopeCodec
    this.#contract = bench.deploy(name)
    this.successor = bench.deploy(name, 'successor')
    this.#snapshot = bench.snapshot()
  }

  /** As if nothing had been asked. */
  reset(): this {
    this.#bench.revert(this.#snapshot)
    return this
  }

  get domain(): Domain {
    return this.#bench.domain(this.#contract)
  }

  isContract(address: Uint8Array): boolean {
    return [this.#contract, this.successor].some((other) => equalBytes(other, address))
  }

  ask(question: Question): Told {
    const { envelope, signature, now } = question
    const signed = { envelope, signature }
    this.#bench.setTime(now)
    const { error, value } = this.#bench.ask(this.#contract, 'check', ...signedVals(signed))
    if (error !== undefined) {
      // ended by the host over a signature
      this.#askDoor(signed, error)
      return { accepted: false, number: refusedBy(error, signed, this.#codec) }
    }
    const { number, expected } = answers.check.decode(bytesOf(value))
    if (number === 0) return { accepted: true, writes: [], event: undefined }
    // what is refused is refused by the door too: now and then it is asked
    this.#refusals += 1
    if (this.#refusals % ASK_EVERY === 0) this.#askDoor(signed, `Error(Contract, #${number})`)
    return { accepted: false, number, expected }
  }

  #askDoor(signed: Pick<Question, 'envelope' | 'signature'>, error: string): void {
    const outcome = this.#bench.ask(this.#contract, 'apply', ...signedVals(signed))
    expect(outcome.error).to.equal(error)
  }

  apply(question: Question): ToldEvent | undefined {
    const outcome = this.#bench.call(this.#contract, 'apply', ...signedVals(question))
    expect(outcome.error).to.equal(undefined)
    const event = announcedBy(outcome)
    const value = xdr.ScVal.fromXdr(Buffer.from(outcome.value))
    expect([value.type, value.type === 'scvBool' && value.value]).to.deep.equal([
      ...['scvBool', event !== undefined],
    ])
    return event
  }

  plant(key: string, value: string): void {
    this.#bench.plant(this.#contract, fromHex(key), fromHex(value))
  }

  stored(): Map<string, string> {
    return this.#bench.stored(this.#contract)
  }
}
