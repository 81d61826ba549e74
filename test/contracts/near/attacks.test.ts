/** Attacks that only NEAR makes possible: deployments, deposits, credit, promises, contracts that call, and what is remembered of others. */
import { expect } from 'chai'
import { NEAR_CONTRACTS } from '../../../scripts/contracts/near.ts'
import { checkArtefacts } from '../../../scripts/support/rust-artefacts.ts'
import { signedArgs } from '../../../src/chains/near/contracts/codec.ts'
import { utf8 } from '../../../src/node/primitives/bytes.ts'
import { contextOf, creation, person } from '../../compliance/anchor-support.ts'
import { add, dismiss, remove } from '../../support/ethereum-scene.ts'
import { moduleBytes, NEAR, type Outcome } from '../../support/near-contracts.ts'
import { PLENTY, priceOf, Scene } from '../../support/near-scene.ts'
import { wat } from '../../support/wat.ts'

/** Gas of what a contract calls. */
const CALL_GAS = 100_000_000_000_000n
/** Hands its input on to `apply` of a contract, so many times in one receipt, each time with half a NEAR. */
const FORWARDER = (account: string, times: number): Uint8Array =>
  wat(`(module
  (import "env" "input" (func $input (param i64)))
  (import "env" "register_len" (func $length (param i64) (result i64)))
  (import "env" "read_register" (func $read (param i64 i64)))
  (import "env" "promise_batch_create" (func $create (param i64 i64) (result i64)))
  (import "env" "promise_batch_action_function_call"
    (func $call (param i64 i64 i64 i64 i64 i64 i64)))
  (memory 1)
  (data (i32.const 0) "${account}")
  (data (i32.const 64) "apply")
  (data (i32.const 80) "${halfNear()}")
  (func (export "forward") (local $promise i64)
    (call $input (i64.const 0))
    (call $read (i64.const 0) (i64.const 128))
    (local.set $promise (call $create (i64.const ${account.length}) (i64.const 0)))
    ${`(call $call (local.get $promise) (i64.const 5) (i64.const 64) (call $length (i64.const 0))
      (i64.const 128) (i64.const 80) (i64.const ${CALL_GAS}))`.repeat(times)}))`)

/** Half a NEAR as bytes of a text in WAT. */
function halfNear(): string {
  const amount = NEAR / 2n
  const byte = (at: number): string => Number((amount >> BigInt(8 * at)) & 255n).toString(16)
  return Array.from({ length: 16 }, (_, at) => `\\${byte(at).padStart(2, '0')}`).join('')
}

/** Deploys a contract of somebody else at an account of its own, with funds. */
function deployOther(t: Scene, code: Uint8Array, account: string): void {
  const parent = account.slice(account.indexOf('.') + 1)
  const { error } = t.bench.transact(parent, account, [
    { type: 'create' },
    { type: 'transfer', deposit: 50n * NEAR },
    { type: 'deploy', code },
  ])
  expect(error).to.equal(undefined)
}

function depositCredit(t: Scene, account: string, deposit: bigint): void {
  t.must(t.call('storage_deposit', utf8('{}'), { by: account, deposit }))
}

/** Yocto that a contract has beyond what its storage costs. */
function free(t: Scene): bigint {
  return t.bench.balance(t.account) - priceOf(t.usage)
}

