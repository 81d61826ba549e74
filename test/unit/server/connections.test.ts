import { EventEmitter } from 'node:events'
import { expect } from 'chai'
import { noMetrics } from '../../../src/node/metrics.ts'
import {
  MAX_REQUESTS_PER_CONNECTION,
  MAX_UNREAD_BYTES,
  STUCK_MS,
} from '../../../src/server/limits.ts'
import { isLoopback } from '../../../src/server/loopback.ts'
import { type Answered, Connections, type Counted } from '../../../src/server/connections.ts'
import { handClock } from '../../support/hand-clock.ts'

let ports = 0

/** A socket that is cut or not. */
class Socket extends EventEmitter {
  readonly remoteAddress: string
  readonly remotePort = ++ports
  readonly localPort = 1
  isCut = false
  writableLength = 0
  bytesRead = 0
  bytesWritten = 0

  constructor(remoteAddress: string) {
    super()
    this.remoteAddress = remoteAddress
  }

  destroy(): this {
    this.isCut = true
    return this
  }
}

/** An answer that is made. */
class Answer extends EventEmitter {
  readonly socket: unknown = null
  writableLength = 0
}

describe('connections', () => {
  const scene = (max: number, perAddress = max) => {
    const clock = handClock()
    const connections = new Connections({ max, perAddress }, isLoopback, {
      ...{ metrics: noMetrics, clock },
    })
    const open = (address = '127.0.0.1'): Socket => {
      const socket = new Socket(address)
      // of a socket only this is used
      connections.enter(socket as unknown as Counted)
      return socket
    }
    const serve = (socket: Socket, complete = true): Answer => {
      const answer = new Answer()
      connections.serve(
        socket as unknown as Counted,
        { complete },
        answer as unknown as Answered, // of an answer only this
      )
      return answer
    }
    return { connections, clock, open, serve }
  }

  it('are bounded for each address, those of this machine aside', () => {
    const { open } = scene(100, 2)
    const [first, , third] = [1, 2, 3].map(() => open('192.0.2.1'))
    expect(third?.isCut).to.equal(true)
    expect(open('192.0.2.2').isCut).to.equal(false)
    for (let i = 0; i < 5; i++) expect(open().isCut).to.equal(false)
    first?.emit('close')
    expect(open('192.0.2.1').isCut).to.equal(false)
    expect(open('192.0.2.1').isCut).to.equal(true)
  })

  it('are bounded in all; what was cut does not count', () => {
    const { open, serve } = scene(2)
    const first = open()
    serve(first)
    serve(open('192.0.2.1'))
    for (let i = 0; i < 3; i++) open('192.0.2.1').emit('close')
    expect(open().isCut).to.equal(true)
    first.emit('close')
    expect(open().isCut).to.equal(false)
  })

  it('that were idle for longest make room for new ones, those that are answered and sockets do not', () => {
    const { connections, open, serve } = scene(4)
    const [answered, idle, later, socket] = [open(), open(), open(), open()]
    serve(answered)
    connections.upgrade(socket as unknown as Counted)
    serve(idle).emit('close') // idle again, but since now
    const fresh = open()
    expect([answered, idle, later, socket, fresh].map(({ isCut }) => isCut)).to.deep.equal([
      ...[false, false, true, false, false],
    ])
    open()
    expect(idle.isCut).to.equal(true)
  })

  it('whose request comes in most slowly make room where none is idle', () => {
    const { clock, open, serve } = scene(3)
    const [fast, slow, answered] = [open(), open(), open()]
    serve(fast, false)
    serve(slow, false)
    serve(answered)
    fast.bytesRead = 1_000_000
    slow.bytesRead = 100
    clock.advance(10_000)
    expect(open().isCut).to.equal(false)
    expect([fast, slow, answered].map(({ isCut }) => isCut)).to.deep.equal([false, true, false])
  })

  it('that ask for more before they are answered are cut', () => {
    const { connections, open, serve } = scene(2)
    const socket = open()
    for (let i = 0; i < MAX_REQUESTS_PER_CONNECTION; i++) serve(socket)
    expect(socket.isCut).to.equal(false)
    expect(connections.isServed(socket as unknown as Counted)).to.equal(true)
    serve(socket)
    expect(socket.isCut).to.equal(true)
  })

  it('that read nothing are cut while too much waits, those first that read nothing for longest', () => {
    const { connections, clock, open, serve } = scene(10)
    const [old, stuck, reading, queued] = [open(), open(), open(), open()]
    const third = Math.ceil(MAX_UNREAD_BYTES / 3)
    old.writableLength = third
    old.bytesWritten = third
    connections.look()
    clock.advance(STUCK_MS)
    connections.look()
    for (const socket of [stuck, reading]) {
      socket.writableLength = third
      socket.bytesWritten = third
    }
    serve(queued).writableLength = third // behind another answer
    connections.look()
    expect([old, stuck, reading, queued].map(({ isCut }) => isCut)).to.deep.equal([
      ...[true, false, false, false],
    ])
    clock.advance(STUCK_MS)
    reading.bytesWritten += 1
    open().writableLength = third
    connections.look()
    expect([stuck, reading].map(({ isCut }) => isCut)).to.deep.equal([true, false])
  })
})
