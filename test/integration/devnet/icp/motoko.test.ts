import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { IDL } from '@dfinity/candid'
import type { Principal } from '@dfinity/principal'
import { expect } from 'chai'
import { type IcpWorld, openWorld } from '../../../support/icp-devnet.ts'

const SOURCE = `
import Prim "mo:⛔";
persistent actor class Main(init : Nat) = this {
  var n : Nat = init;
  transient var ticks : Nat = 0;
  system func timer(set : Nat64 -> ()) : async () { ticks += 1; set(Prim.time() + 1_000_000_000) };
  public func add(k : Nat) : async Nat { n += k; n };
  public query func get() : async Nat { n };
  public query func getTicks() : async Nat { ticks };
  public func bad() : async () { n += 1000; assert false };
  public func self() : async Nat { n += 1; let r = await this.add(5); r };
  public func late() : async () { n += 1; ignore await this.add(10); n += 100; assert false };
  public func missing() : async Text {
    try { await (actor "bkyz2-fmaaa-aaaaa-qaaaq-cai" : actor { foo : () -> async () }).foo(); "?" }
    catch e { Prim.errorMessage(e) }
  };
  public composite query func ask() : async Nat { (await this.get()) + 1 };
  public shared ({ caller }) func whoami() : async Principal { caller };
}`
const NOTHING = new Uint8Array(IDL.encode([], []))
const nat = (value: bigint): Uint8Array => new Uint8Array(IDL.encode([IDL.Nat], [value]))

/** A canister that is not ours, of a compiler that uses 64-bit memory. */
describe('an actor compiled from Motoko', () => {
  let world: IcpWorld
  let actor: Principal
  let wasm: Uint8Array
  before(async function () {
    this.timeout(90_000)
    const script = join(import.meta.dirname, '../../../support/run-motoko.ts')
    const options = { input: SOURCE, maxBuffer: 2 ** 24 }
    wasm = new Uint8Array(execFileSync(process.execPath, [script], options))
    world = await openWorld()
    actor = await world.install(wasm, { arg: nat(7n) })
  })
  after(() => world.chain.stop())

  const update = async (
    method: string,
    arg: Uint8Array = NOTHING,
    type: IDL.Type = IDL.Nat,
  ): Promise<unknown> => IDL.decode([type], await world.update(actor, method, arg))[0]
  const query = async (method: string): Promise<unknown> =>
    IDL.decode([IDL.Nat], await world.query(actor, method, NOTHING))[0]

  it('is called, asked, and calls itself', async () => {
    expect(await query('get')).to.equal(7n)
    expect(await update('add', nat(3n))).to.equal(10n)
    expect(await update('self')).to.equal(16n)
    expect(await query('ask')).to.equal(17n)
    const me = await update('whoami', NOTHING, IDL.Principal)
    expect(String(me)).to.equal((await world.agent.getPrincipal()).toText())
  })

  it('loses what a trap undoes, and keeps what was before it waited', async () => {
    expect(await update('bad').catch(String)).to.contain('assertion failed')
    expect(await query('get')).to.equal(16n)
    expect(await update('late').catch(String)).to.contain('assertion failed')
    expect(await query('get')).to.equal(27n)
    expect(await update('missing', NOTHING, IDL.Text)).to.contain('not found')
  })

  it('has timers, and keeps its memory through an upgrade', async () => {
    const before = (await query('getTicks')) as bigint
    await world.chain.moveTime(2_000)
    await world.chain.moveTime(2_000)
    expect(await query('getTicks')).to.equal(before + 2n)
    const persistence = { wasm_memory_persistence: [{ keep: null }], skip_pre_upgrade: [] }
    await world.management['install_code']?.({
      ...{ mode: { upgrade: [persistence] }, canister_id: actor, wasm_module: wasm },
      arg: nat(1n),
    })
    expect(await query('get')).to.equal(27n)
    expect(await update('add', nat(1n))).to.equal(28n)
  })
})
