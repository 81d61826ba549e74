/** Who agrees to what of calls on the local Stellar network: trees, callers, contracts that stand for accounts. */
import {
  Address,
  authorizeEntry,
  Asset,
  type Keypair,
  Operation,
  rpc,
  xdr,
} from '@stellar/stellar-sdk'
import { expect } from 'chai'
import {
  addressVal,
  bytesVal,
  invocation,
  openStellar,
  resultOf,
  type StellarWorld,
  sym,
  valueOf,
} from '../../../support/stellar-devnet.ts'
import { importStellar, KEEPER, stellarFunction, stellarWat } from '../../../support/stellar-wat.ts'

/** Stands for an account: agrees where the signature is the number 7. */
const SEVEN = stellarWat(`(module
  ${importStellar('fail')} (memory (export "memory") 1)
  ${stellarFunction(
    '__check_auth',
    3,
    `(if (result i64) (i64.eq (local.get 1) (i64.const 0x700000004))
      (then (i64.const 2)) (else (call $fail (i64.const 0x900000003))))`,
  )})`)

describe('agreement on the local Stellar network', () => {
  let world: StellarWorld
  let outer: string
  let inner: string
  before(async () => {
    world = await openStellar()
    outer = await world.deploy(KEEPER)
    inner = await world.deploy(KEEPER)
  })
  after(() => world.chain.stop())

  const list = (...values: readonly xdr.ScVal[]): xdr.ScVal => xdr.ScVal.scvVec([...values])

  /** What a simulation asks addresses for. */
  async function asked(
    operation: xdr.Operation,
    authMode?: rpc.Api.SimulationAuthMode,
  ): Promise<readonly xdr.SorobanAuthorizationEntry[]> {
    const tx = await world.build(operation)
    const tried = await world.server.simulateTransaction(tx, undefined, authMode)
    if (!rpc.Api.isSimulationSuccess(tried)) throw new Error(tried.error)
    return tried.result?.auth ?? []
  }

  async function runWith(
    operation: xdr.Operation,
    auth: xdr.SorobanAuthorizationEntry[],
  ): Promise<unknown> {
    if (operation.body.type !== 'invokeHostFunction') throw new Error('no call')
    const func = operation.body.value.hostFunction
    return valueOf(await world.run(Operation.invokeHostFunction({ func, auth })))
  }

  async function sign(
    entry: xdr.SorobanAuthorizationEntry,
    by: Keypair,
  ): Promise<xdr.SorobanAuthorizationEntry> {
    const until = (await world.chain.sequence()) + 100
    return authorizeEntry(entry, by, until, world.chain.networkPassphrase)
  }

  it('is the source’s own by its signature of the transaction', async () => {
    const me = addressVal(world.keys.publicKey())
    const [entry] = await asked(invocation(outer, 'auth', me))
    expect(entry?.credentials.type).to.equal('sorobanCredentialsSourceAccount')
    expect(await world.call(outer, 'auth', me)).to.equal(null)
  })

  it('is asked for inside of a call where that is allowed, and holds for that call alone', async () => {
    const other = await world.account()
    const who = addressVal(other.publicKey())
    const call = invocation(outer, 'call', addressVal(inner), sym('auth'), list(who))
    const refused = await asked(call).catch(String)
    expect(refused).to.contain('authorization not tied to the root contract invocation')
    const [entry] = await asked(call, 'record_allow_nonroot')
    if (entry === undefined) throw new Error('nobody was asked')
    const { rootInvocation } = entry
    expect(rootInvocation.function.type).to.equal('sorobanAuthorizedFunctionTypeContractFn')
    const signed = await sign(entry, other)
    expect(await runWith(call, [signed])).to.equal(null)
    // the same agreement is to no other call
    const [fresh] = await asked(call, 'record_allow_nonroot')
    if (fresh === undefined) throw new Error('nobody was asked')
    const elsewhere = invocation(inner, 'call', addressVal(outer), sym('auth'), list(who))
    const error = await runWith(elsewhere, [await sign(fresh, other)]).catch(String)
    expect(error).to.contain('Error(Auth, InvalidAction)')
  })

  it('is a contract’s own for what it calls itself', async () => {
    const me = addressVal(outer)
    expect(await world.call(outer, 'call', addressVal(inner), sym('auth'), list(me))).to.equal(null)
    const twice = list(addressVal(inner), sym('auth'), list(me))
    const far = await world.simulate(
      invocation(outer, 'call', addressVal(await world.deploy(KEEPER)), sym('call'), twice),
    )
    expect(rpc.Api.isSimulationError(far) && far.error).to.contain('authorize_as_current_contract')
  })

  it('is a contract’s own for what others call, where it says so beforehand, once', async () => {
    const middle = await world.deploy(KEEPER)
    const me = addressVal(outer)
    const record = (fields: Readonly<Record<string, xdr.ScVal>>): xdr.ScVal =>
      xdr.ScVal.scvMap(
        Object.entries(fields).map(([key, val]) => new xdr.ScMapEntry({ key: sym(key), val })),
      )
    const entry = (method: string): xdr.ScVal => {
      const context = record({
        ...{ args: list(me), contract: addressVal(inner), fn_name: sym(method) },
      })
      return list(sym('Contract'), record({ context, sub_invocations: list() }))
    }
    const call = (
      entries: readonly xdr.ScVal[],
      method: string,
      args: xdr.ScVal,
    ): Promise<unknown> =>
      world
        .call(outer, 'agree', list(...entries), addressVal(middle), sym(method), args)
        .catch(String)
    const once = list(addressVal(inner), sym('auth'), list(me))
    expect(await call([entry('auth')], 'call', once)).to.equal(null)
    for (const entries of [[], [entry('echo')]]) {
      expect(await call(entries, 'call', once)).to.contain('Error(Auth, InvalidAction)')
    }
    // the one who is asked is called twice, and was agreed to once
    const twice = list(addressVal(inner), sym('auth'), list(me), sym('auth'))
    expect(await call([entry('auth')], 'twice', twice)).to.contain('Error(Auth, InvalidAction)')
    expect(await call([entry('auth'), entry('auth')], 'twice', twice)).to.equal(null)
  })

  it('of what failed is asked for no more', async () => {
    const other = await world.account()
    const who = addressVal(other.publicKey())
    const call = (method: string): xdr.Operation =>
      invocation(outer, 'try_put', addressVal(inner), sym(method), list(who), sym('done'))
    expect((await asked(call('auth'), 'record_allow_nonroot')).length).to.equal(1)
    expect(await asked(call('auth_fail'), 'record_allow_nonroot')).to.deep.equal([])
  })

  it('is what a contract says that stands for an account', async () => {
    const account = await world.deploy(SEVEN)
    const call = invocation(outer, 'auth', addressVal(account))
    const [entry] = await asked(call)
    if (entry === undefined) throw new Error('nobody was asked')
    const signed = async (signature: number): Promise<xdr.SorobanAuthorizationEntry> => {
      const { credentials } = entry
      if (credentials.type !== 'sorobanCredentialsAddressV2') throw new Error(credentials.type)
      const { address, nonce } = credentials.value
      const signatureExpirationLedger = (await world.chain.sequence()) + 100
      return new xdr.SorobanAuthorizationEntry({
        rootInvocation: entry.rootInvocation,
        credentials: xdr.SorobanCredentials.sorobanCredentialsAddressV2(
          new xdr.SorobanAddressCredentials({
            ...{ address, nonce, signatureExpirationLedger },
            signature: xdr.ScVal.scvU32(signature),
          }),
        ),
      })
    }
    const refused = await runWith(call, [await signed(8)]).catch(String)
    expect(refused).to.contain('Error(Auth, InvalidAction)')
    expect(refused).to.contain('Error(Contract, #9)')
    expect(await runWith(call, [await signed(7)])).to.equal(null)
  })

  it('ends with the ledger that it is for', async () => {
    const other = await world.account()
    const call = invocation(outer, 'auth', addressVal(other.publicKey()))
    const [entry] = await asked(call)
    if (entry === undefined) throw new Error('nobody was asked')
    const signed = await sign(entry, other)
    await world.chain.moveLedgers(101)
    const error = await runWith(call, [signed]).catch(String)
    expect(error).to.contain('signature has expired')
  })

  it('pays with the native asset: from accounts, from contracts, and from what was allowed', async () => {
    const native = Asset.native().contractId(world.chain.networkPassphrase)
    const other = await world.account()
    const amount = (n: bigint): xdr.ScVal =>
      xdr.ScVal.scvI128(new xdr.Int128Parts({ hi: 0n, lo: n }))
    const [from, to] = [addressVal(world.keys.publicKey()), addressVal(outer)]
    await world.call(native, 'transfer', from, to, amount(50n))
    expect(await world.call(native, 'balance', to)).to.equal(50n)
    const back = list(to, addressVal(other.publicKey()), amount(20n))
    await world.call(outer, 'call', addressVal(native), sym('transfer'), back)
    expect(await world.call(native, 'balance', to)).to.equal(30n)
    const until = xdr.ScVal.scvU32((await world.chain.sequence()) + 1000)
    await world.call(native, 'approve', from, to, amount(9n), until)
    expect(await world.call(native, 'allowance', from, to)).to.equal(9n)
    const taken = list(to, from, to, amount(4n))
    await world.call(outer, 'call', addressVal(native), sym('transfer_from'), taken)
    expect(await world.call(native, 'allowance', from, to)).to.equal(5n)
    const tooMuch = list(to, from, to, amount(6n))
    const over = await world
      .call(outer, 'call', addressVal(native), sym('transfer_from'), tooMuch)
      .catch(String)
    expect(over).to.contain('Error(Contract, #9)')
    expect(await world.call(native, 'symbol')).to.equal('native')
  })

  it('of a key is judged by the host, and a bad signature ends the call', async () => {
    const other = await world.account()
    const message = Buffer.from('message')
    const [key, signature] = [other.rawPublicKey(), other.sign(message)]
    const check = (of: Uint8Array): Promise<unknown> =>
      world.call(outer, 'ed25519', bytesVal(key), bytesVal(message), bytesVal(of))
    expect(await check(signature)).to.equal(null)
    const bad = Uint8Array.from(signature)
    bad[0] = (bad[0] ?? 0) ^ 1
    expect(await check(bad).catch(String)).to.contain('Error(Crypto, InvalidInput)')
    expect(await check(signature.subarray(1)).catch(String)).to.contain(
      'Error(Object, UnexpectedSize)',
    )
    expect(Address.fromString(outer).toString()).to.equal(outer)
    const done = await world.run(invocation(outer, 'random', xdr.ScVal.scvU32(16)))
    expect([resultOf(done), (valueOf(done) as Uint8Array).length]).to.deep.equal([
      ...['invokeHostFunctionSuccess', 16],
    ])
  })
})
