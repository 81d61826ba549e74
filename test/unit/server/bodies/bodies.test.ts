import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { expect } from 'chai'
import express from 'express'
import { systemClock } from '../../../../src/node/primitives/clock.ts'
import { bodies, bodyReader } from '../../../../src/server/bodies/bodies.ts'
import { bodyBudget } from '../../../../src/server/bodies/budget.ts'
import { BodyPace } from '../../../../src/server/bodies/pace.ts'
import type { Sender } from '../../../../src/server/bodies/turns.ts'
import { serverError, statusOf } from '../../../../src/server/errors.ts'
import { isMerogateError } from '../../../../src/node/errors.ts'
import { MAX_SMALL_BODY_BYTES } from '../../../../src/server/limits.ts'

const LARGE = 2 * MAX_SMALL_BODY_BYTES

describe('the way of a body', () => {
  const senders: (Sender | undefined)[] = []
  const reader = {
    read(_bytes: Uint8Array, from?: Sender): Promise<unknown> {
      senders.push(from)
      const details = { retryAfterMs: 1500 }
      throw serverError('SERVER_TOO_MANY', 'limit', 'not now', details)
    },
    isJson: () => Promise.resolve(true),
    stop: () => Promise.resolve(),
  }
  const app = express().set('trust proxy', 'loopback')
  app.use(
    bodies({ reader, budget: bodyBudget(), pace: new BodyPace(systemClock), clock: systemClock }),
  )
  app.post('/', async (req, res) => {
    res.locals['keyId'] = req.headers['x-key']
    try {
      res.json(await bodyReader(1000)(req, res))
    } catch (error) {
      if (!isMerogateError(error)) throw error
      res.status(statusOf(error)).end()
    }
  })

  it('ends with when to come back, and is counted for its address and its key', async () => {
    const listener = app.listen(0, '127.0.0.1')
    await once(listener, 'listening')
    const url = `http://127.0.0.1:${(listener.address() as AddressInfo).port}/`
    const answers: Response[] = []
    for (const headers of [{ 'x-forwarded-for': '192.0.2.1', 'x-key': 'a' }, { 'x-key': '' }]) {
      answers.push(await fetch(url, { method: 'POST', body: '{}', headers }))
    }
    expect(answers.map(({ status }) => status)).to.deep.equal([429, 429])
    expect(answers.map(({ headers }) => headers.get('retry-after'))).to.deep.equal(['2', '2'])
    expect(senders).to.deep.equal([
      { address: '192.0.2.1', keyId: 'a' },
      { address: undefined, keyId: '' },
    ])
    listener.closeAllConnections()
    await new Promise((resolve) => listener.close(resolve))
  })

  it('counts a large one that did not say how long it is, and lets the next one wait for it', async () => {
    const counted: [what: string, bytes: number][] = []
    const pace = new BodyPace(systemClock)
    const { pay, owe } = { pay: pace.pay.bind(pace), owe: pace.owe.bind(pace) }
    pace.pay = (sender, bytes) => (counted.push(['pay', bytes]), pay(sender, bytes))
    pace.owe = (sender, bytes) => (counted.push(['owe', bytes]), owe(sender, bytes))
    const reader = {
      read: () => Promise.resolve(null),
      isJson: () => Promise.resolve(true),
      stop: () => Promise.resolve(),
    }
    const app = express()
    app.use(bodies({ reader, budget: bodyBudget(), pace, clock: systemClock }))
    app.post('/', async (req, res) => {
      res.json(await bodyReader(2 * LARGE)(req, res))
    })
    const listener = app.listen(0, '127.0.0.1')
    await once(listener, 'listening')
    const url = `http://127.0.0.1:${(listener.address() as AddressInfo).port}/`
    const large = Buffer.alloc(LARGE, ' ')
    const stream = new Blob([large]).stream()
    await fetch(url, { method: 'POST', body: stream, duplex: 'half' })
    await fetch(url, { method: 'POST', body: large })
    await fetch(url, { method: 'POST', body: 'small' })
    listener.closeAllConnections()
    listener.close()
    expect(counted).to.deep.equal([
      ['pay', 0],
      ['owe', LARGE],
      ['pay', LARGE],
    ])
  })
})
