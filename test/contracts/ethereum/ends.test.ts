/** What the contracts do at the end of a counter that no sequence of requests gets to; the model's are in test/property/anchor/ends.test.ts. */
import { expect } from 'chai'
import { concat, keccak256, toBeHex } from 'ethers'
import { hex } from '../../../src/chains/ethereum/contracts/codec.ts'
import { MAX_PACKAGE_REVISION, MAX_RELEASES, MAX_SERIES } from '../../../src/node/anchor/limits.ts'
import { creationOf, publishing, yanking } from '../../compliance/package-support.ts'
import type { ContractBench } from '../../support/ethereum-contracts.ts'
import { PackageScene } from '../../support/ethereum-packages.ts'
import { Scene } from '../../support/ethereum-scene.ts'

// bits of words: the first, and how many
/** Of a member's. */
const SERIES = [176n, 16n] as const
/** Of a package's. */
const REVISION = [160n, 32n] as const
const AVAILABLE = [224n, 16n] as const

/** Where a contract keeps a word, in whatever mapping that these keys lead into, outermost first. */
async function slotOf(
  bench: ContractBench,
  contract: string,
  keys: readonly Uint8Array[],
  isIt: (word: bigint) => boolean,
): Promise<string> {
  for (let position = 0; position < 16; position++) {
    const slot = keys.reduce(
      (table, key) => keccak256(concat([hex(key), table])),
      toBeHex(position, 32),
    )
    const word = await wordAt(bench, contract, slot)
    if (word !== 0n && isIt(word)) return slot
  }
  throw new RangeError('expected the word in storage')
}

async function wordAt(bench: ContractBench, contract: string, slot: string): Promise<bigint> {
  return BigInt(String(await bench.request('eth_getStorageAt', contract, slot)))
}

/** Puts a number in place of some bits of a word. */
async function put(
  bench: ContractBench,
  contract: string,
  slot: string,
  [shift, bits]: readonly [bigint, bigint],
  number: bigint,
): Promise<void> {
  const mask = ((1n << bits) - 1n) << shift
  const word = ((await wordAt(bench, contract, slot)) & ~mask) | (number << shift)
  await bench.request('hardhat_setStorageAt', contract, slot, toBeHex(word, 32))
}

describe('ethereum contracts: ends', function () {
  this.timeout(60_000)

  it('voids invitations as often as there are series', async () => {
    const t = await Scene.start()
    await using bench = t.bench
    await t.begin()
    const voids = (): Promise<string> => t.outcome(t.a, { kind: 'voidInvitations' })
    const nonce = await t.nonceOf(t.a)
    const isMember = (word: bigint): boolean => BigInt.asUintN(64, word) === nonce
    const slot = await slotOf(bench, bench.anchor, [t.group, t.a.publicKey], isMember)
    await put(bench, bench.anchor, slot, SERIES, BigInt(MAX_SERIES - 1))
    expect(await voids()).to.equal('accepted')
    expect(await voids()).to.equal('LimitExceeded')
  })

  it('changes a package, and publishes in it, as often as its numbers go', async () => {
    const t = await PackageScene.start()
    await using bench = t.bench
    const [{ a }, first] = [t, '1.0.0']
    expect(await t.outcome(a, creationOf())).to.equal('accepted')
    expect(await t.outcome(a, publishing(first))).to.equal('accepted')
    const isHeader = (word: bigint): boolean => BigInt.asUintN(32, word >> REVISION[0]) === 2n
    const slot = await slotOf(bench, t.address, [t.id], isHeader)
    await put(bench, t.address, slot, AVAILABLE, BigInt(MAX_RELEASES - 1))
    expect(await t.outcome(a, publishing('1.1.0'))).to.equal('accepted')
    expect(await t.outcome(a, publishing('1.2.0'))).to.equal('LimitExceeded')
    // what is yanked makes room
    expect(await t.outcome(a, yanking(first, ''))).to.equal('accepted')
    expect(await t.outcome(a, publishing('1.2.0'))).to.equal('accepted')
    await put(bench, t.address, slot, REVISION, MAX_PACKAGE_REVISION - 1n)
    expect(await t.outcome(a, yanking('1.1.0', ''))).to.equal('accepted')
    expect(await t.outcome(a, publishing('1.3.0'))).to.equal('LimitExceeded')
  })
})
