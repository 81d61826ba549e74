import { expect } from 'chai'
import { toHex } from '../../../src/node/primitives/bytes.ts'
import { loadKv, Replica, scripted, sha256 } from '../../support/guest.ts'

/** Calls of the example app by a scripted clock: parameters, bytes and digest of the artefact, root. */
const VECTORS = [
  // each entity once: what the guest commits for `init` has 2327 bytes
  [
    'init',
    {},
    1526,
    'e2e81803b07a4e7b',
    '41c833eca1baa1d546001f7a91ba1d3b6842aaf3b51e9a8c32f11eb23caf042f',
  ],
  [
    'set',
    { key: 'a', value: '1' },
    916,
    'a04cf55dbce8f654',
    '825a799c1905d65e5a9ff6178020d5747988dd3caea1001cf858fcd5d9abcb90',
  ],
  [
    'set',
    { key: 'b', value: '2' },
    916,
    'e30a4af6319ba4de',
    '69d0f3909aba30ae7f887b923928a87f34f4617250e5289b73473428d6f222be',
  ],
  [
    'set',
    { key: 'a', value: '33' },
    917,
    'fd98a5a487ccad1e',
    '86874c80101a616e9f940f7334a213565e155acb4bfa56f1bbbb048651d6bf5c',
  ],
  [
    'incr',
    {},
    877,
    '61bacb5fb0972a0a',
    '4b8b38ed903585ef2bee60620c79468ddf890d10379591f54eaf0e1fa2ad109f',
  ],
  [
    'push',
    { value: 'p' },
    884,
    '873c5da4d0f3839a',
    '3fedd46a601eb05a5d1bb88732db02db5f2ec37b671cd93a98dd03d407b9a889',
  ],
  [
    'remove',
    { key: 'b' },
    532,
    '00beda3e3c0fff4c',
    '0844f47c6a803f2e3236aad5e67d8e4cb1920c1162c9899d6d90e683e1f6f53d',
  ],
] as const

describe('vectors of the example app', () => {
  for (const reuse of [false, true]) {
    it(`gives the same bytes and roots, ${reuse ? 'reusing instances' : 'on fresh instances'}`, async () => {
      const module = await loadKv()
      const init = { module, contextId: sha256('ctx'), wallNs: () => 0n, reuse }
      const one = scripted()
      const two = scripted()
      const author = new Replica({
        ...init,
        ...one,
        name: 'a',
        executor: new Uint8Array(32).fill(0xaa),
      })
      const other = new Replica({
        ...init,
        ...two,
        name: 'b',
        executor: new Uint8Array(32).fill(0xbb),
      })
      VECTORS.forEach(([method, params, size, digest, root], number) => {
        one.next(number)
        const outcome = author.call(method, params)
        expect(outcome.artifact.length, `${number} ${method}`).to.equal(size)
        expect(toHex(sha256(outcome.artifact)).slice(0, 16)).to.equal(digest)
        expect(toHex(outcome.root ?? new Uint8Array(0))).to.equal(root)
        two.next(number)
        expect(toHex(other.apply(outcome.artifact).root ?? new Uint8Array(0)), 'replayed').to.equal(
          root,
        )
      })
    })
  }
})
