/**
 * The weaknesses of the original contracts, tried on these. A test's name begins with the weakness; each
 * makes the original attack and shows that it comes to nothing. What cannot be tried here:
 *
 * | weakness | why not, or where it is |
 * | --- | --- |
 * | W2, W3, W15, W17, W24 | of governance: there are no proposals, approvals or proxies yet; ordinals 7 and 8 are refused ([W20]) |
 * | W4, W12 | Stellar |
 * | W5 | of the relayer: test/compliance/chains/ethereum-relayer.test.ts |
 * | W13, W21, W22, W30 | ICP. What W21 asks for, no effects of errors, holds here by the EVM, and test/contracts/ethereum/differential.test.ts |
 * | W14 | a wallet contract that calls back: contracts/ethereum/test/ContextAnchor.t.sol |
 * | W23 | NEAR |
 * | W31 | of the adapter: test/compliance/chains, ethereum-faults, -queue and -reorganisation |
 * | W32 | of the package registry: test/compliance/anchor-rows/packages.ts, and contracts/ethereum/test/PackageRegistry.t.sol |
 * | W35 | `node scripts/build-contracts.ts --check` builds the same bytes from the sources |
 */
import { expect } from 'chai'
import {
  concat as joined,
  getBytes,
  keccak256,
  Signature,
  toBeHex,
  type Wallet,
  zeroPadValue,
} from 'ethers'
import { abiOf, hex } from '../../../src/chains/ethereum/contracts/codec.ts'
import { CONTRACT_NAMES } from '../../../src/chains/ethereum/contracts/artifacts.ts'
import { typedDomain } from '../../../src/chains/ethereum/scheme.ts'
import { CAPABILITIES, type Signer } from '../../../src/node/anchor/anchor.ts'
import { envelopeDigest } from '../../../src/node/anchor/envelope.ts'
import {
  OPERATION_ORDINALS,
  OPERATION_WORDS,
  type Operation,
} from '../../../src/node/anchor/operations.ts'
import { ED25519_SCHEME } from '../../../src/node/anchor/ticket.ts'
import { GroupId, PublicKey } from '../../../src/node/primitives/ids.ts'
import { readInterface } from '../../../scripts/support/contract-interface.ts'
import { application, contextOf, creation, person, salt } from '../../compliance/anchor-support.ts'
import {
  accountOf,
  binding,
  claimOf,
  delivery,
  revocationOf,
  signTyped,
  termsOf,
} from '../../support/ethereum-proofs.ts'
import { creationCode } from '../../support/ethereum-contracts.ts'
import {
  add,
  dismiss,
  grant,
  impostor,
  nameOf,
  remove,
  revoke,
  Scene,
} from '../../support/ethereum-scene.ts'
import { join } from 'node:path'

const { manageApplication, manageMembers, proxy, govern, manageContexts } = CAPABILITIES
const ALL = 31
const BATCH = 16
/** Order of the group of ed25519 (RFC 8032, 5.1). */
const ED25519_ORDER = 2n ** 252n + 27742317777372353535851937790883648493n
/** Order of the group of secp256k1 (SEC 2, 2.4.1). */
const SECP256K1_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n

function littleEndian(value: bigint, length: number): Uint8Array {
  return getBytes(toBeHex(value, length)).reverse()
}

/** The points of small order, and other encodings of some (the list of RFC 8032 implementations' test suites). */
const P = 2n ** 255n - 19n
const EIGHTH = 0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n
const WEAK_KEYS = [0n, 1n, P - 1n, P, P + 1n, EIGHTH, P - EIGHTH].flatMap((y) => [
  littleEndian(y, 32),
  littleEndian(y + 2n ** 255n, 32),
])

