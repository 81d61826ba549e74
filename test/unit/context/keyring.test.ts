import { expect } from 'chai'
import { Keyring } from '../../../src/node/context/groups/keyring.ts'
import {
  MAX_EPOCH_JUMP,
  MAX_KEYS_PER_EPOCH,
  MAX_KEYS_PER_GIVER,
  MAX_UNOPENED_EPOCHS,
} from '../../../src/node/context/limits.ts'
import { atRest } from '../../../src/node/crypto/at-rest.ts'
import { seal } from '../../../src/node/crypto/seal.ts'
import { compareBytes, EMPTY, toHex, utf8 } from '../../../src/node/primitives/bytes.ts'
import { sha256 } from '../../../src/node/primitives/hash.ts'
import { GroupId } from '../../../src/node/primitives/ids.ts'
import { groupRows } from '../../../src/node/store/repositories/groups.ts'
import type { BatchOp } from '../../../src/node/store/store.ts'
import { bytesOf, CONTEXT, keyOf } from '../../support/craft-delta.ts'
import { thrownCode } from '../../support/error-code.ts'
import { seededRandom } from '../../support/hand-clock.ts'
import { memoryStore } from '../../support/memory-store.ts'
import { addKey, madeAt } from '../../support/test-keyring.ts'

const GROUP = GroupId.from(bytesOf('group'))
const alice = keyOf('alice')
const bob = keyOf('bob')
const random = seededRandom('keyring')
const secrets = atRest(bytesOf('node'), random)
const rows = groupRows(memoryStore())
const [smaller, larger] = [bytesOf('key 1'), bytesOf('key 2')].sort((a, b) =>
  compareBytes(sha256(a), sha256(b)),
) as [Uint8Array, Uint8Array] // two

function ring(...keys: readonly (readonly [number, Uint8Array])[]): Keyring {
  const keyring = new Keyring(GROUP, 1, { rows, atRest: secrets, random }, [])
  for (const [epoch, key] of keys) addKey(keyring, epoch, key)
  return keyring
}

const NONCE = new Uint8Array(12)
const AAD = bytesOf('aad')

/** A body under the newest key that covers a membersRevision. */
function sealedBy(keyring: Keyring, revision = 1n): Uint8Array {
  const sealing = keyring.sealing(CONTEXT, alice.publicKey, revision)
  if (sealing === undefined) throw new RangeError('no key covers it')
  return seal(sealing.key, NONCE, AAD, utf8('body'))
}

/** Of a key that nobody vouched for. */
const UNVOUCHED = { madeAt: 3n, coversTo: 0n }
/** Of a node that has seen revisions 1 to 4, with nobody gone. */
const VIEW = { from: 1n, to: 4n }

function opens(
  keyring: Keyring,
  sealed: Uint8Array,
  author = alice.publicKey,
  context = CONTEXT,
): boolean {
  return keyring.open(context, author, { epoch: 3, nonce: NONCE, aad: AAD, sealed }) !== undefined
}

