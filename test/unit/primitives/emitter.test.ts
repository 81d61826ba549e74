import { expect } from 'chai'
import { Emitter } from '../../../src/node/primitives/emitter.ts'
import { type Logger, silentLogger } from '../../../src/node/primitives/logger.ts'

interface Happenings {
  number: number
  text: string
}

describe('emitter', () => {
  it('tells every listener, until it is taken off', () => {
    const emitter = new Emitter<Happenings>()
    const heard: number[] = []
    const off = emitter.on('number', (detail) => heard.push(detail))
    emitter.on('number', (detail) => heard.push(detail * 10))
    emitter.emit('number', 1)
    off()
    off()
    emitter.emit('number', 2)
    emitter.emit('text', 'nobody listens')
    expect(heard).to.deep.equal([1, 10, 20])
  })

  it('goes on when a listener throws, and logs it', () => {
    const errors: unknown[] = []
    const logger: Logger = { ...silentLogger, error: (fields) => errors.push(fields['err']) }
    const emitter = new Emitter<Happenings>(logger)
    const failure = new RangeError('listener')
    const heard: number[] = []
    emitter.on('number', () => {
      throw failure
    })
    emitter.on('number', (detail) => heard.push(detail))
    emitter.emit('number', 1)
    expect(heard).to.deep.equal([1])
    expect(errors).to.deep.equal([failure])
  })

  it('does not tell a listener that was added by another one', () => {
    const emitter = new Emitter<Happenings>()
    const heard: string[] = []
    emitter.on('number', () => emitter.on('number', () => heard.push('late')))
    emitter.emit('number', 1)
    expect(heard).to.deep.equal([])
  })

  it('waits for the first event that is accepted, once', async () => {
    const emitter = new Emitter<Happenings>()
    const next = emitter.next('number', { accept: (detail) => detail > 1 })
    for (const detail of [1, 2, 3]) emitter.emit('number', detail)
    expect(await next).to.equal(2)
  })

  it('stops waiting when the signal fires, before or after', async () => {
    const emitter = new Emitter<Happenings>()
    const controller = new AbortController()
    const waiting = emitter.next('number', { signal: controller.signal })
    const reason = new RangeError('enough')
    controller.abort(reason)
    const late = emitter.next('number', { signal: controller.signal })
    for (const ended of [waiting, late]) {
      expect(await ended.catch((error: unknown) => error)).to.include({
        code: 'ABORTED',
        cause: reason,
      })
    }
  })
})
