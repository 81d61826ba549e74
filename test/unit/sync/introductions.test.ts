import { expect } from 'chai'
import { generateSigningKey } from '../../../src/node/crypto/sign.ts'
import type { Network } from '../../../src/node/network/network.ts'
import { Background } from '../../../src/node/primitives/background.ts'
import { systemClock, systemRandom } from '../../../src/node/primitives/clock.ts'
import { ContextId } from '../../../src/node/primitives/ids.ts'
import { silentLogger } from '../../../src/node/primitives/logger.ts'
import {
  type AddressBook,
  Directory,
  memoryAddressBook,
} from '../../../src/node/sync/address-book.ts'
import {
  Introductions,
  type IntroductionsComponents,
} from '../../../src/node/sync/introductions.ts'
import { rejectionCode } from '../../support/error-code.ts'

const CONTEXT = ContextId.from(new Uint8Array(32).fill(1))
const STRANGER = 'stranger'
const ADDRESSES = [`/ip4/127.0.0.1/tcp/1/p2p/${STRANGER}`]

/** One that is told of a stranger by any member it asks. */
function told(
  dial: (signal: AbortSignal) => Promise<never>,
  book: AddressBook = memoryAddressBook(),
): {
  introductions: Introductions
  background: Background
  directory: Directory
  kept: string[]
} {
  const background = new Background(silentLogger)
  const directory = new Directory(book)
  const kept: string[] = []
  const network = {
    peerId: 'us',
    isConnected: () => false,
    peers: () => [],
    dial: (_: unknown, { signal }: { signal: AbortSignal }) => dial(signal),
    keep: async (peer: string) => void kept.push(peer),
  } as unknown as Network // what is asked of it, and no more
  const introductions = new Introductions({
    network,
    directory,
    background,
    replica: { signer: () => undefined, has: () => true },
    push: { join: async () => {} },
    requests: {
      members: async () => [
        { identity: generateSigningKey().publicKey, peer: STRANGER, addresses: ADDRESSES },
      ],
    },
    ...{ clock: systemClock, random: systemRandom, logger: silentLogger },
  } as unknown as IntroductionsComponents) // as above
  return { introductions, background, directory, kept }
}

describe('a member that others tell of', () => {
  it('keeps no node that stops waiting for it to answer', async () => {
    const dialled = Promise.withResolvers<void>()
    const { introductions, background } = told((signal) => {
      dialled.resolve()
      return new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new RangeError('given up')))
      })
    })
    introductions.ask(CONTEXT, 'a member')
    await dialled.promise
    let isSettled = false
    const settled = background.settled().then(() => (isSettled = true))
    await new Promise(setImmediate)
    expect(isSettled).to.equal(false)
    introductions.stop()
    await settled
  })

  it('is kept in mind, and dialled again, when it does not answer', async () => {
    const { introductions, background, directory, kept } = told(async () => {
      throw new RangeError('nobody answers')
    })
    introductions.ask(CONTEXT, 'a member')
    await background.settled()
    expect(directory.peersOf(CONTEXT)).to.deep.equal([STRANGER])
    expect(kept).to.deep.equal([STRANGER])
  })
})

describe('a member that is met while the disk is full', () => {
  it('is dialled again all the same when its connection is gone', async () => {
    const refused = async (): Promise<never> => {
      throw new RangeError('no')
    }
    const book = { ...memoryAddressBook(), save: refused }
    const { introductions, background, kept } = told(refused, book)
    introductions.met(CONTEXT, generateSigningKey().publicKey, STRANGER, ADDRESSES)
    await background.settled()
    expect(kept).to.deep.equal([STRANGER])
  })
})

describe('members that an invitation names', () => {
  it('are all kept in mind, though only one was met', async () => {
    let isFirst = true
    const { introductions, directory, kept } = told(async () => {
      if (!isFirst) throw new RangeError('nobody answers')
      isFirst = false
      return 'met' as never // which peer it was is not looked at
    })
    const addresses = [...ADDRESSES, '/ip4/127.0.0.1/tcp/2/p2p/other']
    const { signal } = new AbortController()
    expect(await introductions.meet(CONTEXT, addresses, signal)).to.equal(1)
    expect(directory.peersOf(CONTEXT)).to.have.members([STRANGER, 'other'])
    expect(kept).to.have.members([STRANGER, 'other'])
  })

  it('are kept in mind when none is met, for who has moved is known by its peer id when it comes', async () => {
    const { introductions, directory, kept } = told(async () => {
      throw new RangeError('nobody answers')
    })
    const { signal } = new AbortController()
    const code = await rejectionCode(introductions.meet(CONTEXT, ADDRESSES, signal))
    expect(code).to.equal('SYNC_NO_PEER')
    expect(directory.contextsOf(STRANGER)).to.deep.equal([CONTEXT])
    expect(kept).to.deep.equal([STRANGER])
  })
})