describe('near contracts: attacks of NEAR’s own', function () {
  this.timeout(120_000)
  let t: Scene
  let snapshot: number

  before(() => {
    t = new Scene()
    snapshot = t.bench.chain.snapshot()
  })
  beforeEach(() => t.bench.revert(snapshot))

  it('[W29] [W35] is the code that the sources give, at an account that nobody has a key of', () => {
    for (const build of NEAR_CONTRACTS) expect(checkArtefacts(build)).to.deep.equal([])
    expect(t.bench.chain.state.keysOf(t.account)).to.deep.equal([])
    expect(t.bench.chain.state.account(t.account)?.code.type).to.equal('local')
  })

  it('[W6] spends nobody’s funds but the payer’s on what is stored', async () => {
    const had = free(t)
    const creator = t.must(await t.send(t.x, creation(), { subject: contextOf(t.x), nonce: 0n }))
    expect(creator.transfers).to.have.length(1)
    // it also earns part of the gas
    expect(free(t) >= had).to.equal(true)
    const nothing = await t.signed(t.a, creation(), { subject: t.context, nonce: 0n })
    expect(t.deliver(nothing, {}).error).to.equal('E23:InsufficientDeposit')
  })

  it('[W11] does the same work for one member as for five hundred', async () => {
    const { a, b, x } = t
    const measure = async (who: Scene['a']): Promise<bigint[]> => {
      const signed = await t.signed(a, add(who))
      const { growth } = t.check(signed)
      const added = t.must(t.deliver(signed))
      return [growth, added.gas, t.must(await t.send(a, remove(who))).gas]
    }
    await t.begin()
    const alone = await measure(b)
    for (let from = 0; from < 500; from += 16) {
      const crowd = Array.from({ length: 16 }, (_, at) => person(`crowd ${from + at}`))
      t.must(await t.send(a, add(...crowd)))
    }
    const crowded = await measure(x)
    for (const [at, one] of alone.entries()) {
      expect(Number(crowded[at])).to.be.within(Number(one) * 0.98, Number(one) * 1.02)
    }
  })

  it('[W23] gives every table keys of its own', async () => {
    const { a, b, c, x } = t
    await t.begin(b, c)
    t.must(await t.send(x, await t.claim(t.terms(), x.publicKey, a), { nonce: 0n }))
    t.must(await t.send(a, remove(b)))
    t.must(t.call('group_deposit', t.group, { deposit: NEAR }))
    depositCredit(t, 'payer.near', NEAR)
    const tables = new Map<number, Set<number>>()
    for (const key of t.bench.stored(t.account).keys()) {
      const table = Number.parseInt(key.slice(0, 2), 16)
      tables.set(table, (tables.get(table) ?? new Set()).add(key.length / 2))
    }
    // contexts, groups, members, past, slots, invitations, books; then what is the contract's own
    expect([...tables].map(([table, lengths]) => [table, [...lengths]])).to.have.deep.members([
      ...[1, 2].map((table) => [table, [33]]),
      ...[3, 4].map((table) => [table, [65]]),
      ...[
        [5, [37]],
        [6, [33]],
        [7, [75]],
        [128, [1]],
        [129, [1]],
      ],
      ...[
        [130, [3]],
        [131, [33]],
        [132, [33]],
        [133, [1 + 'payer.near'.length]],
      ],
    ])
  })

  it('a stranger initialised it before its owner, or again', () => {
    const args = utf8(JSON.stringify({ network: 'other', predecessor: null }))
    // without the call that a deployment makes in the same transaction
    deployOther(t, moduleBytes('contexts'), 'bare.other.near')
    for (const by of ['stranger.near', 'payer.near']) {
      const { error } = t.bench.call('bare.other.near', 'new', args, { by })
      expect(error).to.equal('only the account itself initialises its contract')
    }
    expect(t.bench.call('bare.other.near', 'apply', utf8('')).error).to.equal('E1:Malformed')
    t.must(t.bench.call('bare.other.near', 'new', args, { by: 'other.near' }))
    for (const by of ['other.near', 'stranger.near']) {
      expect(t.bench.call('bare.other.near', 'new', args, { by }).error).to.be.a('string')
    }
    const again = t.call('new', args, { by: 'test.near' })
    expect(again.error).to.equal('the contract is initialised')
  })

  it('somebody took the refund twice, or that of another', async () => {
    const signed = await t.signed(t.a, creation(), { subject: t.context, nonce: 0n })
    const price = priceOf(t.check(signed).growth)
    const refund = (outcome: Outcome): unknown => outcome.transfers
    const paid = t.deliver(signed, { by: 'other.near', deposit: NEAR })
    expect(refund(paid)).to.deep.equal([{ to: 'other.near', amount: NEAR - price }])
    // the same bytes again: refused, and the deposit comes back by the chain alone
    const had = t.bench.balance(t.account)
    const again = t.deliver(signed, { by: 'other.near', deposit: NEAR })
    expect([again.error, refund(again)]).to.deep.equal(['E6:ContextExists', []])
    expect(t.bench.balance(t.account)).to.equal(had)
  })

  it('a contract called for its user, and was paid by the user’s credit', async () => {
    deployOther(t, FORWARDER(t.account, 1), 'evil.other.near')
    depositCredit(t, 'payer.near', NEAR)
    const credit = t.accountCredit('payer.near')
    await t.begin()
    const signed = await t.signed(t.a, add(t.b))
    const before = t.bench.balance('evil.other.near')
    const args = signedArgs(signed)
    t.must(t.bench.call('evil.other.near', 'forward', args, { by: 'payer.near' }))
    // it did what A signed, and the contract that called paid, and has the rest of its deposit again
    expect(t.hasMember(t.b)).to.equal(true)
    expect(t.accountCredit('payer.near')).to.equal(credit)
    const spent = before - t.bench.balance('evil.other.near')
    // less what it earns of the gas
    expect(spent < NEAR / 100n).to.equal(true)
  })

  it('a contract brought the same request twice in one receipt', async () => {
    deployOther(t, FORWARDER(t.account, 2), 'evil.other.near')
    await t.begin()
    const stored = t.bench.stored(t.account)
    const args = signedArgs(await t.signed(t.a, add(t.b)))
    const had = t.bench.balance('evil.other.near')
    t.must(t.bench.call('evil.other.near', 'forward', args))
    // the second is refused, so the first is undone, and all money is back where it came from
    expect(t.bench.stored(t.account)).to.deep.equal(stored)
    expect(t.bench.balance('evil.other.near') >= had).to.equal(true)
  })

  it('somebody took the credit of somebody else', () => {
    depositCredit(t, 'payer.near', NEAR)
    const credit = t.accountCredit('payer.near')
    const withdraw = (given: object, by: string, deposit = 1n): Outcome =>
      t.call('storage_withdraw', utf8(JSON.stringify(given)), { by, deposit })
    const others = withdraw({ account_id: 'payer.near', amount: '1' }, 'stranger.near')
    expect(others.error).to.equal('the account has no credit')
    // a key that may only call functions cannot attach the yocto
    expect(withdraw({}, 'payer.near', 0n).error).to.equal('expected one yocto attached')
    const more = withdraw({ amount: String(credit + 1n) }, 'payer.near')
    expect(more.error).to.equal('E23:InsufficientDeposit')
    expect(t.accountCredit('payer.near')).to.equal(credit)
    const all = t.must(withdraw({}, 'payer.near'))
    expect(all.transfers).to.deep.equal([{ to: 'payer.near', amount: credit + 1n }])
    expect(withdraw({ amount: '1' }, 'payer.near').error).to.equal('E23:InsufficientDeposit')
    const left = t.must(t.call('storage_unregister', utf8(''), { by: 'payer.near', deposit: 1n }))
    expect(left.transfers).to.deep.equal([{ to: 'payer.near', amount: priceOf(121) + 1n }])
  })

  it('somebody spent a group’s credit on another group', async () => {
    await t.begin()
    t.must(t.call('group_deposit', t.group, { deposit: NEAR }))
    const credit = t.credit()
    const own = await t.signed(t.x, creation(), { subject: contextOf(t.x), nonce: 0n })
    expect(t.deliver(own, {}).error).to.equal('E23:InsufficientDeposit')
    expect(t.credit()).to.equal(credit)
  })

  it('somebody filled the storage at the cost of those that came before', async () => {
    const { a, b, x } = t
    await t.begin()
    const first = await t.signed(a, add(b))
    t.must(t.deliver(first))
    const [before] = t.applied(first.envelope)
    expect(before).to.equal(1)
    const had = free(t)
    // a group of X's takes every place among what is remembered
    const group = contextOf(x)
    t.must(await t.send(x, creation(), { subject: group, nonce: 0n }))
    const by = { by: 'stranger.near', deposit: NEAR }
    const nonce = 1n << 32n
    for (let at = 0n; at < 1024n; at++) {
      const request = { subject: group, nonce: nonce + at }
      const signed = await t.signed(x, dismiss(person('nobody')), request)
      const price = at % 256n === 0n ? priceOf(t.check(signed).growth) : undefined
      const { transfers } = t.must(t.deliver(signed, by))
      // each pays for its own place, and for nothing else
      if (price !== undefined) expect(NEAR - (transfers[0]?.amount ?? 0n)).to.equal(price)
    }
    const { oldest, next, items } = t.changes(undefined, 1000)
    expect([next - oldest, items.length, items[0]?.place]).to.deep.equal([1024n, 100, oldest])
    // A's group has back what its places cost, and what it was owed stays with the contract
    expect(t.credit() > 0n).to.equal(true)
    expect(free(t) >= had + t.credit()).to.equal(true)
    // it is not known any more what became of A's request; of one that was never sent it is
    expect(t.applied(first.envelope)).to.deep.equal([2, undefined])
    expect(t.applied(t.envelope(a, add(t.c)))).to.deep.equal([0, undefined])
    expect(t.applied(t.envelope(a, add(t.c), { nonce: 1n << 32n }))).to.deep.equal([2, undefined])
    const last = await t.signed(a, add(t.c))
    t.must(t.deliver(last, PLENTY))
    expect(t.applied(last.envelope)[0]).to.equal(1)
    const twin = t.envelope(a, add(x), { nonce: t.nonceOf(a) - 1n })
    expect(t.applied(twin)).to.deep.equal([0, undefined])
  })
})
