import { Actor, HttpAgent } from '@dfinity/agent'
import { IDL } from '@dfinity/candid'
import { Ed25519KeyIdentity } from '@dfinity/identity'
import { Principal } from '@dfinity/principal'
import { expect } from 'chai'
import { CYCLES_LEDGER } from '../../../../src/devnet/icp/index.ts'
import * as ledgerTypes from '../../../../src/devnet/icp/ledger/candid.ts'
import { sha256 } from '../../../../src/node/primitives/hash.ts'
import { COUNTER, numberOf, SPINNER, u64, UPGRADER } from '../../../support/icp-canisters.ts'
import { BELIEVE, type IcpWorld, type Methods, openWorld } from '../../../support/icp-devnet.ts'

const T = 1_000_000_000_000n

describe('the management canister', () => {
  let world: IcpWorld
  const identity = Ed25519KeyIdentity.generate()
  before(async () => {
    world = await openWorld({}, identity)
  })
  after(() => world.chain.stop())

  const manage = (method: string, arg: object): Promise<unknown> =>
    Promise.resolve(world.management[method]?.(arg))
  const failure = (method: string, arg: object): Promise<string> =>
    manage(method, arg).then(() => 'nothing', String)

  it('upgrades with the hooks of the old and of the new module, or not at all', async () => {
    const id = await world.install(UPGRADER)
    const kept = async (): Promise<bigint> => numberOf(await world.query(id, 'kept'))
    await world.put(id, UPGRADER, 'upgrade', u64(0n))
    expect(await kept()).to.equal(1n)
    const error = await world.put(id, UPGRADER, 'upgrade').catch(String)
    expect(error).to.contain('IC0503')
    expect(await kept()).to.equal(1n)
    await world.put(id, UPGRADER, 'upgrade', u64(0n))
    expect(await kept()).to.equal(2n)
    expect(await world.put(id, UPGRADER, 'install').catch(String)).to.contain('IC0514')
    await world.put(id, COUNTER, 'reinstall')
    expect(numberOf(await world.update(id, 'ok'))).to.equal(1_001_001n)
  })

  it('installs what came in chunks, where all are there and the whole has the right hash', async () => {
    const id = await world.install(COUNTER)
    const half = COUNTER.length >> 1
    const parts = [COUNTER.subarray(0, half), COUNTER.subarray(half)]
    const hashes = []
    for (const chunk of parts) hashes.push(await manage('upload_chunk', { canister_id: id, chunk }))
    const install = {
      ...{ mode: { reinstall: null }, target_canister: id, store_canister: [] },
      ...{ chunk_hashes_list: hashes, wasm_module_hash: sha256(COUNTER), arg: new Uint8Array(0) },
    }
    await manage('install_chunked_code', install)
    expect(numberOf(await world.update(id, 'ok'))).to.equal(1_001_001n)
    const other = { ...install, wasm_module_hash: sha256(SPINNER) }
    expect(await failure('install_chunked_code', other)).to.contain('IC0402')
    expect(await manage('stored_chunks', { canister_id: id })).to.have.lengthOf(2)
    await manage('clear_chunk_store', { canister_id: id })
    expect(await failure('install_chunked_code', install)).to.contain('was not found')
  })

  it('refuses modules that the chain refuses', async () => {
    const { wat } = await import('../../../support/wat.ts')
    const refused: [string, string][] = [
      ['(module (memory 1) (func (export "canister_foo")))', 'reserved export'],
      ['(module (import "env" "x" (func)) (memory 1))', 'an import is from env'],
      ['(module (import "ic0" "x" (func)) (memory 1))', 'invalid import section'],
      ['(module (import "ic0" "time" (func)) (memory 1))', 'another type'],
      [
        '(module (func (export "canister_query m")) (func (export "canister_update m")))',
        'exported twice',
      ],
      ['(module (func (export "canister_query m") (param i32)))', 'takes or returns'],
    ]
    for (const [text, reason] of refused) {
      const error = await world.install(wat(text)).catch(String)
      expect(error, text).to.contain('IC0505').and.contain(reason)
    }
  })

  it('is for controllers alone, who may be others, or nobody', async () => {
    const id = await world.install(COUNTER)
    const { url: host, rootKey } = world.chain
    const stranger = await HttpAgent.create({
      ...{ host, rootKey, retryTimes: 0, identity: Ed25519KeyIdentity.generate() },
    })
    const theirs = Actor.createActor<Methods>(
      () =>
        IDL.Service({ stop_canister: IDL.Func([IDL.Record({ canister_id: IDL.Principal })], []) }),
      {
        ...{ agent: stranger, canisterId: Principal.managementCanister(), blsVerify: BELIEVE },
        callTransform: () => ({ effectiveCanisterId: id }),
      },
    )
    const refused = await Promise.resolve(theirs['stop_canister']?.({ canister_id: id })).catch(
      String,
    )
    expect(refused).to.contain('IC0512')
    const settings = {
      ...{ compute_allocation: [], memory_allocation: [], freezing_threshold: [86_400n] },
      ...{ reserved_cycles_limit: [], log_visibility: [], wasm_memory_limit: [] },
      ...{ wasm_memory_threshold: [], environment_variables: [], controllers: [[]] },
    }
    await manage('update_settings', { canister_id: id, settings })
    expect(await failure('canister_status', { canister_id: id })).to.contain('IC0512')
    expect(await failure('update_settings', { canister_id: id, settings })).to.contain('IC0512')
  })

  it('deletes what has stopped', async () => {
    const id = await world.install(COUNTER)
    expect(await failure('delete_canister', { canister_id: id })).to.contain('IC0510')
    await manage('stop_canister', { canister_id: id })
    await manage('delete_canister', { canister_id: id })
    expect(await world.update(id, 'ok').catch(String)).to.contain('IC0301')
  })
})

