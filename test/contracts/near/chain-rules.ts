/** The contracts on a chain, as the rules in Rust are compared with the model: asked by `check`, and made to do it by `apply`. */
import { expect } from 'chai'
import * as P from 'micro-packed'
import { isAccountId } from '../../../src/devnet/near/codec/account-id.ts'
import type { Domain } from '../../../src/node/anchor/operations.ts'
import { bytes, bytes32, option } from '../../../src/node/codec/codec.ts'
import { fromHex, fromUtf8 } from '../../../src/node/primitives/bytes.ts'
import { type ContractName, NearBench } from '../../support/near-contracts.ts'
import { Scene } from '../../support/near-scene.ts'
import {
  eventLayout,
  type Question,
  type Rules,
  type Told,
  type ToldEvent,
} from '../core/core-module.ts'

/** Of so many refusals one is asked of the door as well: both decide by the same code. */
const ASK_EVERY = 4
/** First byte of the keys that are not the rules' own. */
const SHELL = 128

/** What is remembered of an operation. */
const entryLayout = P.struct({
  ...{ height: P.U64LE, digest: bytes32, signer: bytes32, nonce: P.U64LE, group: bytes32 },
  event: option(bytes),
})

function isText(text: Uint8Array): boolean {
  try {
    fromUtf8(text)
    return true
  } catch {
    return false
  }
}

export class ChainRules implements Rules {
  readonly #scene: Scene
  readonly #snapshot: number
  /** Bytes that the last check said of storage. */
  #growth = 0n
  /** Of the next operation among those that are remembered. */
  #place = 0
  #refusals = 0

  constructor(name: ContractName, bench: NearBench = new NearBench()) {
    this.#scene = new Scene(bench, bench.deploy(name))
    this.#snapshot = bench.chain.snapshot()
  }

  /** As if nothing had been asked. */
  reset(): this {
    this.#scene.bench.revert(this.#snapshot)
    this.#place = 0
    return this
  }

  get domain(): Domain {
    return this.#scene.domain
  }

  isContract(address: Uint8Array): boolean {
    return isText(address) && isAccountId(fromUtf8(address))
  }

  ask({ envelope, signature, now }: Question): Told {
    this.#scene.bench.setTime(now)
    const { number, expected, growth } = this.#scene.check({ envelope, signature })
    this.#growth = growth
    if (number === 0) return { accepted: true, writes: [], event: undefined }
    // what is refused is refused by the door too, in words: now and then it is asked
    this.#refusals += 1
    if (this.#refusals % ASK_EVERY !== 0) return { accepted: false, number, expected }
    const { error } = this.#scene.deliver({ envelope, signature })
    const text = expected === undefined ? '' : `:${expected}`
    expect(error).to.match(new RegExp(`^E${number}:[A-Za-z]+${text}$`))
    return { accepted: false, number, expected }
  }

  apply({ envelope, signature }: Question): ToldEvent | undefined {
    const scene = this.#scene
    const { usage } = scene
    const { error, value } = scene.deliver({ envelope, signature })
    expect(error).to.equal(undefined)
    expect(scene.usage - usage).to.equal(this.#growth)
    // what `changes` would show: another test asks it
    const entry = scene.bench
      .stored(scene.account)
      .get(`82${this.#place.toString(16).padStart(4, '0')}`)
    this.#place += 1
    const { event } = entryLayout.decode(fromHex(entry ?? ''))
    expect([...value]).to.deep.equal([Number(event !== undefined)])
    return event === undefined ? undefined : eventLayout.decode(event)
  }

  plant(key: string, value: string): void {
    this.#scene.bench.plant(this.#scene.account, fromHex(key), fromHex(value))
  }

  stored(): Map<string, string> {
    const rows = this.#scene.bench.stored(this.#scene.account)
    return new Map([...rows].filter(([key]) => Number.parseInt(key.slice(0, 2), 16) < SHELL))
  }
}
