/** Attacks that only the Internet Computer makes possible: calls that cost their callers nothing, cycles that run out, messages that wait, canisters that call. */
import { expect } from 'chai'
import { IDL } from '../../../src/devnet/icp/codec/candid.ts'
import { encodeCbor } from '../../../src/devnet/icp/codec/cbor.ts'
import { verifyEnvelope } from '../../../src/devnet/icp/codec/envelope.ts'
import { ANONYMOUS } from '../../../src/devnet/icp/codec/principal.ts'
import { SECOND_NS } from '../../../src/devnet/icp/parameters.ts'
import type { Response } from '../../../src/devnet/icp/canister/frame.ts'
import type { Signer } from '../../../src/node/anchor/anchor.ts'
import type { SignedEnvelope } from '../../../src/node/anchor/service.ts'
import { concat, EMPTY, utf8 } from '../../../src/node/primitives/bytes.ts'
import { contextOf, creation } from '../../compliance/anchor-support.ts'
import { add } from '../../support/ethereum-scene.ts'
import { callOf, PROXY } from '../../support/icp-canisters.ts'
import {
  CONTROLLER,
  decodeAnswer,
  encodeCall,
  type Method,
  moduleBytes,
  T,
  type Verdict,
} from '../../support/icp-contracts.ts'
import { Scene } from '../../support/icp-scene.ts'

const DAY = 86_400n