describe('the cycles ledger', () => {
  it('makes one canister of one creation, however often it is asked for', async () => {
    const identity = Ed25519KeyIdentity.generate()
    const principal = identity.getPrincipal()
    const accounts = [{ principal: principal.toText(), cycles: 10n * T }]
    await using world = await openWorld({ accounts }, identity)
    const { agent, chain } = world
    const ledger = Actor.createActor<Methods>(
      () =>
        IDL.Service({
          create_canister: IDL.Func([ledgerTypes.CREATE], [ledgerTypes.CREATED]),
          icrc1_balance_of: IDL.Func([ledgerTypes.ACCOUNT], [IDL.Nat], ['query']),
        }),
      { agent, canisterId: CYCLES_LEDGER, blsVerify: BELIEVE },
    )
    const now = await chain.now()
    const create = (created_at_time: bigint[], amount: bigint): Promise<unknown> =>
      Promise.resolve(
        ledger['create_canister']?.({
          ...{ from_subaccount: [], created_at_time, amount, creation_args: [] },
        }),
      )
    const made = (await create([now], 2n * T)) as {
      Ok: { block_id: bigint; canister_id: Principal }
    }
    const { canister_id: id, block_id: block } = made.Ok
    expect(await chain.cyclesOf(id.toText())).to.equal(2n * T - 500_000_000_000n)
    const again = (await create([now], 2n * T)) as {
      Err: { Duplicate: { duplicate_of: bigint; canister_id: Principal[] } }
    }
    expect(again.Err.Duplicate.duplicate_of).to.equal(block)
    expect(again.Err.Duplicate.canister_id[0]?.toText()).to.equal(id.toText())
    const account = { owner: principal, subaccount: [] }
    expect(await ledger['icrc1_balance_of']?.(account)).to.equal(8n * T - 100_000_000n)
    await world.put(id, COUNTER, 'install')
    expect(numberOf(await world.update(id, 'ok'))).to.equal(1_001_001n)
    const poor = (await create([now + 1n], 20n * T)) as { Err: object }
    expect(poor.Err).to.have.property('InsufficientFunds')
    const old = (await create([now - 90_000_000_000_000n], T)) as { Err: object }
    expect(old.Err).to.have.property('TooOld')
    const early = (await create([now + 200_000_000_000n], T)) as { Err: object }
    expect(early.Err).to.have.property('CreatedInFuture')
  })
})