describe('keyring', () => {
  it('knows its newest epoch and which it lacks', () => {
    expect(ring().newest).to.equal(-1)
    const keyring = ring([3, smaller], [1, larger])
    expect(keyring.newest).to.equal(3)
    expect(keyring.epochs).to.deep.equal([1, 3])
    expect([keyring.has(1), keyring.has(2)]).to.deep.equal([true, false])
    expect(keyring.next).to.equal(4)
    expect(keyring.sealing(CONTEXT, alice.publicKey, 2n)).to.equal(undefined)
  })

  it('seals with the smaller of two keys of an epoch, whichever came first, and opens both', () => {
    for (const both of [ring([3, smaller], [3, larger]), ring([3, larger], [3, smaller])]) {
      const sealed = sealedBy(both)
      expect(opens(ring([3, smaller]), sealed)).to.equal(true)
      expect(opens(ring([3, larger]), sealed)).to.equal(false)
      expect(opens(both, sealedBy(ring([3, smaller])))).to.equal(true)
      expect(opens(both, sealedBy(ring([3, larger])))).to.equal(true)
    }
  })

  it('derives another key for each context and author', () => {
    const keyring = ring([3, smaller])
    const sealed = sealedBy(keyring)
    expect(opens(keyring, sealed)).to.equal(true)
    expect(opens(keyring, sealed, bob.publicKey)).to.equal(false)
    const other = bytesOf('another context') as typeof CONTEXT // 32 bytes
    expect(opens(keyring, sealed, alice.publicKey, other)).to.equal(false)
  })

  it('stores each key once, sealed, and holds it again after a restart', async () => {
    const store = memoryStore()
    const keyring = new Keyring(GROUP, 1, { rows: groupRows(store), atRest: secrets, random }, [])
    const ops = [addKey(keyring, 3, smaller), addKey(keyring, 3, larger)] as BatchOp[] // both new
    expect(addKey(keyring, 3, smaller)).to.equal(undefined)
    for (const op of ops) {
      expect(toHex(op.type === 'put' ? op.value : EMPTY)).not.to.contain(toHex(smaller))
    }
    await store.batch(ops)
    const stored = await groupRows(store).epochs(1)
    const again = new Keyring(GROUP, 1, { rows, atRest: secrets, random }, stored)
    expect(opens(again, sealedBy(keyring))).to.equal(true)
    const foreign = atRest(bytesOf('another node'), seededRandom('x'))
    expect(
      thrownCode(() => new Keyring(GROUP, 1, { rows, atRest: foreign, random }, stored)),
    ).to.equal('KEY_AT_REST')
  })

  it('takes so many keys of one epoch, those that nobody vouched for apart', () => {
    const keyring = ring()
    for (const standing of [UNVOUCHED, madeAt(1n)]) {
      const key = (i: number): Uint8Array => bytesOf(`${standing.coversTo} ${i}`)
      for (let i = 0; i < MAX_KEYS_PER_EPOCH; i++) {
        expect(addKey(keyring, 0, key(i), standing)).not.to.equal(undefined)
      }
      expect(addKey(keyring, 0, key(MAX_KEYS_PER_EPOCH), standing)).to.equal(undefined)
    }
  })

  it('takes few keys of one epoch that the same member gave, so that it keeps nobody else’s out', () => {
    const keyring = ring()
    const key = (i: number): Uint8Array => bytesOf(`given ${i}`)
    for (let i = 0; i < MAX_KEYS_PER_GIVER; i++) {
      expect(addKey(keyring, 0, key(i), madeAt(1n), bob.publicKey)).not.to.equal(undefined)
    }
    const more = key(MAX_KEYS_PER_GIVER)
    expect(addKey(keyring, 0, more, madeAt(1n), bob.publicKey)).to.equal(undefined)
    // what is learned of one that is here takes no place
    const better = { madeAt: 1n, coversTo: 2n }
    expect(addKey(keyring, 0, key(0), better, bob.publicKey)).not.to.equal(undefined)
    expect(addKey(keyring, 0, more, madeAt(1n), alice.publicKey)).not.to.equal(undefined)
    expect(addKey(keyring, 1, key(9), madeAt(1n), bob.publicKey)).not.to.equal(undefined)
  })

  it('seals under the newest key that covers a departure, whatever the hashes', () => {
    const keyring = ring()
    addKey(keyring, 1, larger, madeAt(5n))
    addKey(keyring, 1, smaller, madeAt(4n))
    addKey(keyring, 2, bytesOf('stale'), madeAt(3n))
    expect(keyring.sealing(CONTEXT, alice.publicKey, 3n)?.epoch).to.equal(2)
    expect(keyring.sealing(CONTEXT, alice.publicKey, 5n)?.epoch).to.equal(1)
    const open = (key: Uint8Array, revision: bigint): boolean =>
      opens(ring([3, key]), sealedBy(keyring, revision))
    expect([open(smaller, 4n), open(larger, 4n)]).to.deep.equal([true, false])
    expect([open(smaller, 5n), open(larger, 5n)]).to.deep.equal([false, true])
    expect([keyring.covers(5n), keyring.covers(6n)]).to.deep.equal([true, false])
  })

  it('learns more of a key it has, and never less', () => {
    const keyring = ring()
    addKey(keyring, 0, smaller, UNVOUCHED)
    expect([keyring.newest, keyring.covers(0n)]).to.deep.equal([-1, false])
    expect(addKey(keyring, 0, smaller, UNVOUCHED)).to.equal(undefined)
    expect(addKey(keyring, 0, smaller, { madeAt: 2n, coversTo: 3n })).not.to.equal(undefined)
    expect(addKey(keyring, 0, smaller, madeAt(2n))).to.equal(undefined)
    expect(addKey(keyring, 0, smaller, UNVOUCHED)).to.equal(undefined)
    expect([keyring.newest, keyring.covers(3n), keyring.covers(4n)]).to.deep.equal([0, true, false])
    expect(addKey(keyring, 0, smaller, { madeAt: 3n, coversTo: 4n })).not.to.equal(undefined)
    const [grant] = keyring.grant(bob.publicKey, [0], alice, { from: 9n, to: 9n })
    expect([grant?.madeAt, grant?.coversTo]).to.deep.equal([2n, 4n])
  })
})

