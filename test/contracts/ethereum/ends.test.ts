/** What the contract does at the end of a counter that no sequence of requests gets to; the model's are in test/property/anchor/ends.test.ts. */
import { expect } from 'chai'
import { concat, keccak256, toBeHex } from 'ethers'
import { hex } from '../../../src/chains/ethereum/contracts/codec.ts'
import { MAX_SERIES } from '../../../src/node/anchor/limits.ts'
import { Scene } from '../../support/ethereum-scene.ts'

/** Bit position of the series in a member's word. */
const SERIES = 176n

describe('ethereum contracts: ends', function () {
  this.timeout(60_000)

  it('voids invitations as often as there are series', async () => {
    const t = await Scene.start()
    await using bench = t.bench
    await t.begin()
    const voids = (): Promise<string> => t.outcome(t.a, { kind: 'voidInvitations' })
    const nonce = await t.nonceOf(t.a)
    let found: readonly [slot: string, word: bigint] | undefined
    for (let position = 0; position < 16; position++) {
      const table = keccak256(concat([hex(t.group), toBeHex(position, 32)]))
      const slot = keccak256(concat([hex(t.a.publicKey), table]))
      const word = BigInt(String(await bench.request('eth_getStorageAt', bench.anchor, slot)))
      if (word !== 0n && BigInt.asUintN(64, word) === nonce) found = [slot, word]
    }
    if (found === undefined) throw new RangeError('expected the word of a member in storage')
    const [slot, word] = found
    const almost = toBeHex(word | (BigInt(MAX_SERIES - 1) << SERIES), 32)
    await bench.request('hardhat_setStorageAt', bench.anchor, slot, almost)
    expect(await voids()).to.equal('accepted')
    expect(await voids()).to.equal('LimitExceeded')
  })
})