describe('ethereum contracts: weaknesses of the originals', function () {
  this.timeout(60_000)
  let t: Scene
  let back: () => Promise<void>

  before(async () => {
    t = await Scene.start()
  })
  after(async () => t.bench[Symbol.asyncDispose]())
  beforeEach(async () => {
    back = await t.bench.snapshot()
  })
  afterEach(async () => back())

  it('[W1] takes nobody’s word for somebody else’s identity', async () => {
    const { a, x, bench } = t
    await t.begin()
    for (const door of ['sender', 'account', 'ed25519'] as const) {
      expect(await t.outcome(a, add(x), { door, signWith: x }), door).to.equal('BadSignature')
    }
    // X binds A's identity to its own account, by every signature that it can make
    const account = accountOf(x)
    const stolen = { account, nonce: 2n }
    const own = await binding(bench, a, { ...stolen, signWith: x })
    expect(await t.tried(own)).to.equal('BadSignature')
    expect(await t.tried({ ...own, from: account.address })).to.equal('BadSignature')
    // it repeats the signature that A gave for its own account
    const before = await binding(bench, a)
    expect(await t.tried(before)).to.equal('BindStale')
    const args = abiOf('IdentityRegistry').decodeFunctionData('bind', before.data)
    const [identity, , , validUntil, signature] = args
    const redirected = [identity, account.address, 2n, validUntil, signature, '0x']
    const data = abiOf('IdentityRegistry').encodeFunctionData('bind', redirected)
    const call = { to: bench.registry, data, from: account.address }
    expect(await t.tried(call)).to.equal('BadSignature')
    // without any binding there is nobody to ask
    const stranger = person('stranger')
    expect(await t.outcome(stranger, add(x), { door: 'sender', signWith: x })).to.equal('NotBound')
    expect(await t.hasMember(x)).to.equal(false)
  })

  it('[W6] spends nobody’s funds on creation, and holds none', async () => {
    const { bench, x } = t
    expect(await t.create(x)).to.equal('accepted')
    for (const to of [bench.anchor, bench.registry]) {
      expect(nameOf(await bench.call({ to, data: '0x', value: 1n }))).to.match(/no data/)
      expect(await bench.request('eth_getBalance', to, 'latest')).to.equal('0x0')
    }
    const call = await t.signed(x, { kind: 'leave' }, { subject: contextOf(x), nonce: 1n << 32n })
    expect(nameOf(await bench.call({ ...call, value: 1n }))).to.match(/no data/)
  })

  it('[W7] never lets a nonce come back', async () => {
    const { a, b, c, x } = t
    await t.begin(b)
    await t.must(await t.send(a, grant(b, manageMembers)))
    const unsent = await t.signed(b, add(c))
    const later = await t.signed(b, add(x), { nonce: (await t.nonceOf(b)) + 1n })
    await t.must(await t.send(a, remove(b)))
    expect(await t.tried(unsent)).to.equal('NotAMember')
    await t.must(await t.send(a, add(b)))
    await t.must(await t.send(a, grant(b, manageMembers)))
    for (const call of [unsent, later]) expect(await t.tried(call)).to.equal('BadNonce')
    // nor when it leaves by itself after it moved its nonce as far as it may, and comes back by an invitation
    const [revision] = await t.revisions()
    const to = (revision + 1n) << 32n
    expect(await t.outcome(b, { kind: 'bumpNonce', to: to + 1n })).to.equal('LimitExceeded')
    await t.must(await t.send(b, { kind: 'bumpNonce', to }))
    const kept = await t.signed(b, add(c))
    await t.must(await t.send(b, { kind: 'leave' }))
    const notAfter = (await t.bench.now()) + 600n
    const fields = { group: t.group, inviter: a.publicKey, notAfter, capabilities: manageMembers }
    const terms = termsOf(t.bench, fields)
    const claim = await claimOf(t.bench, terms, b.publicKey, a, 'ed25519')
    expect(await t.outcome(b, claim, { nonce: 0n })).to.equal('BadNonce')
    await t.must(await t.send(b, claim))
    expect(await t.tried(kept)).to.equal('BadNonce')
    expect(await t.nonceOf(b)).to.equal((revision + 2n) << 32n)
  })

  it('[W8] asks every signer for a record, and every record for its nonce', async () => {
    const { a, b, c, x, bench } = t
    await t.begin(b)
    await t.must(await t.send(a, grant(b, manageMembers)))
    await t.must(await t.send(a, remove(b)))
    for (const nonce of [0n, 1n, 1n << 32n, 2n << 32n, (1n << 64n) - 1n]) {
      for (const who of [b, x]) {
        expect(await t.outcome(who, add(c), { nonce })).to.equal('NotAMember')
      }
    }
    // whoever came by an invitation has a nonce like everybody
    const notAfter = (await bench.now()) + 600n
    const terms = termsOf(bench, { group: t.group, inviter: a.publicKey, notAfter })
    const claim = await claimOf(bench, terms, x.publicKey, a, 'account')
    await t.must(await t.send(x, claim, { nonce: 0n }))
    await t.must(await t.send(a, grant(x, manageMembers)))
    expect(await t.outcome(x, add(c), { nonce: 0n })).to.equal('BadNonce')
    const once = await t.signed(x, add(c))
    await t.must(await bench.send(once))
    await t.must(await t.send(a, remove(c)))
    expect(await t.tried(once)).to.equal('BadNonce')
  })

  it('[W9] leaves nothing to who was removed', async () => {
    const { a, b, c } = t
    await t.begin(b)
    await t.must(await t.send(a, grant(b, ALL)))
    await t.must(await t.send(a, remove(b)))
    expect(await t.capabilitiesOf(b)).to.equal(0)
    expect(await t.outcome(b, add(c))).to.equal('NotAMember')
    await t.must(await t.send(a, add(b)))
    expect(await t.capabilitiesOf(b)).to.equal(0)
    expect(await t.outcome(b, add(c))).to.equal('Unauthorized')
    await t.must(await t.send(a, grant(b, manageMembers)))
    await t.must(await t.send(b, { kind: 'leave' }))
    await t.must(await t.send(a, add(b)))
    expect(await t.outcome(b, remove(a))).to.equal('Unauthorized')
  })

  it('[W10] takes a message at one contract, on one chain, by one door', async () => {
    const { a, b, bench } = t
    await t.begin()
    const envelope = await t.envelope(a, add(b))
    const own = await ED25519_SCHEME.signEnvelope(envelope, a)
    const domain = typedDomain('merogate contexts', bench.chainId, bench.anchor)
    const typed = await signTyped(accountOf(a), domain, envelope)
    const call = (signature: Uint8Array, door: 'account' | 'ed25519', to = bench.anchor) =>
      delivery(to, { envelope, signature }, door)

    // at another contract, with the same registry and the same code
    const other = await bench.create(creationCode('ContextAnchor', bench.registry))
    bench.know(other, abiOf('ContextAnchor'))
    expect(await t.tried(call(own.signature, 'ed25519', other))).to.equal('WrongDomain')
    expect(await t.tried(call(typed, 'account', other))).to.equal('WrongDomain')
    // on another chain, where everything has the same address
    await using elsewhere = await Scene.start(31_338).then(({ bench: chain }) => chain)
    expect(elsewhere.anchor).to.equal(bench.anchor)
    for (const replay of [call(own.signature, 'ed25519'), call(typed, 'account')]) {
      expect(nameOf(await elsewhere.call(replay))).to.equal('WrongDomain')
    }
    // a chain that splits: the same contract, another number
    const foreign = await t.envelope(a, add(b), { domain: elsewhere.domain() })
    const split = await ED25519_SCHEME.signEnvelope(foreign, a)
    expect(await t.tried(delivery(bench.anchor, split, 'ed25519'))).to.equal('WrongDomain')
    // by the other door, and in other forms
    const compact = getBytes(Signature.from(hex(typed)).compactSerialized)
    expect(await t.tried(call(own.signature, 'account'))).to.equal('BadSignature')
    expect(await t.tried(call(typed, 'ed25519'))).to.equal('BadSignature')
    expect(await t.tried(call(compact, 'ed25519'))).to.equal('BadSignature')
    const personal = await accountOf(a).signMessage(envelopeDigest(envelope))
    expect(await t.tried(call(getBytes(personal), 'account'))).to.equal('BadSignature')
    // with what the account signed for another contract, chain or purpose
    const domains = [
      { ...domain, verifyingContract: other },
      { ...domain, chainId: 31_338 },
      { ...domain, version: '1' },
      { ...domain, name: 'merogate packages' },
      { ...domain, name: 'merogate identities' },
    ]
    for (const wrong of domains) {
      const signature = await signTyped(accountOf(a), wrong, envelope)
      expect(await t.tried(call(signature, 'account')), JSON.stringify(wrong)).to.equal(
        'BadSignature',
      )
    }
    // once it was taken by one door, it is no good at any other
    await t.must(await bench.send(call(typed, 'account')))
    expect(await t.tried(call(own.signature, 'ed25519'))).to.equal('BadNonce')
    expect(await t.outcome(a, add(b), { door: 'sender', nonce: 1n << 32n })).to.equal('BadNonce')
  })

  it('[W10] shows wallets nothing but what is in the envelope', async () => {
    const { a, b, bench } = t
    await t.begin()
    const envelope = await t.envelope(a, add(b))
    const domain = typedDomain('merogate contexts', bench.chainId, bench.anchor)
    const validUntil = (await bench.now()) + 600n
    const tried = async (lie: object): Promise<string> => {
      const signature = await signTyped(accountOf(a), domain, envelope, lie)
      return t.tried(delivery(bench.anchor, { envelope, signature }, 'account'))
    }
    expect(await tried({})).to.equal('accepted')
    const lies = [
      { subject: hex(contextOf(a, 2)) },
      { signer: hex(b.publicKey) },
      { nonce: (1n << 32n) + 1n },
      { validUntil: validUntil + 1n },
      { operation: OPERATION_WORDS.leave },
      { operation: '' },
      { operation: `${OPERATION_WORDS.addMembers} ` },
      { envelope: hex(await t.envelope(a, remove(b))) },
    ]
    for (const lie of lies) {
      expect(await tried(lie), Object.keys(lie).join()).to.equal('BadSignature')
    }
  })

  it('[W11] does the same work for one member as for two thousand', async () => {
    const { a, b, c, x, bench } = t
    // what is kept of who went makes its return cheaper: each time somebody else
    const measure = async (other: Signer): Promise<Record<string, number>> => {
      const [added, removed] = [await t.send(a, add(other)), await t.send(a, remove(other))]
      const estimate = async (who: Signer): Promise<number> => {
        const args = [hex(t.group), hex(who.publicKey)]
        const data = abiOf('ContextAnchor').encodeFunctionData('hasMember', args)
        return Number(await bench.request('eth_estimateGas', { to: bench.anchor, data }))
      }
      return {
        added: added.error === undefined ? added.gas : NaN,
        removed: removed.error === undefined ? removed.gas : NaN,
        found: await estimate(a),
        missed: await estimate(c),
      }
    }
    await t.begin()
    const alone = await measure(b)
    for (let from = 0; from < 2000; from += BATCH) {
      const crowd = Array.from({ length: BATCH }, (_, index) => person(`crowd ${from + index}`))
      await t.must(await t.send(a, add(...crowd)))
    }
    const crowded = await measure(x)
    for (const [name, gas] of Object.entries(alone)) {
      expect(crowded[name], name).to.be.within(gas * 0.99, gas * 1.01)
    }
    const [header] = await bench.view('group', [hex(t.group)])
    expect((header as { count: bigint }).count).to.equal(2001n)
    // a removal in the middle moves one record, however many follow
    const middle = await t.send(a, remove(person('crowd 5')))
    expect(middle.error === undefined && middle.gas).to.be.within(
      1,
      (alone['removed'] ?? 0) + 15_000,
    )
  })

  it('[W16] shows when two pages are of different lists', async () => {
    const { a, b, c, bench } = t
    await t.begin(b, c)
    const page = async (offset: number): Promise<readonly unknown[]> =>
      (await bench.view('members', [hex(t.group), offset, 2]))
        .slice(0, 3)
        .map((part) => (Array.isArray(part) ? [...(part as unknown[])] : part))
    const [first, before] = [await page(0), await page(2)]
    expect(first).to.deep.equal([2n, 3n, [hex(a.publicKey), hex(b.publicKey)]])
    expect(before).to.deep.equal([2n, 3n, [hex(c.publicKey)]])
    // C moves into B's place, behind who reads on from there
    await t.must(await t.send(a, remove(b)))
    expect(await page(2)).to.deep.equal([3n, 2n, []])
  })

  it('[W18] asks each operation for its own capability', async () => {
    const { a, b, c, bench } = t
    await t.begin(b, c)
    const notAfter = (await bench.now()) + 600n
    const given = { group: t.group, notAfter }
    const byA = await revocationOf(bench, termsOf(bench, { ...given, inviter: a.publicKey }), a)
    const ownTerms = termsOf(bench, { ...given, inviter: b.publicKey, membership: 2n })
    const needs: readonly (readonly [Operation, number, object?])[] = [
      [{ kind: 'updateApplication', application: application(5) }, manageApplication],
      [add(person('D')), manageMembers],
      [remove(c), manageMembers],
      [{ kind: 'setRole', ids: [c.publicKey], role: 'reader' }, manageMembers],
      [{ kind: 'setOptions', options: { approvers: 'members' } }, manageMembers],
      [byA, manageMembers],
      [{ kind: 'seal' }, manageMembers | proxy],
      [{ kind: 'migrateTo', contract: new Uint8Array(20).fill(9) }, manageMembers | proxy],
      [creation(2, t.group), manageContexts, { subject: contextOf(b, 2) }],
      ...[manageApplication, manageMembers, proxy, govern, manageContexts, 3, ALL].flatMap(
        (bits): (readonly [Operation, number])[] => [
          [grant(c, bits), bits],
          [revoke(c, bits), bits],
        ],
      ),
      // what everybody may
      [{ kind: 'leave' }, 0],
      [{ kind: 'bumpNonce', to: (2n << 32n) + 5n }, 0],
      [{ kind: 'voidInvitations' }, 0],
      [await revocationOf(bench, ownTerms, b), 0],
    ]
    for (let held = 0; held <= ALL; held++) {
      const restore = await bench.snapshot()
      if (held !== 0) await t.must(await t.send(a, grant(b, held)))
      for (const [operation, needed, fields] of needs) {
        const isEnough = (held & needed) === needed
        const expected = isEnough ? 'accepted' : 'Unauthorized'
        const label = `${operation.kind} with ${held}`
        expect(await t.tried(await t.signed(b, operation, fields)), label).to.equal(expected)
      }
      await restore()
    }
  })

  it('[W19] gives an id to its author alone', async () => {
    const { a, x, bench } = t
    const subject = contextOf(a)
    // ahead of A's transaction: with A's salt, and with A's own bytes
    expect(await t.outcome(x, creation(), { subject, nonce: 0n })).to.equal('ContextIdMismatch')
    const own = await t.envelope(a, creation(), { subject, nonce: 0n })
    const forged = await ED25519_SCHEME.signEnvelope(own, x)
    expect(await t.tried(delivery(bench.anchor, forged, 'ed25519'))).to.equal('BadSignature')
    expect(contextOf(x)).to.not.deep.equal(subject)
    const other = { ...creation(), salt: salt(2) }
    expect(await t.outcome(a, other, { subject, nonce: 0n })).to.equal('ContextIdMismatch')
    // whoever carries A's request makes A's context
    const carried = await ED25519_SCHEME.signEnvelope(own, a)
    const from = accountOf(x).address
    await t.must(await bench.send(delivery(bench.anchor, carried, 'ed25519', from)))
    expect(await t.capabilitiesOf(a)).to.equal(ALL)
    expect(await t.hasMember(x)).to.equal(false)
    expect(await t.create(a)).to.equal('ContextExists')
    // zero is no group's id
    const zero = GroupId.from(new Uint8Array(32))
    const second = { subject: contextOf(a, 2) }
    expect(await t.outcome(a, creation(2, zero), second)).to.equal('ContextNotFound')
  })

  it('[W20] numbers everything as the interface file does', async () => {
    const told = readInterface(join(import.meta.dirname, '../../..'))
    const { createContext: _, ...others } = OPERATION_ORDINALS
    expect(told.operations).to.include(others)
    expect(told.capabilities).to.deep.equal({ ...CAPABILITIES })
    await t.begin()
    // the last byte of these bytes is the ordinal
    const bytes = await t.envelope(t.a, { kind: 'leave' })
    for (const ordinal of [7, 8, ...Array.from({ length: 240 }, (_, index) => index + 16)]) {
      const envelope = Uint8Array.of(...bytes.subarray(0, -1), ordinal)
      const message = await ED25519_SCHEME.signEnvelope(envelope, t.a)
      const call = delivery(t.bench.anchor, message, 'ed25519')
      expect(await t.tried(call), String(ordinal)).to.equal('Malformed')
    }
    // those that need no fields
    for (const [ordinal, name] of [
      [6, 'LastManager'],
      [12, 'accepted'],
      [15, 'accepted'],
    ] as const) {
      const envelope = Uint8Array.of(...bytes.subarray(0, -1), ordinal)
      const message = await ED25519_SCHEME.signEnvelope(envelope, t.a)
      expect(await t.tried(delivery(t.bench.anchor, message, 'ed25519'))).to.equal(name)
    }
  })

  it('[W25] has a limit for everything that is given', async () => {
    const { a, bench } = t
    await t.begin()
    const crowd = Array.from({ length: 17 }, (_, index) => person(`crowd ${index}`))
    const update = (source: number, metadata: number): Operation => ({
      kind: 'updateApplication',
      application: {
        ...application(2),
        source: 'é'.repeat(source / 2) + 'x'.repeat(source % 2),
        metadata: new Uint8Array(metadata),
      },
    })
    expect(await t.tried(await t.signed(a, add(...crowd.slice(1))))).to.equal('accepted')
    expect(await t.outcome(a, add(...crowd))).to.equal('LimitExceeded')
    expect(await t.tried(await t.signed(a, update(512, 1024)))).to.equal('accepted')
    expect(await t.outcome(a, update(513, 0))).to.equal('LimitExceeded')
    expect(await t.outcome(a, update(0, 1025))).to.equal('LimitExceeded')
    const signature = new Uint8Array(64)
    for (const [length, name] of [
      [8192, 'Malformed'],
      [8193, 'LimitExceeded'],
    ] as const) {
      const envelope = new Uint8Array(length).fill(1)
      expect(await t.tried(delivery(bench.anchor, { envelope, signature }, 'ed25519'))).to.equal(
        name,
      )
    }
    const most = 2n ** 256n - 1n
    const page = await bench.view('members', [hex(t.group), 0n, most])
    expect(page[1]).to.equal(1n)
    expect(await bench.view('members', [hex(t.group), most, most])).to.deep.include(1n)
    // as if it had that many members already
    const slot = await slotOf(t, 1n | (1n << 64n))
    for (const [count, name] of [
      [65_533n, 'accepted'],
      [65_534n, 'LimitExceeded'],
    ] as const) {
      const word = toBeHex(1n | (1n << 64n) | (count << 128n) | (1n << 160n), 32)
      await bench.request('hardhat_setStorageAt', bench.anchor, slot, word)
      expect(await t.tried(await t.signed(a, add(...crowd.slice(0, 2))))).to.equal(name)
    }
    const far = (await bench.now()) + 86_401n
    expect(await t.outcome(a, add(...crowd.slice(1)), { validUntil: far + 60n })).to.equal(
      'Expired',
    )
  })

  it('[W26] writes nothing for whoever has no invitation, and redirects none', async () => {
    const { a, b, c, x, bench } = t
    await t.begin(b)
    const notAfter = (await bench.now()) + 600n
    const fields = { group: t.group, inviter: a.publicKey, notAfter }
    const terms = termsOf(bench, fields)
    const claim = await claimOf(bench, terms, c.publicKey, a, 'account')
    // a watcher puts itself in the claimant's place
    expect(await t.outcome(x, claim, { nonce: 0n })).to.equal('InvitationInvalid')
    const redirected = await claimOf(
      bench,
      { ...terms, claimKey: PublicKey.from(zeroPadded(accountOf(x))) },
      x.publicKey,
      a,
      'account',
    )
    const swapped = { ...redirected, inviterSignature: claim.inviterSignature }
    expect(await t.outcome(x, swapped, { nonce: 0n })).to.equal('InvitationInvalid')
    // it changes what it is given
    const changes = [
      { role: 'reader' as const },
      { capabilities: manageMembers },
      { notAfter: notAfter + 1n },
      { maxUses: 2 },
      { inviteNonce: 1n },
      { inviter: b.publicKey },
    ]
    for (const change of changes) {
      const changed = await claimOf(bench, { ...terms, ...change }, x.publicKey, a, 'account')
      const attempt = { ...changed, inviterSignature: claim.inviterSignature }
      expect(await t.outcome(x, attempt, { nonce: 0n })).to.equal('InvitationInvalid')
    }
    // somebody that may not invite
    for (const [inviter, capabilities] of [
      [b, 0],
      [x, 0],
      [a, ALL],
    ] as const) {
      const membership = inviter === b ? 2n : 1n
      const { publicKey } = inviter
      const own = termsOf(bench, { ...fields, inviter: publicKey, capabilities, membership })
      const attempt = await claimOf(bench, own, c.publicKey, inviter, 'ed25519')
      const expected = inviter === a ? 'accepted' : 'InvitationInvalid'
      expect(await t.tried(await t.signed(c, attempt, { nonce: 0n }))).to.equal(expected)
    }
    const revocation = await revocationOf(bench, terms, a, 'account')
    expect(await t.outcome(x, revocation)).to.equal('NotAMember')
    expect(await t.outcome(b, revocation)).to.equal('Unauthorized')
    await t.must(await t.send(c, claim, { nonce: 0n }))
    await t.must(await t.send(a, dismiss(c)))
    expect(await t.outcome(c, claim)).to.equal('InvitationUsed')
    // for a relay with capabilities, which there cannot be
    const relay = termsOf(bench, {
      ...fields,
      inviteNonce: 5n,
      role: 'relay',
      capabilities: manageMembers,
    })
    const helper = await claimOf(bench, relay, x.publicKey, a, 'ed25519')
    expect(await t.outcome(x, helper, { nonce: 0n })).to.equal('RoleForbids')
  })

  it('[W27] does not let the last manager go', async () => {
    const { a, b } = t
    await t.begin(b)
    const ways: Operation[] = [
      ...[remove(a), remove(b, a), revoke(a, manageMembers), revoke(a, ALL)],
      { kind: 'leave' },
    ]
    for (const way of ways) expect(await t.outcome(a, way), way.kind).to.equal('LastManager')
    await t.must(await t.send(a, grant(b, manageMembers)))
    expect(await t.outcome(a, remove(a, b))).to.equal('LastManager')
    await t.must(await t.send(a, remove(a)))
    for (const way of [revoke(b, manageMembers), { kind: 'leave' as const }]) {
      expect(await t.outcome(b, way)).to.equal('LastManager')
    }
    // sealing needs more than it has
    expect(await t.outcome(b, { kind: 'seal' })).to.equal('Unauthorized')
  })

  it('[W28] takes no weak key, and one form of a signature', async () => {
    const { a, b, bench } = t
    await t.begin()
    // S = 0 and R of small order fit every message of a key of small order, for a lax verifier
    for (const key of WEAK_KEYS) {
      const weak = impostor(a, key)
      const envelope = await t.envelope(weak, creation(), { subject: contextOf(weak), nonce: 0n })
      const signature = new Uint8Array(64)
      signature.set(key)
      for (const door of ['ed25519', 'account'] as const) {
        expect(await t.tried(delivery(bench.anchor, { envelope, signature }, door))).to.equal(
          'WeakKey',
        )
      }
      expect(await t.outcome(a, add(b, weak))).to.equal('WeakKey')
      expect(await t.tried(await binding(bench, weak))).to.equal('WeakKey')
    }
    const envelope = await t.envelope(a, add(b))
    const attempt = (signature: Uint8Array, door: 'account' | 'ed25519'): Promise<string> =>
      t.tried(delivery(bench.anchor, { envelope, signature }, door))
    // ed25519: S + L is the same number
    const { signature } = await ED25519_SCHEME.signEnvelope(envelope, a)
    expect(await attempt(signature, 'ed25519')).to.equal('accepted')
    expect(await attempt(Uint8Array.of(...signature, 0), 'ed25519')).to.equal('BadSignature')
    const s = BigInt(hex(signature.slice(32).reverse()))
    const malleated = Uint8Array.of(
      ...signature.subarray(0, 32),
      ...littleEndian(s + ED25519_ORDER, 32),
    )
    expect(await attempt(malleated, 'ed25519')).to.equal('BadSignature')
    for (const length of [0, 1, 32, 63]) {
      expect(await attempt(signature.slice(0, length), 'ed25519')).to.equal('BadSignature')
    }
    expect(await attempt(Uint8Array.of(...signature, 0), 'ed25519')).to.equal('BadSignature')
    // secp256k1: n - s with the other v, v of 0 and 1, ERC-2098, more bytes
    const domain = typedDomain('merogate contexts', bench.chainId, bench.anchor)
    const typed = await signTyped(accountOf(a), domain, envelope)
    expect(await attempt(typed, 'account')).to.equal('accepted')
    const { r, s: low, v, compactSerialized } = Signature.from(hex(typed))
    const high = toBeHex(SECP256K1_ORDER - BigInt(low), 32)
    const forms = [
      joined([r, high, toBeHex(v === 27 ? 28 : 27)]),
      joined([r, high, toBeHex(v)]),
      joined([r, low, toBeHex(v - 27, 1)]),
      joined([r, low, toBeHex(v === 27 ? 28 : 27)]),
      joined([r, low, toBeHex(v + 35)]),
      compactSerialized,
      joined([hex(typed), '0x00']),
      hex(typed.slice(0, 64)),
      joined([toBeHex(0, 32), toBeHex(0, 32), '0x1b']),
      hex(typed.slice(0, 1)),
    ]
    for (const form of forms) {
      expect(await attempt(getBytes(form), 'account'), form).to.equal('BadSignature')
    }
  })

  it('[W28] takes one form of a claim’s signatures', async () => {
    const { a, x, bench } = t
    await t.begin()
    const notAfter = (await bench.now()) + 600n
    const terms = termsOf(bench, { group: t.group, inviter: a.publicKey, notAfter })
    const claim = await claimOf(bench, terms, x.publicKey, a, 'account')
    const { claimSignature, inviterSignature } = claim
    for (const [name, signature] of Object.entries({ claimSignature, inviterSignature })) {
      const { r, s, yParity } = Signature.from(hex(signature))
      const high = SECP256K1_ORDER - BigInt(s)
      const forms = [
        // high s does not fit beside the parity bit; whoever writes it all the same signs something else
        joined([r, toBeHex(high | (yParity === 0 ? 2n ** 255n : 0n), 32)]),
        joined([r, toBeHex(high, 32)]),
        joined([r, toBeHex(BigInt(s) | (yParity === 0 ? 2n ** 255n : 0n), 32)]),
        joined([toBeHex(0, 32), toBeHex(0, 32)]),
      ]
      for (const form of forms) {
        const attempt = { ...claim, [name]: getBytes(form) }
        expect(await t.outcome(x, attempt, { nonce: 0n }), name).to.equal('InvitationInvalid')
      }
    }
    // a claim key is an account: twelve zero bytes and an address, and not the zero address
    for (const claimKey of [new Uint8Array(32), Uint8Array.of(1, ...terms.claimKey.subarray(1))]) {
      const other = await claimOf(
        bench,
        { ...terms, claimKey: PublicKey.from(claimKey) },
        x.publicKey,
        a,
        'account',
      )
      expect(await t.outcome(x, other, { nonce: 0n })).to.equal('InvitationInvalid')
    }
    await t.must(await t.send(x, claim, { nonce: 0n }))
  })

  it('[W28] takes what nobody signed for nobody’s word, not even that of who has no account', async () => {
    const { a, x, bench } = t
    // bound to nothing, as the zero address is what a broken signature recovers to
    const d = person('D')
    await t.begin(d)
    await t.must(await t.send(a, grant(d, manageMembers)))
    const until = { group: t.group, notAfter: (await bench.now()) + 600n }
    const byA = termsOf(bench, { ...until, inviter: a.publicKey })
    const byD = termsOf(bench, { ...until, inviter: d.publicKey, membership: 2n })
    const claims = [
      [byD, d, { inviterSignature: new Uint8Array(64) }],
      [
        { ...byA, claimKey: PublicKey.from(new Uint8Array(32)) },
        a,
        { claimSignature: new Uint8Array(64) },
      ],
    ] as const
    for (const [terms, inviter, nothing] of claims) {
      const claim = await claimOf(bench, terms, x.publicKey, inviter, 'ed25519')
      const attempt = { ...claim, ...nothing }
      expect(await t.outcome(x, attempt, { nonce: 0n })).to.equal('InvitationInvalid')
    }
    await t.must(await t.send(x, await claimOf(bench, byD, x.publicKey, d, 'ed25519')))
  })

  it('[W29] has no owner, no funds and no way to become another', async () => {
    const doors = {
      IdentityRegistry: ['bind'],
      ContextAnchor: ['adopt', 'adoptContext', 'submit', 'submitEd25519'],
      PackageRegistry: ['submit', 'submitEd25519'],
    }
    for (const name of CONTRACT_NAMES) {
      const abi = abiOf(name)
      const changing: string[] = []
      abi.forEachFunction((fn) => {
        expect(fn.payable, `${name}.${fn.name} is payable`).to.equal(false)
        if (!fn.constant) changing.push(fn.name)
      })
      expect(changing.sort(), name).to.deep.equal(doors[name])
      expect(abi.receive || abi.fallback !== null, `${name} takes what it is sent`).to.equal(false)
      expect(abi.deploy.payable).to.equal(false)
    }
    const dangerous = {
      0xf0: 'CREATE',
      0xf1: 'CALL',
      0xf2: 'CALLCODE',
      0xf4: 'DELEGATECALL',
      0xf5: 'CREATE2',
      0xff: 'SELFDESTRUCT',
    }
    for (const address of [t.bench.registry, t.bench.anchor]) {
      const code = getBytes(String(await t.bench.request('eth_getCode', address, 'latest')))
      const used = opcodes(code).map((opcode) => dangerous[opcode as keyof typeof dangerous])
      // the anchor makes contracts of bytes that are only read (SSTORE2); there is nothing else
      const expected = address === t.bench.anchor ? ['CREATE'] : []
      expect([...new Set(used)].filter((found) => found !== undefined)).to.deep.equal(expected)
    }
  })

  it('[W33] announces every change, and nothing else', async () => {
    const { a, b, c, x, bench } = t
    const notAfter = (await bench.now()) + 600n
    const terms = termsOf(bench, { group: t.group, inviter: a.publicKey, notAfter })
    const changes: readonly (readonly [string, Signer, Operation, object?])[] = [
      ['ContextCreated', a, creation(), { subject: t.context, nonce: 0n }],
      ['ContextCreated', a, creation(2, t.group), { subject: contextOf(a, 2) }],
      ['MembersAdded', a, add(b, c)],
      ['CapabilitiesChanged', a, grant(b, manageMembers)],
      ['CapabilitiesChanged', a, revoke(b, manageMembers)],
      ['RolesChanged', a, { kind: 'setRole', ids: [b.publicKey], role: 'reader' }],
      ['ApplicationUpdated', a, { kind: 'updateApplication', application: application(9) }],
      ['OptionsChanged', a, { kind: 'setOptions', options: { approvers: 'members' } }],
      [
        'InvitationClaimed',
        x,
        await claimOf(bench, terms, x.publicKey, a, 'ed25519'),
        { nonce: 0n },
      ],
      ['InvitationRevoked', a, await revocationOf(bench, { ...terms, inviteNonce: 3n }, a)],
      ['InvitationsVoided', a, { kind: 'voidInvitations' }],
      ['MigrationPlanned', a, { kind: 'migrateTo', contract: new Uint8Array(20).fill(9) }],
      ['NonceBumped', x, { kind: 'bumpNonce', to: (4n << 32n) + 9n }],
      ['MembersRemoved', a, remove(b)],
      ['MembersRemoved', c, { kind: 'leave' }],
      ['ContextSealed', a, { kind: 'seal' }],
    ]
    for (const [name, signer, operation, fields] of changes) {
      const call = await t.signed(signer, operation, fields)
      const events = await t.must(await bench.send(call))
      expect(events.map((event) => event.name)).to.deep.equal([name])
      expect(events[0]?.args).to.include({ signer: hex(signer.publicKey) })
      expect(events[0]?.args).to.include.all.keys('subject', 'nonce', 'revision')
    }
    // what nobody signs: migration.test.ts
    const told = [...changes.map(([name]) => name), 'GroupAdopted', 'ContextAdopted']
    const declared: string[] = []
    abiOf('ContextAnchor').forEachEvent(({ name }) => declared.push(name))
    // EIP-5267's event is for domains that change, and this one does not
    const ours = declared.filter((name) => name !== 'EIP712DomainChanged')
    expect([...new Set(told)].sort()).to.deep.equal(ours.sort())
  })

  it('[W34] moves a revision with a change, by one, and never back', async () => {
    const { a, b, bench } = t
    await t.begin()
    expect(await t.revisions()).to.deep.equal([1n, 1n])
    await t.must(await t.send(a, add(b)))
    await t.must(await t.send(a, grant(b, manageMembers)))
    expect(await t.revisions()).to.deep.equal([2n, 2n])
    const nothing: Operation[] = [
      ...[add(b), dismiss(person('nobody')), grant(b, manageMembers), revoke(b, govern)],
      revoke(person('nobody'), govern),
      { kind: 'setRole', ids: [b.publicKey], role: 'writer' },
      { kind: 'setOptions', options: { approvers: 'govern' } },
      { kind: 'migrateTo', contract: new Uint8Array(0) },
      { kind: 'updateApplication', application: application() },
    ]
    for (const operation of nothing) {
      const before = await t.nonceOf(a)
      expect(await t.must(await t.send(a, operation)), operation.kind).to.deep.equal([])
      expect(await t.nonceOf(a)).to.equal(before + 1n)
    }
    expect(await t.revisions()).to.deep.equal([2n, 2n])
    expect((await bench.view('context', [hex(t.context)]))[1]).to.equal(1n)
    // at the end of its range it stops: a nonce is made of it
    const slot = await slotOf(t, 2n | (2n << 64n))
    const word = (revision: bigint): string =>
      toBeHex(revision | (2n << 64n) | (2n << 128n) | (2n << 160n), 32)
    const last = 2n ** 32n - 1n
    await bench.request('hardhat_setStorageAt', bench.anchor, slot, word(last))
    const steps: Operation[] = [
      ...[add(person('C')), dismiss(b)],
      { kind: 'setRole', ids: [b.publicKey], role: 'reader' },
    ]
    for (const operation of steps) {
      expect(await t.outcome(a, operation), operation.kind).to.equal('LimitExceeded')
    }
    await bench.request('hardhat_setStorageAt', bench.anchor, slot, word(last - 1n))
    await t.must(await t.send(a, dismiss(b)))
    expect((await t.revisions())[0]).to.equal(last)
    expect(await t.outcome(a, add(b))).to.equal('LimitExceeded')
    const notAfter = (await bench.now()) + 600n
    const terms = termsOf(bench, { group: t.group, inviter: a.publicKey, notAfter })
    const claim = await claimOf(bench, terms, b.publicKey, a, 'ed25519')
    expect(await t.outcome(b, claim)).to.equal('LimitExceeded')
  })

  it('[W36] names whom a manager strips, and keeps one', async () => {
    const { a, b } = t
    await t.begin(b)
    await t.must(await t.send(a, grant(b, manageMembers)))
    const events = await t.must(await t.send(b, revoke(a, manageMembers)))
    expect(events).to.deep.equal([
      {
        name: 'CapabilitiesChanged',
        args: {
          ...{ subject: hex(t.group), signer: hex(b.publicKey), nonce: 2n << 32n, revision: 3n },
          ...{ ids: [hex(a.publicKey)], capabilities: [BigInt(ALL & ~manageMembers)] },
        },
      },
    ])
    expect(await t.outcome(b, revoke(b, manageMembers))).to.equal('LastManager')
    // what A still holds, B cannot take: it does not hold it
    expect(await t.outcome(b, revoke(a, proxy))).to.equal('Unauthorized')
  })
})

function zeroPadded({ address }: Wallet): Uint8Array {
  return getBytes(zeroPadValue(address, 32))
}

/** The instructions of a contract's code, without the values that they push and the compiler's record at the end. */
function opcodes(code: Uint8Array): number[] {
  const [high = 0, low = 0] = code.subarray(-2)
  const end = code.length - 2 - (high * 256 + low)
  const found: number[] = []
  for (let at = 0; at < end; at++) {
    const opcode = code[at] ?? 0
    found.push(opcode)
    if (opcode >= 0x60 && opcode <= 0x7f) at += opcode - 0x5f
  }
  return found
}

/** The storage slot of the group's header, found by the revisions in it. */
async function slotOf({ bench, group }: Scene, revisions: bigint): Promise<string> {
  for (let position = 0; position < 16; position++) {
    const slot = keccak256(joined([hex(group), toBeHex(position, 32)]))
    const value = BigInt(
      String(await bench.request('eth_getStorageAt', bench.anchor, slot, 'latest')),
    )
    if (BigInt.asUintN(128, value) === revisions) return slot
  }
  throw new RangeError('expected the header of the group in storage')
}
