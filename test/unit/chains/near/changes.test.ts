import { expect } from 'chai'
import * as P from 'micro-packed'
import { RingChanges } from '../../../../src/chains/near/contracts/changes.ts'
import { answers, args, type Remembered } from '../../../../src/chains/near/contracts/layouts.ts'
import { RING_PAGE } from '../../../../src/chains/near/limits.ts'
import type { Endpoint } from '../../../../src/chains/shared/endpoints.ts'
import type { Changes } from '../../../../src/node/anchor/service.ts'
import { bytes, bytes32, string } from '../../../../src/node/codec/codec.ts'
import { MAX_CHANGES_PER_ANSWER } from '../../../../src/node/anchor/limits.ts'

/** Places that a contract remembers. */
const RING = 1024n
const FINAL = 77n
const TARGET = { contract: 'contexts', address: 'contexts.test.near' } as const

const event = P.struct({
  ...{ name: string, subject: bytes32, signer: bytes32 },
  ...{ nonce: P.U64LE, revision: P.U64LE, fields: bytes },
})

/** The operation at a place; every seventh changed nothing. */
function at(place: bigint): Remembered {
  const id = new Uint8Array(32).fill(Number(place % 200n))
  const told = { name: 'ContextSealed', subject: id, signer: id, nonce: place, revision: 0n }
  return {
    ...{ place, height: place, digest: id, signer: id, nonce: place },
    ...(place % 7n === 0n ? {} : { event: event.encode({ ...told, fields: new Uint8Array() }) }),
  }
}

/** What somebody reads who has not looked before. */
function readChanges(
  endpoint: Endpoint,
  target: typeof TARGET,
  final: bigint,
  since: bigint | undefined,
): Promise<Changes> {
  return new RingChanges(target).read(endpoint, final, since)
}

/** An endpoint of a contract that has applied so many operations. */
function endpointAfter(next: bigint): Endpoint & { readonly asked: unknown[] } {
  const asked: unknown[] = []
  const oldest = next > RING ? next - RING : 0n
  return {
    ...{ id: 0, name: 'here', asked },
    async send(_method, params) {
      const { block_id: block, args_base64: given } = params as {
        block_id: number
        args_base64: string
      } // as the adapter sends them
      asked.push(block)
      const { from, length } = args.changes.decode(new Uint8Array(Buffer.from(given, 'base64')))
      const items: Remembered[] = []
      for (let place = from ?? next; place < next && items.length < length; place++) {
        if (place >= oldest) items.push(at(place))
      }
      const result = answers.changes.encode({ next, oldest, items })
      return { result: [...result], block_height: block, block_hash: 'x' }
    },
  }
}

describe('changes in a ring', () => {
  it('begin at the place where it stands, and go on from the place of before', async () => {
    const endpoint = endpointAfter(500n)
    const begun = await readChanges(endpoint, TARGET, FINAL, undefined)
    expect(begun).to.deep.equal({ height: FINAL, cursor: 500n, changes: [], missed: false })
    const none = await readChanges(endpoint, TARGET, FINAL, 500n)
    expect(none).to.deep.equal(begun)
    const { cursor, changes, missed } = await readChanges(endpoint, TARGET, FINAL, 250n)
    expect([cursor, missed]).to.deep.equal([500n, false])
    const places = Array.from({ length: 250 }, (_, index) => BigInt(index + 250))
    expect(changes.map(({ height }) => height)).to.deep.equal(
      places.filter((place) => place % 7n !== 0n),
    )
    expect(new Set(endpoint.asked), 'all at one block').to.deep.equal(new Set([Number(FINAL)]))
  })

  it('are all looked at again when the ring went round meanwhile, or is another', async () => {
    for (const since of [0n, 975n, 2001n]) {
      const found = await readChanges(endpointAfter(2000n), TARGET, FINAL, since)
      expect(found).to.deep.equal({ height: FINAL, cursor: 2000n, changes: [], missed: true })
    }
    const oldest = await readChanges(endpointAfter(2000n), TARGET, FINAL, 976n)
    expect(oldest.missed).to.equal(false)
  })

  it('are not asked for again at a block that was looked at to its end', async () => {
    const endpoint = endpointAfter(2000n)
    const ring = new RingChanges(TARGET)
    let { cursor } = await ring.read(endpoint, FINAL, 976n)
    while (cursor !== 2000n) ({ cursor } = await ring.read(endpoint, FINAL, cursor))
    const asked = endpoint.asked.length
    const again = await ring.read(endpoint, FINAL, 2000n)
    expect(again).to.deep.equal({ height: FINAL, cursor: 2000n, changes: [], missed: false })
    expect(endpoint.asked.length).to.equal(asked)
    const later = endpointAfter(2001n)
    expect((await ring.read(later, FINAL + 1n, 2000n)).cursor).to.equal(2001n)
  })

  it('come in parts of what one answer holds', async () => {
    const first = await readChanges(endpointAfter(2000n), TARGET, FINAL, 976n)
    expect(first.changes.length).to.be.at.most(MAX_CHANGES_PER_ANSWER)
    let { cursor = 0n } = first
    let { length } = first.changes
    while (cursor < 2000n) {
      const next = await readChanges(endpointAfter(2000n), TARGET, FINAL, cursor)
      length += next.changes.length
      cursor = next.cursor ?? 0n
    }
    const all = Array.from({ length: 1024 }, (_, index) => 976 + index)
    expect(length).to.equal(all.filter((place) => place % 7 !== 0).length)
    expect(RING_PAGE).to.be.at.most(100)
  })
})