describe('key epochs', () => {
  it('are wanted when a body came that nothing opens, so many and not too far ahead, until one comes', () => {
    const keyring = ring([0, bytesOf('k0')])
    keyring.want(MAX_EPOCH_JUMP + 1)
    expect(keyring.wanted).to.deep.equal([])
    for (let epoch = 0; epoch <= MAX_UNOPENED_EPOCHS; epoch++) keyring.want(epoch)
    expect(keyring.wanted).to.have.lengthOf(MAX_UNOPENED_EPOCHS)
    addKey(keyring, 0, bytesOf('another key of epoch 0'))
    expect(keyring.wanted).to.not.include(0)
    expect(keyring.wanted).to.include(1)
  })

  it('may not lie more than 1024 ahead of the newest', () => {
    const keyring = ring([0, bytesOf('k0')])
    expect(addKey(keyring, 1025, bytesOf('far'))).to.equal(undefined)
    expect(keyring.newest).to.equal(0)
    expect(addKey(keyring, 1024, bytesOf('near'))).not.to.equal(undefined)
  })
})

describe('key grants', () => {
  const keyring = ring([0, bytesOf('k0')], [3, smaller], [3, larger])

  it('carry all keys, or those of some epochs, to one member', () => {
    const all = keyring.grant(bob.publicKey, [], alice, VIEW)
    expect(all.map(({ epoch }) => epoch)).to.deep.equal([0, 3, 3])
    expect(keyring.grant(bob.publicKey, [3, 7], alice, VIEW)).to.have.length(2)
    const keys = all.map((grant) => toHex(ring().unwrap(grant, bob) ?? EMPTY))
    expect(keys).to.deep.equal([bytesOf('k0'), smaller, larger].map(toHex))
  })

  it('say how far the giver has watched, of keys that cover what it saw', () => {
    const grants = (from: bigint): bigint[] =>
      keyring.grant(bob.publicKey, [0], alice, { from, to: 4n }).map(({ coversTo }) => coversTo)
    expect([grants(1n), grants(2n)]).to.deep.equal([[4n], [1n]])
  })

  it('carry no key that was made later than we have read, and of others what was said of them', () => {
    const keyring = ring([0, bytesOf('k0')])
    addKey(keyring, 1, smaller, UNVOUCHED)
    const given = (to: bigint): unknown =>
      keyring
        .grant(bob.publicKey, [], alice, { from: 1n, to })
        .map(({ epoch, coversTo }) => [epoch, coversTo])
    expect(given(2n)).to.deep.equal([[0, 2n]])
    expect(given(3n)).to.deep.equal([
      [0, 3n],
      [1, 0n],
    ])
  })

  it('open for nobody else', () => {
    const [grant] = keyring.grant(bob.publicKey, [0], alice, VIEW)
    expect(grant && ring().unwrap(grant, alice)).to.equal(undefined)
  })

  it('are refused with another giver, epoch, group, content or signature', () => {
    const [grant] = keyring.grant(bob.publicKey, [0], alice, VIEW)
    if (grant === undefined) throw new RangeError('no grant')
    const sealed = grant.sealed.slice()
    sealed[40] = (sealed[40] ?? 0) ^ 1
    const [other] = keyring.grant(bob.publicKey, [3], alice, VIEW)
    for (const over of [
      { giver: bob.publicKey },
      { epoch: 1 },
      { madeAt: 2n },
      { coversTo: 5n },
      { sealed },
      { sealed: other?.sealed ?? EMPTY },
      { sealed: EMPTY },
      { signature: new Uint8Array(64) },
      { signature: EMPTY },
    ]) {
      expect(ring().unwrap({ ...grant, ...over }, bob)).to.equal(undefined)
    }
    const group = GroupId.from(bytesOf('another group'))
    const foreign = new Keyring(group, 1, { rows, atRest: secrets, random }, [])
    expect(foreign.unwrap(grant, bob)).to.equal(undefined)
    expect(ring().unwrap(grant, bob)).to.deep.equal(bytesOf('k0'))
  })

  it('with a key of another length are refused', () => {
    const short = ring([0, new Uint8Array(31)])
    const [grant] = short.grant(bob.publicKey, [0], alice, VIEW)
    expect(grant && ring().unwrap(grant, bob)).to.equal(undefined)
  })
})
