import { expect } from 'chai'
import { Failures } from '../../../src/node/context/replica/failures.ts'
import type { ContextFailure } from '../../../src/node/interface.ts'
import { shortHex } from '../../../src/node/primitives/bytes.ts'
import { ContextId, DeltaId, idText, PublicKey } from '../../../src/node/primitives/ids.ts'
import { panicError } from '../../../src/node/runtime/errors.ts'
import { bytesOf } from '../../support/craft-delta.ts'
import { handClock, START_MS } from '../../support/hand-clock.ts'
import { type RecordLogger, recordLogger } from '../../support/record-logger.ts'

const context = ContextId.from(bytesOf('context'))
const delta = { id: DeltaId.from(bytesOf('delta')), member: PublicKey.from(bytesOf('alice')) }
const error = panicError('no such\n\u001b[31mrow', { file: 'src/lib.rs', line: 12, column: 5 })

describe('failures that nobody waited for', () => {
  let logger: RecordLogger
  let failures: Failures
  let told: ContextFailure[]

  beforeEach(() => {
    logger = recordLogger()
    told = []
    const tell = (failure: ContextFailure): void => void told.push(failure)
    failures = new Failures({ context, clock: handClock(), logger, tell })
  })

  it('are told with text and place, whose delta it was, and when it is tried again', () => {
    failures.quarantined(delta, { error, tries: 2, againMs: 1_000 })
    const message = 'guest panicked: no such [31mrow at src/lib.rs:12:5'
    expect(failures.last).to.deep.equal({
      what: 'delta',
      code: 'RUNTIME_PANIC',
      message,
      atMs: START_MS,
      tries: 2,
      nextTryMs: START_MS + 1_000,
      delta: delta.id,
      author: delta.member,
    })
    expect(told).to.deep.equal([failures.last])
    const [line] = logger.lines
    expect(line?.level).to.equal('warn')
    expect(line?.fields).to.deep.equal({
      context: idText(context),
      code: 'RUNTIME_PANIC',
      reason: message,
      tries: 2,
      againMs: 1_000,
      delta: shortHex(delta.id),
      author: idText(delta.member),
    })
  })

  it('are over when the delta is applied after all, and only then', () => {
    failures.quarantined(delta, { error, tries: 4 })
    expect(failures.last).not.to.have.property('nextTryMs')
    failures.applied(DeltaId.from(bytesOf('another')))
    expect(failures.last?.tries).to.equal(4)
    failures.applied(delta.id)
    expect(failures.last).to.equal(undefined)
    failures.note({ what: 'handler', error, tries: 3, method: 'on\u001b_set', delta: delta.id })
    failures.applied(delta.id)
    expect(failures.last).to.include({ what: 'handler', method: 'on _set' })
  })

  it('of our own keep what threw for the log', () => {
    const bug = new RangeError('a bug')
    failures.note({ what: 'call', error: bug, tries: 1 })
    expect(logger.lines[0]).to.deep.include({ level: 'error' })
    expect(logger.lines[0]?.fields['err']).to.equal(bug)
    expect(failures.last?.code).to.equal('INTERNAL')
  })
})
