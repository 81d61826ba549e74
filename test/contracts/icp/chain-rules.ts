/** The canisters on a chain, as the rules in Rust are compared with the model: asked by `check`, and made to do it by `apply`. */
import { expect } from 'chai'
import * as P from 'micro-packed'
import type { Domain } from '../../../src/node/anchor/operations.ts'
import { fromHex, toHex } from '../../../src/node/primitives/bytes.ts'
import { type ContractName, IcpBench } from '../../support/icp-contracts.ts'
import { entryLayout, keyOf, Scene } from '../../support/icp-scene.ts'
import { rootOf } from '../../support/icp-witness.ts'
import {
  eventLayout,
  type Question,
  type Rules,
  type Told,
  type ToldEvent,
} from '../core/core-module.ts'

/** Of so many refusals one is asked of the door as well: both decide by the same code. */
const ASK_EVERY = 4
/** After so many changes the tree is computed anew, of all rows. */
const PROVE_EVERY = 8
/** First byte of the keys that are not the rules' own. */
const SHELL = 128

/** Whether an address may be a canister's. */
export function isContract(address: Uint8Array): boolean {
  const last = address.at(-1)
  // a key's, derived, nobody's
  return last !== undefined && address.length < 30 && ![2, 3, 4].includes(last)
}

export class ChainRules implements Rules {
  readonly #scene: Scene
  readonly #snapshot: number
  #refusals = 0
  #changes = 0
  /** What was stored after the last change. */
  #rows: ReadonlyMap<string, string> = new Map()

  constructor(name: ContractName, bench: IcpBench = new IcpBench()) {
    this.#scene = new Scene(bench, bench.deploy(name))
    this.#snapshot = this.#scene.snapshot()
  }

  /** As if nothing had been asked. */
  reset(): this {
    this.#scene.revert(this.#snapshot)
    return this
  }

  get domain(): Domain {
    return this.#scene.domain
  }

  readonly isContract: (address: Uint8Array) => boolean = isContract

  ask({ envelope, signature, now }: Question): Told {
    this.#scene.bench.setTime(now)
    const refused = this.#scene.check({ envelope, signature })
    if (refused === undefined) return { accepted: true, writes: [], event: undefined }
    // what is refused is refused by the door too: now and then it is asked
    this.#refusals += 1
    if (this.#refusals % ASK_EVERY === 0) {
      const certified = this.#certified
      expect(this.#scene.deliver({ envelope, signature })).to.deep.equal({ Err: refused })
      expect(this.#certified).to.deep.equal(certified)
    }
    const { number, expected } = refused
    return { accepted: false, number, expected: expected[0] }
  }

  get #certified(): Uint8Array {
    return this.#scene.bench.canister(this.#scene.id).certifiedData
  }

  apply({ envelope, signature }: Question): ToldEvent | undefined {
    const verdict = this.#scene.deliver({ envelope, signature })
    if ('Err' in verdict) throw new RangeError(`expected success, got ${verdict.Err.name}`)
    const { place, changed } = verdict.Ok
    const rows = this.#scene.stored()
    this.#rows = rows
    this.#changes += 1
    if (this.#changes % PROVE_EVERY === 0) {
      expect(toHex(this.#certified)).to.equal(toHex(rootOf(rows)))
    }
    const { event } = entryLayout.decode(
      fromHex(rows.get(toHex(keyOf('log', P.U64BE.encode(place)))) ?? ''),
    )
    expect(changed).to.equal(event !== undefined)
    return event === undefined ? undefined : eventLayout.decode(event)
  }

  plant(): void {
    throw new RangeError('expected nothing that no request would get to')
  }

  stored(): Map<string, string> {
    return new Map([...this.#rows].filter(([key]) => Number.parseInt(key.slice(0, 2), 16) < SHELL))
  }
}
