import { expect } from 'chai'
import type { PeerId } from '../../../src/node/network/network.ts'
import { Background } from '../../../src/node/primitives/background.ts'
import { ContextId, PublicKey } from '../../../src/node/primitives/ids.ts'
import { silentLogger } from '../../../src/node/primitives/logger.ts'
import type { OnlineMember } from '../../../src/node/sync/push/push-types.ts'
import { RETRY_MIN_MS } from '../../../src/node/sync/limits.ts'
import { KeyFetcher } from '../../../src/node/sync/requests/key-fetcher.ts'
import { bytesOf } from '../../support/craft-delta.ts'
import { handClock } from '../../support/hand-clock.ts'

const CONTEXT = ContextId.from(bytesOf('context'))
const MEMBER: OnlineMember = {
  peer: 'peer',
  party: { identity: PublicKey.from(bytesOf('member')), role: 'writer' },
}

describe('fetching keys', () => {
  const clock = handClock()
  let online: OnlineMember[] = []
  let missing = [0]
  const asked: PeerId[] = []
  const keys = new KeyFetcher({
    replica: {
      has: () => true,
      missingEpochs: () => missing,
      acceptKeys: async () => {
        missing = []
        return { accepted: 1, looked: 1, refused: 0 }
      },
    },
    push: { members: () => online },
    requests: {
      keys: async (peer) => {
        asked.push(peer)
        return []
      },
    },
    clock,
    logger: silentLogger,
    background: new Background(silentLogger),
  })

  it('goes on when a member comes after nobody was online', async () => {
    keys.start()
    keys.want(CONTEXT)
    await keys.settled(CONTEXT)
    expect(asked).to.deep.equal([])
    online = [MEMBER]
    clock.advance(RETRY_MIN_MS)
    await keys.settled(CONTEXT)
    expect(asked).to.deep.equal(['peer'])
    keys.stop()
  })
})
