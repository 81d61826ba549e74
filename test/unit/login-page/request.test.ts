import { expect } from 'chai'
import fc from 'fast-check'
import { PermissionSet, required } from '../../../src/auth/index.ts'
import { callbackOf, returnUrl } from '../../../src/login-page/callback.ts'
import { forContext, namesMethods, pageRequest } from '../../../src/login-page/request.ts'

const ALLOWED = ['https://app.example']
const asked = (query: Record<string, string>) => pageRequest(new URLSearchParams(query), ALLOWED)

describe('what the address of the login page asks for', () => {
  it('leaves out nothing and adds nothing', () => {
    const permissions = 'context:execute[a,b,c],blob'
    const request = asked({ 'callback-url': 'https://app.example/x', permissions })
    expect(request.problem).to.equal(undefined)
    expect(request.permissions).to.deep.equal(['context:execute[a,b,c]', 'blob'])
  })

  it('is what a mode stands for when it does not say', () => {
    expect(asked({ mode: 'single-context' }).permissions).to.deep.equal(['context:execute'])
    expect(asked({ mode: 'admin', permissions: 'blob' }).permissions).to.deep.equal(['blob'])
  })

  it('is refused when it cannot be', () => {
    const callback = { 'callback-url': 'https://app.example/x' }
    for (const query of [
      { mode: 'all' },
      callback,
      { ...callback, permissions: 'x' },
      { permissions: Array(65).fill('blob').join() },
      { 'application-id': '[]' },
      { 'package-name': 'a b' },
    ]) {
      expect(asked(query).problem, JSON.stringify(query)).to.be.a('string')
    }
  })

  it('leads only to this machine and to allowed origins, whatever is written', () => {
    const pieces = fc.constantFrom(
      ...[
        'http',
        'https',
        'javascript',
        ':',
        '//',
        '/',
        '\\',
        '@',
        '#',
        '?',
        '.',
        '%2e',
        '\t',
        ' ',
      ],
      ...['app.example', 'evil.example', 'localhost', '127.0.0.1', '[::1]', '0x7f000001', ':443'],
    )
    const texts = fc.array(pieces, { maxLength: 10 }).map((parts) => parts.join(''))
    fc.assert(
      fc.property(texts, (text) => {
        const callback = callbackOf(text, ALLOWED)
        if (!('url' in callback)) return
        const target = new URL(returnUrl(callback.url, { access_token: 't' }))
        const isHere = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(target.hostname)
        expect(isHere || target.origin === 'https://app.example', text).to.equal(true)
        expect(target.hash).to.equal('#access_token=t')
        expect(target.search).to.not.include('access_token')
      }),
      { numRuns: 2_000 },
    )
  })

  it('becomes narrower, never wider, for one context', () => {
    const held = [
      'context:execute',
      'context:execute[a]',
      'context:execute[a,,m]',
      'context:list[a]',
    ]
    const choice = { contextId: 'c', identity: 'i' }
    const narrow = forContext([...held, 'context:create[a]', 'blob'], 'a', choice)
    expect(narrow).to.deep.equal([
      'context:execute[c,i]',
      'context:execute[c,i]',
      'context:execute[c,i,m]',
      'context:list[c]',
      'context:create[a]',
      'blob',
    ])
    const set = PermissionSet.from(narrow)
    expect(set.allows(required('context:execute', ['d', 'i', 'm'], 'a'))).to.equal(false)
    expect(namesMethods(narrow)).to.equal(true)
    expect(forContext(['context:execute[b]'], 'a', choice)).to.deep.equal(['context:execute[b]'])
  })
})
