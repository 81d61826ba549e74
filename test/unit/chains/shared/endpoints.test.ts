import { expect } from 'chai'
import { type EndpointClient, Endpoints } from '../../../../src/chains/shared/endpoints.ts'
import { chainError } from '../../../../src/chains/shared/errors.ts'
import { silentLogger } from '../../../../src/node/primitives/logger.ts'
import { codeOf } from '../../../compliance/anchor-support.ts'
import { handClock } from '../../../support/hand-clock.ts'

/** Endpoints of the network `right`; the first of them serves what is given. */
function endpointsOf(readNetwork: () => Promise<string>, send: EndpointClient['send']): Endpoints {
  return new Endpoints({
    ...{ chain: 'test', network: 'right', clock: handClock(), logger: silentLogger },
    clients: [{ name: 'one', send, close() {} }],
    readNetwork,
    blame: () => 'busy',
  })
}

describe('endpoints of a chain', () => {
  it('are checked for their network once, for all who wait, also when one of them gives up', async () => {
    const checked = Promise.withResolvers<string>()
    let checks = 0
    const endpoints = endpointsOf(
      () => {
        checks++
        return checked.promise
      },
      async (method) => method,
    )
    const abort = new AbortController()
    const given = codeOf(endpoints.send('first', [], abort.signal))
    const other = endpoints.send('second', [])
    abort.abort()
    expect(await given).to.equal('ABORTED')
    checked.resolve('right')
    expect(await other).to.equal('second')
    expect(checks).to.equal(1)
  })

  it('of another network are asked nothing else, and checked anew the next time', async () => {
    const asked: string[] = []
    let network = 'wrong'
    const endpoints = endpointsOf(
      async () => network,
      async (method) => asked.push(method),
    )
    expect(await codeOf(endpoints.send('question', []))).to.equal('CHAIN_WRONG_NETWORK')
    expect(asked).to.deep.equal([])
    network = 'right'
    await endpoints.send('question', [])
    expect(asked).to.deep.equal(['question'])
  })

  it('that are busy are unreachable to whoever asked, with the chain’s own words kept', async () => {
    const failure = chainError('test', 'CHAIN_RPC', 'too many requests')
    const endpoints = endpointsOf(
      async () => 'right',
      () => Promise.reject(failure),
    )
    const error: unknown = await endpoints.send('question', []).catch((thrown: unknown) => thrown)
    expect(error).to.include({ code: 'ANCHOR_UNREACHABLE' })
    expect((error as Error).cause).to.equal(failure)
  })
})
