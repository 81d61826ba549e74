import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { IDL } from '@dfinity/candid'
import { Principal } from '@dfinity/principal'
import { expect } from 'chai'
import { type IcpWorld, openWorld } from '../../../support/icp-devnet.ts'

const WASM = new Uint8Array(
  readFileSync(join(import.meta.dirname, '../../../canisters/ticker/dist/ticker.wasm')),
)
const COUNT = IDL.Variant({ Ok: IDL.Nat64, Err: IDL.Text })
const CYCLES = IDL.Variant({ Ok: IDL.Nat, Err: IDL.Text })
const NOBODY = Principal.fromText('bkyz2-fmaaa-aaaaa-qaaaq-cai')

/** What the chain's own SDK for Rust makes of timers and calls (`test/canisters/ticker`). */
describe('a canister built with ic-cdk', () => {
  let world: IcpWorld
  let one: Principal
  let other: Principal
  let beginning: number
  before(async () => {
    world = await openWorld()
    one = await world.install(WASM)
    other = await world.install(WASM)
    beginning = await world.chain.snapshot()
  })
  beforeEach(() => world.chain.revert(beginning))
  after(() => world.chain.stop())

  async function update(
    canister: Principal,
    method: string,
    args: readonly (readonly [IDL.Type, unknown])[],
    answer?: IDL.Type,
  ): Promise<unknown> {
    const types = args.map(([type]) => type)
    const encoded = IDL.encode(
      types,
      args.map(([, value]) => value),
    )
    const reply = await world.update(canister, method, new Uint8Array(encoded))
    return answer && IDL.decode([answer], reply)[0]
  }
  const every = async (ms: number): Promise<unknown> =>
    update(one, 'every', [[IDL.Nat64, BigInt(ms)]])
  const later = async (canister: Principal, ms: number, add: number): Promise<unknown> =>
    update(canister, 'later', [
      [IDL.Nat64, BigInt(ms)],
      [IDL.Nat64, BigInt(add)],
    ])
  const ask = async (whom: Principal, bounded: boolean): Promise<unknown> =>
    update(
      one,
      'ask',
      [
        [IDL.Principal, whom],
        [IDL.Bool, bounded],
      ],
      COUNT,
    )
  const ticks = async (canister: Principal): Promise<unknown> =>
    IDL.decode(
      [IDL.Nat64],
      await world.query(canister, 'ticks', new Uint8Array(IDL.encode([], []))),
    )[0]
  const seconds = async (count: number): Promise<void> => {
    for (let second = 0; second < count; second++) await world.chain.moveTime(1_000)
  }

  it('counts by a timer of its own until that is ended, and once by another', async () => {
    await every(1_000)
    await later(one, 1_500, 10)
    await seconds(1)
    expect(await ticks(one)).to.equal(1n)
    await seconds(2)
    expect(await ticks(one)).to.equal(13n)
    await every(0)
    await seconds(3)
    expect(await ticks(one)).to.equal(13n)
  })

  it('asks another, whether its answer is waited for without an end or not', async () => {
    await later(other, 1, 5)
    await seconds(1)
    expect(await ask(other, false)).to.deep.equal({ Ok: 5n })
    expect(await ask(other, true)).to.deep.equal({ Ok: 10n })
    expect(await ticks(other)).to.equal(5n)
  })

  it('is told that one is not there, or is stopped, and goes on', async () => {
    expect(await ask(NOBODY, false)).to.deep.equal({ Err: 'rejected 3' })
    await world.management['stop_canister']?.({ canister_id: other })
    expect(await ask(other, true)).to.deep.equal({ Err: 'rejected 5' })
    await world.management['start_canister']?.({ canister_id: other })
    expect(await ask(other, true)).to.deep.equal({ Ok: 0n })
  })

  it('gives another cycles, and has back what that did not take', async () => {
    const given = 10_000_000_000n
    const before = [
      await world.chain.cyclesOf(one.toText()),
      await world.chain.cyclesOf(other.toText()),
    ]
    const took = await update(
      one,
      'give',
      [
        [IDL.Principal, other],
        [IDL.Nat, given],
      ],
      CYCLES,
    )
    expect(took).to.deep.equal({ Ok: given / 2n })
    const lost = (before[0] ?? 0n) - (await world.chain.cyclesOf(one.toText()))
    const won = (await world.chain.cyclesOf(other.toText())) - (before[1] ?? 0n)
    // what the calls themselves cost is little beside it
    expect(lost > given / 2n && lost < given / 2n + given / 100n, `${lost}`).to.equal(true)
    expect(won < given / 2n && won > given / 2n - given / 100n, `${won}`).to.equal(true)
  })

  it('keeps what it did before it asked when it traps afterwards, and its memory through an upgrade', async () => {
    const trapped = update(one, 'ask_and_trap', [[IDL.Principal, other]], IDL.Nat64)
    expect(await trapped.catch(String)).to.contain('as it was told to')
    expect(await ticks(one)).to.equal(1n)
    await world.put(one, WASM, 'upgrade')
    expect(await ticks(one)).to.equal(1n)
    // timers end with the module that set them
    await every(1_000)
    await world.put(one, WASM, 'upgrade')
    await seconds(2)
    expect(await ticks(one)).to.equal(1n)
  })
})
