import { expect } from 'chai'
import { EventLog, MAX_REPLAY } from '../../../src/node/context/event-log.ts'
import { EVENT_LOG_LENGTH } from '../../../src/node/context/limits.ts'
import { Background } from '../../../src/node/primitives/background.ts'
import { utf8 } from '../../../src/node/primitives/bytes.ts'
import { ContextId, DeltaId, PublicKey } from '../../../src/node/primitives/ids.ts'
import { silentLogger } from '../../../src/node/primitives/logger.ts'
import { type EventRows, eventRows } from '../../../src/node/store/repositories/events.ts'
import type { StateMutation } from '../../../src/node/interface.ts'
import { bytesOf, CONTEXT } from '../../support/craft-delta.ts'
import { rejectionCode } from '../../support/error-code.ts'
import { memoryStore } from '../../support/memory-store.ts'

const event = { kind: 'Set', data: utf8('{}'), handler: undefined }

async function logOf(seqs: readonly bigint[]): Promise<{
  log: EventLog
  rows: EventRows
  settled: () => Promise<void>
}> {
  const store = memoryStore()
  const rows = eventRows(store)
  const background = new Background(silentLogger)
  await store.batch(
    seqs.map((seq) =>
      rows.put(1, seq, {
        delta: bytesOf(`delta ${seq}`),
        root: bytesOf('root'),
        member: bytesOf('member'),
        events: [event],
      }),
    ),
  )
  const log = new EventLog({
    rows,
    logger: silentLogger,
    background: (work) => background.add(work),
    position: (context) =>
      Buffer.compare(context, CONTEXT) === 0 ? { number: 1, last: seqs.at(-1) ?? 0n } : undefined,
  })
  return { log, rows, settled: () => background.settled() }
}

function range(from: bigint, to: bigint): bigint[] {
  return Array.from({ length: Number(to - from) + 1 }, (_, i) => from + BigInt(i))
}

describe('event log', () => {
  it('replays from a sequence on, in order, as it was told live', async () => {
    const { log } = await logOf(range(1n, 5n))
    const { mutations, skipped } = await log.replay(CONTEXT, 3n)
    expect(mutations.map(({ seq }) => seq)).to.deep.equal([3n, 4n, 5n])
    expect(skipped).to.equal(0n)
    expect(mutations[0]).to.deep.equal({
      context: CONTEXT,
      seq: 3n,
      newRoot: bytesOf('root'),
      delta: DeltaId.from(bytesOf('delta 3')),
      author: PublicKey.from(bytesOf('member')),
      events: [{ kind: 'Set', data: utf8('{}'), handler: null }],
    } satisfies StateMutation)
    expect(await log.last(CONTEXT)).to.equal(5n)
  })

  it('says how many it no longer has', async () => {
    const { log } = await logOf(range(11n, 12n))
    expect((await log.replay(CONTEXT, 1n)).skipped).to.equal(10n)
    expect((await log.replay(CONTEXT, 0n)).skipped).to.equal(10n)
    expect((await log.replay(CONTEXT, 11n)).skipped).to.equal(0n)
    expect((await log.replay(CONTEXT, 12n)).skipped).to.equal(0n)
  })

  it('is empty beyond its end and before its beginning', async () => {
    const { log } = await logOf([])
    expect(await log.replay(CONTEXT, 7n)).to.deep.equal({ mutations: [], skipped: 0n })
    const { log: some } = await logOf(range(1n, 2n))
    expect(await some.replay(CONTEXT, 9n)).to.deep.equal({ mutations: [], skipped: 0n })
  })

  it('gives no more at once than it is asked for, nor than allowed', async () => {
    const { log } = await logOf(range(1n, BigInt(MAX_REPLAY) + 1n))
    expect((await log.replay(CONTEXT, 1n, { limit: 2 })).mutations).to.have.length(2)
    expect((await log.replay(CONTEXT, 1n)).mutations).to.have.length(MAX_REPLAY)
    expect((await log.replay(CONTEXT, 1n, { limit: MAX_REPLAY + 1 })).mutations).to.have.length(
      MAX_REPLAY,
    )
    expect((await log.replay(CONTEXT, 1n, { limit: 0 })).mutations).to.have.length(0)
    expect((await log.replay(CONTEXT, 1n, { limit: -1 })).mutations).to.have.length(0)
  })

  it('knows no context that is not here', async () => {
    const { log } = await logOf([])
    const other = ContextId.from(bytesOf('another context'))
    expect(await rejectionCode(log.replay(other, 1n))).to.equal('CONTEXT_NOT_FOUND')
    expect(await rejectionCode(log.last(other))).to.equal('CONTEXT_NOT_FOUND')
  })

  it('forgets what lies further back than its length, now and then', async () => {
    const newest = EVENT_LOG_LENGTH + EVENT_LOG_LENGTH / 10n
    const { log, rows, settled } = await logOf([1n, newest - EVENT_LOG_LENGTH, newest])
    const mutation = (seq: bigint): StateMutation => ({
      context: CONTEXT,
      seq,
      newRoot: bytesOf('root'),
      delta: DeltaId.from(bytesOf('delta')),
      author: PublicKey.from(bytesOf('member')),
      events: [],
    })
    const live: bigint[] = []
    log.on('state:mutation', ({ seq }) => live.push(seq))
    log.publish(mutation(newest - 1n))
    await settled()
    expect(await rows.oldest(1)).to.equal(1n)
    log.publish(mutation(newest))
    await settled()
    expect(await rows.oldest(1)).to.equal(newest - EVENT_LOG_LENGTH)
    expect(live).to.deep.equal([newest - 1n, newest])
  })
})
