import { expect } from 'chai'
import { ContextId, idText, PublicKey } from '../../../src/node/primitives/ids.ts'
import type { ApplyCall, GuestCall, GuestOutcome } from '../../../src/node/runtime/engine.ts'
import { panicError, withLogs } from '../../../src/node/runtime/errors.ts'
import { logged } from '../../../src/node/runtime/guest-log.ts'
import {
  LOG_BURST_LINES,
  LOG_LINES_PER_SECOND,
  MAX_SHOWN_LINE_CHARS,
  MAX_SHOWN_LINES,
} from '../../../src/node/runtime/limits.ts'
import { bytesOf } from '../../support/craft-delta.ts'
import { rejectionCode } from '../../support/error-code.ts'
import { type HandClock, handClock } from '../../support/hand-clock.ts'
import { type RecordLogger, recordLogger } from '../../support/record-logger.ts'

const executor = PublicKey.from(bytesOf('executor'))
const author = PublicKey.from(bytesOf('author'))
const context = { id: ContextId.from(bytesOf('context')), number: 3 }
const base = { context, module: bytesOf('module'), executor, seenNs: 0n, lane: 0 }
const CALL: GuestCall = { ...base, method: 'greet', input: new Uint8Array() }
const APPLY: ApplyCall = { ...base, artifact: new Uint8Array(), author }

describe('lines of applications', () => {
  let logger: RecordLogger
  let clock: HandClock
  let says: readonly string[]
  let fails: boolean
  let engine: ReturnType<typeof logged>

  beforeEach(() => {
    logger = recordLogger()
    clock = handClock()
    fails = false
    const run = async (): Promise<GuestOutcome> => {
      const place = { file: 'a.rs', line: 1, column: 1 }
      if (fails) throw withLogs(panicError('no', place), says)
      return { logs: says } as unknown as GuestOutcome // the rest is not looked at
    }
    engine = logged({ execute: run, apply: run, forget: async () => {} }, { logger, clock })
  })
  const shown = (): unknown[] => logger.lines.map(({ fields }) => fields['line'])

  it('reach the log with the context, the method and the caller', async () => {
    says = ['hello', 'wor\nld\u001b[2J']
    await engine.execute(CALL)
    expect(shown()).to.deep.equal(['hello', 'wor ld [2J'])
    const [line] = logger.lines
    expect(line).to.deep.equal({
      level: 'info',
      message: 'an application said',
      fields: {
        component: 'application',
        context: idText(context.id),
        method: 'greet',
        author: idText(executor),
        line: 'hello',
      },
    })
  })

  it('of somebody’s delta come with its author', async () => {
    says = ['merged']
    await engine.apply(APPLY)
    expect(logger.lines[0]?.fields).to.include({ author: idText(author), line: 'merged' })
    expect(logger.lines[0]?.fields).not.to.have.property('method')
  })

  it('of a call that failed are there too', async () => {
    says = ['about to fail']
    fails = true
    expect(await rejectionCode(engine.execute(CALL))).to.equal('RUNTIME_PANIC')
    expect(shown()).to.deep.equal(['about to fail'])
  })

  it('are bounded in length and number per call', async () => {
    says = Array.from({ length: MAX_SHOWN_LINES + 5 }, () => 'x'.repeat(10_000))
    await engine.execute(CALL)
    expect(logger.lines).to.have.length(MAX_SHOWN_LINES)
    expect(logger.lines[0]?.fields['line']).to.have.length(MAX_SHOWN_LINE_CHARS)
    expect(logger.lines.at(-1)?.fields['leftOut']).to.equal(5)
  })

  it('are bounded over time, for each context by itself, and what was left out is counted', async () => {
    says = ['again']
    for (let i = 0; i < LOG_BURST_LINES + 10; i++) await engine.execute(CALL)
    expect(logger.lines).to.have.length(LOG_BURST_LINES)
    await engine.execute({ ...CALL, context: { ...context, number: 4 } })
    expect(logger.lines).to.have.length(LOG_BURST_LINES + 1)
    expect(logger.lines.at(-1)?.fields).not.to.have.property('leftOut')
    clock.advance(1_000)
    for (let i = 0; i < LOG_LINES_PER_SECOND + 10; i++) await engine.execute(CALL)
    const later = logger.lines.slice(LOG_BURST_LINES + 1)
    expect(later).to.have.length(LOG_LINES_PER_SECOND)
    expect(later[0]?.fields['leftOut']).to.equal(10)
  })
})
