import { expect } from 'chai'
import { isMerogateError } from '../../../src/node/errors.ts'
import { assertLoopback, checkHost, checkOrigin, isLoopback } from '../../../src/server/loopback.ts'

function codeOf(run: () => void): string | undefined {
  try {
    run()
  } catch (error) {
    if (isMerogateError(error)) return error.code
    throw error
  }
  return undefined
}

const NONE: ReadonlySet<string> = new Set()

describe('loopback', () => {
  for (const host of ['127.0.0.1', '127.8.9.1', '::1', '[::1]', 'localhost', 'app.localhost']) {
    it(`takes ${host}`, () => expect(isLoopback(host)).to.equal(true))
  }
  const strangers = ['0.0.0.0', '::', '10.0.0.1', '127.0.0.1.evil.com', 'localhost.evil.com', '']
  for (const host of strangers) {
    it(`refuses ${JSON.stringify(host)}`, () => {
      expect(isLoopback(host)).to.equal(false)
      expect(codeOf(() => assertLoopback(host))).to.equal('SERVER_ADDRESS_NOT_LOOPBACK')
      expect(codeOf(() => checkHost(host, NONE))).to.equal('SERVER_HOST_REFUSED')
    })
  }

  it('takes a Host header with and without a port', () => {
    for (const header of ['127.0.0.1:2528', 'localhost', '[::1]:80', 'LOCALHOST:1']) {
      expect(codeOf(() => checkHost(header, NONE))).to.equal(undefined)
    }
  })

  it('takes its own public name, and no other that looks like it', () => {
    const hosts = new Set(['node.example'])
    for (const header of ['node.example', 'NODE.example:443']) {
      expect(codeOf(() => checkHost(header, hosts))).to.equal(undefined)
    }
    for (const header of ['node.example.evil.com', 'evil.com', 'node.example:x']) {
      expect(codeOf(() => checkHost(header, hosts))).to.equal('SERVER_HOST_REFUSED')
    }
  })

  it('refuses a request without Host header', () => {
    expect(codeOf(() => checkHost(undefined, NONE))).to.equal('SERVER_HOST_REFUSED')
  })

  it('takes no origin, origins of this machine and those that were allowed', () => {
    const allowed = new Set(['https://app.example'])
    const origins = [undefined, 'http://localhost:5173', 'http://[::1]:1', 'https://app.example']
    for (const origin of origins)
      expect(codeOf(() => checkOrigin(origin, allowed))).to.equal(undefined)
  })

  it('refuses other origins, "null" included', () => {
    const origins = [
      'https://evil.example',
      'null',
      'file://',
      'http://localhost.evil.example',
      'x',
    ]
    for (const origin of origins) {
      expect(codeOf(() => checkOrigin(origin, new Set()))).to.equal('SERVER_ORIGIN_REFUSED')
    }
  })
})