describe('icp contracts: attacks of the Internet Computer’s own', function () {
  this.timeout(120_000)
  let t: Scene
  let snapshot: number

  before(() => {
    t = new Scene()
    snapshot = t.snapshot()
  })
  beforeEach(() => {
    t.bench.hold(false)
    t.revert(snapshot)
  })

  /** A context of somebody, the n-th. */
  async function create(scene: Scene, who: Signer, n = 1): Promise<string> {
    const subject = contextOf(who, n)
    return scene.outcome(who, creation(n), { subject, nonce: 0n })
  }

  function argOf({ envelope, signature }: SignedEnvelope): Uint8Array {
    return encodeCall('apply', envelope, signature)
  }

  const verdictIn = (response: Response | undefined): Verdict => {
    if (response === undefined) throw new RangeError('expected an answer, got none')
    return decodeAnswer('apply', response) as Verdict // its type, there
  }

  describe('somebody made contexts in a flood, for nothing', () => {
    it('and is refused when the day’s number is reached, until the next day', async () => {
      const { bench, a, b, x } = t
      const scene = new Scene(bench, bench.deploy('contexts', { daily: 3 }))
      await scene.begin()
      expect([await create(scene, x), await create(scene, x, 2)]).to.deep.equal([
        ...['accepted', 'accepted'],
      ])
      expect(scene.supply()).to.include({ created_today: 3, daily: 3 })
      const fourth = await scene.signed(x, creation(3), { subject: contextOf(x, 3), nonce: 0n })
      const stored = scene.stored()
      const refused = { number: 20, name: 'DailyLimit', expected: [] }
      expect(scene.check(fourth)).to.deep.equal(refused)
      expect(scene.deliver(fourth)).to.deep.equal({ Err: refused })
      // contexts of a group that is there are made too
      const inGroup = { subject: contextOf(a, 2) }
      expect(await scene.outcome(a, creation(2, scene.group), inGroup)).to.equal('DailyLimit')
      expect(scene.stored()).to.deep.equal(stored)
      // what exists goes on
      expect(await scene.outcome(a, add(b))).to.equal('accepted')
      expect(await scene.outcome(a, { kind: 'seal' })).to.equal('accepted')
      bench.setTime((bench.now / DAY + 1n) * DAY - 1n)
      expect(await create(scene, x, 3)).to.equal('DailyLimit')
      bench.setTime(bench.now + 1n)
      expect(await create(scene, x, 3)).to.equal('accepted')
      expect(scene.supply()).to.include({ created_today: 1 })
    })

    it('and what was refused for another reason takes nothing of the day’s number', async () => {
      const { bench, x } = t
      const scene = new Scene(bench, bench.deploy('contexts', { daily: 1 }))
      const wrong = { subject: contextOf(x, 2), nonce: 0n }
      expect(await scene.outcome(x, creation(), wrong)).to.equal('ContextIdMismatch')
      const forged = { subject: contextOf(x), nonce: 0n, signWith: t.a }
      expect(await scene.outcome(x, creation(), forged)).to.equal('BadSignature')
      expect(scene.supply()).to.include({ created_today: 0 })
      expect(await create(scene, x)).to.equal('accepted')
      // of a request that is wrong anyway its own reason is told
      expect(await scene.outcome(x, creation(), wrong)).to.equal('ContextIdMismatch')
    })
  })

  describe('cycles ran out', () => {
    it('to the reserve: nothing is made any more, and all else goes on, until somebody tops up', async () => {
      const { bench, a, b, x } = t
      await t.begin()
      const canister = bench.canister(t.id)
      canister.cycles = T + (canister.cycles - BigInt(t.supply().liquid[0] ?? 0n)) - 1n
      expect(await create(t, x)).to.equal('CyclesLow')
      const signed = await t.signed(x, creation(), { subject: contextOf(x), nonce: 0n })
      expect(t.check(signed)).to.deep.equal({ number: 21, name: 'CyclesLow', expected: [] })
      expect(await t.outcome(a, add(b))).to.equal('accepted')
      expect(t.supply()).to.include({ reserve: T, created_today: 1 })
      canister.cycles += T
      expect(await create(t, x)).to.equal('accepted')
    })

    it('until it froze: it answers nobody, loses nothing, and goes on when somebody tops up', async () => {
      const { bench, a, b } = t
      await t.begin()
      const signed = await t.signed(a, add(b))
      const canister = bench.canister(t.id)
      const { cycles } = canister
      const stored = t.stored()
      canister.cycles = 1_000_000n
      expect(() => t.deliver(signed)).to.throw('IC0207')
      expect(() => t.prove('group', t.group)).to.throw('IC0207')
      canister.cycles = cycles
      expect(t.stored()).to.deep.equal(stored)
      t.must(t.deliver(signed))
      expect(t.hasMember(b)).to.equal(true)
    })
  })

  it('[W21] a message ended in the middle, wherever that was, and left nothing of itself', async () => {
    const { bench, a, b, c } = t
    await t.begin(b)
    const signed = await t.signed(a, add(c))
    const stored = t.stored()
    const { message } = bench.limits
    const withLimit = (instructions: bigint): Verdict | string => {
      bench.limits.message = instructions
      try {
        return t.deliver(signed)
      } catch (error) {
        return String(error)
      } finally {
        bench.limits.message = message
      }
    }
    // how much it takes, roughly
    const beginning = t.snapshot()
    let enough = 200_000n
    while (typeof withLimit(enough) === 'string') enough += 200_000n
    t.revert(beginning)
    let ended = 0
    // the last steps are those that write
    for (let instructions = enough - 400_000n; ; instructions += 20_000n) {
      const verdict = withLimit(instructions)
      if (typeof verdict !== 'string') break
      expect(verdict).to.include('IC0522')
      expect(t.stored()).to.deep.equal(stored)
      t.checkRoot()
      ended += 1
    }
    expect(ended).to.be.greaterThan(5)
    t.checkRoot()
    expect(t.hasMember(c)).to.equal(true)
  })

  it('[W22] two equal creations were on their way at once, and one context was made', async () => {
    const { bench, x } = t
    const request = { subject: contextOf(x), nonce: 0n }
    const first = await t.signed(x, creation(), request)
    // the same bytes by somebody else, and another request for the same
    const later = await t.signed(x, creation(), { ...request, validUntil: t.now + 500n })
    bench.hold(true)
    const requests = [
      bench.submit(t.id, 'apply', argOf(first)),
      bench.submit(t.id, 'apply', argOf(first), CONTROLLER),
      bench.submit(t.id, 'apply', argOf(later)),
    ]
    bench.hold(false)
    const verdicts = requests.map((id) => t.nameOf(verdictIn(bench.responseTo(id))))
    expect(verdicts).to.deep.equal(['accepted', 'ContextExists', 'ContextExists'])
    expect(t.told(0n)).to.deep.equal(['ContextCreated'])
    expect(t.supply()).to.include({ created_today: 1 })
  })

  it('a message waited until its request was too old, and had no effect', async () => {
    const { bench, a, b } = t
    await t.begin()
    const signed = await t.signed(a, add(b), { validUntil: t.now + 60n })
    const stored = t.stored()
    bench.hold(true)
    const id = bench.submit(t.id, 'apply', argOf(signed))
    bench.setTime(bench.now + 61n)
    bench.hold(false)
    expect(t.nameOf(verdictIn(bench.responseTo(id)))).to.equal('Expired')
    expect(t.stored()).to.deep.equal(stored)
  })

  it('a message came past its expiry, and then the same request in others, and had its effect once', async () => {
    const { bench, a, b } = t
    await t.begin()
    const arg = argOf(await t.signed(a, add(b)))
    const send = (expiry: bigint): Verdict => {
      const content = { canister_id: t.id, method_name: 'apply', arg, sender: ANONYMOUS }
      const body = encodeCbor({
        content: { request_type: 'call', ...content, ingress_expiry: expiry * SECOND_NS },
      })
      const verified = verifyEnvelope(body, 'call', bench.chain.now(), t.id)
      return verdictIn(bench.chain.submit(verified.requestId, verified.content, t.id).response)
    }
    const stored = t.stored()
    for (const expiry of [bench.now - 1n, bench.now + 600n]) {
      expect(() => send(expiry)).to.throw('Invalid request expiry')
    }
    expect(t.stored()).to.deep.equal(stored)
    const first = send(bench.now + 60n)
    expect(t.nameOf(first)).to.equal('accepted')
    // the same message has the same answer, and another is another
    expect(send(bench.now + 60n)).to.deep.equal(first)
    expect(t.nameOf(send(bench.now + 61n))).to.equal('BadNonce')
  })

  describe('a canister stood between', () => {
    /** What comes of a call that another canister makes. */
    const through = (proxy: Uint8Array, method: Method, arg: Uint8Array): Response =>
      t.bench.send(proxy, 'call', callOf(t.id, method, arg))

    it('and brought a request, which did what its signer signed, once', async () => {
      const { a, b } = t
      await t.begin()
      const proxy = t.bench.install(PROXY)
      const signed = await t.signed(a, add(b))
      expect(t.nameOf(verdictIn(through(proxy, 'apply', argOf(signed))))).to.equal('accepted')
      expect(t.hasMember(b)).to.equal(true)
      expect(t.nameOf(verdictIn(through(proxy, 'apply', argOf(signed))))).to.equal('BadNonce')
      // what is too long for the door is told by number here, where nobody looks before
      const long = { envelope: new Uint8Array(9_000), signature: EMPTY }
      expect(t.nameOf(verdictIn(through(proxy, 'apply', argOf(long))))).to.equal('LimitExceeded')
      expect(through(proxy, 'apply', utf8('nothing')).type).to.equal('reply')
    })

    it('and asked for what is proven, which is told to nobody who could not check it', async () => {
      await t.begin()
      const proxy = t.bench.install(PROXY)
      const arg = encodeCall('group', t.group)
      const rejected = concat(utf8('DIDL'), Uint8Array.of(0, 1, 0x78))
      const code = (response: Response): number[] =>
        response.type === 'reply' ? [...response.bytes.subarray(rejected.length)] : []
      // 1000 and the code of a trap
      const trapped = [...new Uint8Array(new BigUint64Array([1005n]).buffer)]
      expect(code(through(proxy, 'group', arg))).to.deep.equal(trapped)
      const asked = t.bench.ask(proxy, 'ask', callOf(t.id, 'group', arg))
      expect(code(asked)).to.deep.equal(trapped)
      // by a call from outside neither
      expect(() => t.bench.call(t.id, 'group', t.group)).to.throw('IC0406')
      expect(t.header()?.count).to.equal(1)
    })
  })

  it('what looks at messages drops what cannot be answered, and nothing else', async () => {
    const { bench, a, b } = t
    await t.begin()
    const is = (method: string, arg: Uint8Array): boolean => {
      const here = bench.chain.snapshot()
      const response = bench.send(t.id, method, arg)
      bench.chain.revert(here)
      return response.type === 'reply'
    }
    const signed = await t.signed(a, add(b))
    const sized = (length: number): Uint8Array =>
      argOf({ envelope: new Uint8Array(length), signature: new Uint8Array(64) })
    const refused: [string, Uint8Array][] = [
      ['apply', EMPTY],
      ['apply', utf8('no Candid')],
      ['apply', encodeCall('group', t.group)],
      ['apply', new Uint8Array(IDL.encode([IDL.Text, IDL.Text], ['a', 'b']))],
      ['apply', sized(9_200)],
      ['apply', concat(argOf(signed), Uint8Array.of(0))],
      ['info', encodeCall('info')],
      ['exported_group', encodeCall('exported_group', t.group, 0, 9)],
      ['canister_post_upgrade', EMPTY],
      ['', EMPTY],
    ]
    for (const [method, arg] of refused) expect(is(method, arg), method).to.equal(false)
    const wrong = await t.signed(a, add(b), { signWith: b })
    for (const arg of [argOf(signed), argOf(wrong), sized(0), sized(8_193), sized(9_000)]) {
      expect(is('apply', arg)).to.equal(true)
    }
    expect(is('check', argOf(signed))).to.equal(true)
    expect(is('cycles', encodeCall('cycles'))).to.equal(true)
    expect(is('adopt_context', encodeCall('adopt_context', t.context))).to.equal(true)
  })

  it('a canister was begun with what it cannot be', () => {
    const { bench } = t
    expect(() => bench.deploy('contexts', { network: '' })).to.throw('expected a network')
    // an id that a user has, and none
    for (const predecessor of [CONTROLLER, Uint8Array.of(4), EMPTY]) {
      expect(() => bench.deploy('contexts', { predecessor })).to.throw('expected another canister')
    }
    expect(() => bench.upgrade(bench.install(PROXY), moduleBytes('contexts'))).to.throw(
      'the memory is of another kind',
    )
  })
})
