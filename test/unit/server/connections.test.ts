import { EventEmitter } from 'node:events'
import { expect } from 'chai'
import { noMetrics } from '../../../src/node/metrics.ts'
import { isLoopback } from '../../../src/server/loopback.ts'
import { Connections, type Counted } from '../../../src/server/connections.ts'

/** A socket that is cut or not. */
class Socket extends EventEmitter {
  readonly remoteAddress: string
  isCut = false

  constructor(remoteAddress: string) {
    super()
    this.remoteAddress = remoteAddress
  }

  destroy(): this {
    this.isCut = true
    return this
  }
}

describe('connections', () => {
  const opener = (max: number, perAddress: number): ((address: string) => Socket) => {
    const connections = new Connections({ max, perAddress }, isLoopback, noMetrics)
    return (address) => {
      const socket = new Socket(address)
      // of a socket only this is used
      connections.enter(socket as unknown as Counted)
      return socket
    }
  }

  it('are bounded for each address, those of this machine aside', () => {
    const open = opener(100, 2)
    const [first, , third] = [1, 2, 3].map(() => open('192.0.2.1'))
    expect(third?.isCut).to.equal(true)
    expect(open('192.0.2.2').isCut).to.equal(false)
    for (let i = 0; i < 5; i++) expect(open('127.0.0.1').isCut).to.equal(false)
    first?.emit('close')
    expect(open('192.0.2.1').isCut).to.equal(false)
    expect(open('192.0.2.1').isCut).to.equal(true)
  })

  it('are bounded in all; what was cut does not count', () => {
    const open = opener(2, 2)
    const first = open('127.0.0.1')
    open('192.0.2.1')
    for (let i = 0; i < 3; i++) open('192.0.2.1').emit('close')
    expect(open('127.0.0.1').isCut).to.equal(true)
    first.emit('close')
    expect(open('127.0.0.1').isCut).to.equal(false)
  })
})
