/** The grammar of permissions, and the rules of what satisfies what, one by one. */
import { expect } from 'chai'
import { parsePermission, PermissionSet, required } from '../../../src/auth/index.ts'
import {
  MAX_PERMISSION_CHARS,
  MAX_PERMISSIONS,
  MAX_PERMISSIONS_CHARS,
} from '../../../src/auth/limits.ts'
import { parsePermissions } from '../../../src/auth/permissions/grammar.ts'
import { thrownCode } from '../../support/error-code.ts'

const APP = 'Apppppp1'
const CTX = 'Ctxxxxx1'

describe('the grammar of permissions', () => {
  for (const [text, canonical] of [
    ['admin', 'admin'],
    ['context', 'context'],
    ['context[c]', 'context[c]'],
    ['context[c,u]', 'context[c,u]'],
    ['context:execute[c,u,m]', 'context:execute[c,u,m]'],
    ['context:execute[c,,]', 'context:execute[c]'],
    ['context:execute[,,m]', 'context:execute[,,m]'],
    ['context:execute[]', 'context:execute'],
    ['context:alias:create:identity[c]', 'context:alias:create:identity[c]'],
    ['context:capabilities:grant[c]', 'context:capabilities:grant[c]'],
    ['keys:revoke', 'keys:delete'],
    ['keys:clients', 'keys:clients:list'],
    ['keys:permissions[k]', 'keys:permissions:get[k]'],
    ['blob:add:stream', 'blob:add:stream'],
    ['package:list-versions[p]', 'package:list-versions[p]'],
  ] as const) {
    it(`reads ${text} as ${canonical}`, () => {
      expect(parsePermission(text)?.text).to.equal(canonical)
    })
  }

  for (const text of [
    ...['', 'Admin', 'admin ', ' admin', 'admin[x]', 'admin:x', 'context:', ':context', 'unknown'],
    ...['context[c', 'context]c[', 'context[c][u]', 'context[[c]]', 'context[c,u,m]', 'context:x'],
    ...['context:execute[c,u,m,x]', 'context:execute[c d]', 'context:execute[c\u0000]', 'blob[x]'],
    ...['context:execute[\u00e9]', 'constructor', 'toString', '__proto__', 'context:list[c,u]'],
    `context[${'x'.repeat(MAX_PERMISSION_CHARS)}]`,
  ]) {
    it(`does not understand ${JSON.stringify(text.slice(0, 40))}, which allows nothing`, () => {
      expect(parsePermission(text)).to.equal(undefined)
      expect(PermissionSet.from([text]).allows(required('context:list', ['c']))).to.equal(false)
      expect(thrownCode(() => parsePermissions([text]))).to.equal('AUTH_BAD_REQUEST')
    })
  }

  it('bounds how many a key may have, and how long they are together', () => {
    const many = Array.from({ length: MAX_PERMISSIONS + 1 }, (_, each) => `context[${each}]`)
    expect(parsePermissions(many.slice(1))).to.have.length(MAX_PERMISSIONS)
    expect(thrownCode(() => parsePermissions(many))).to.equal('AUTH_LIMIT')
    const long = (length: number) =>
      Array.from({ length }, (_, each) => `context[${String(each).padStart(300, 'x')}]`)
    const fits = Math.floor(MAX_PERMISSIONS_CHARS / 310)
    expect(parsePermissions(long(fits))).to.have.length(fits)
    expect(thrownCode(() => parsePermissions(long(fits + 1)))).to.equal('AUTH_LIMIT')
  })

  it('takes no path in a table of operations that is none', () => {
    expect(() => required('context:excute')).to.throw(TypeError)
    expect(() => required('context:list', ['c', 'u'])).to.throw(TypeError)
  })
})

describe('what satisfies what', () => {
  const rows: readonly (readonly [
    held: string,
    path: string,
    slots: (string | undefined)[],
    is: boolean,
  ])[] = [
    ['admin', 'keys:create', [], true],
    // a bare category holds everything below it, of context and package too
    ['context', 'context:execute', [CTX, 'u', 'm'], true],
    ['package', 'package:list-versions', ['p'], true],
    ['keys', 'keys:permissions:update', ['k'], true],
    ['blob:add', 'blob:add:url', [], true],
    // but a shorter path is not the longer ones
    ['keys:permissions', 'keys:permissions:update', ['k'], false],
    ['keys:clients', 'keys:clients:delete', [], false],
    // wildcard held, specific required, and the other way round
    ['context:list', 'context:list', [CTX], true],
    [`context:list[${CTX}]`, 'context:list', [undefined], false],
    [`context:list[${CTX}]`, 'context:list', ['other'], false],
    ['context:execute[,u]', 'context:execute', [CTX, 'u', 'm'], true],
    ['context:execute[,u]', 'context:execute', [CTX, 'v', 'm'], false],
    // a method that is held is the only one
    ['context:execute[,,get]', 'context:execute', [CTX, 'u', 'get'], true],
    ['context:execute[,,get]', 'context:execute', [CTX, 'u', 'set'], false],
    ['context:execute[,,get]', 'context:execute', [CTX, 'u', undefined], false],
    // a context with an identity
    [`context[${CTX},u]`, 'context:execute', [CTX, 'u', 'm'], true],
    [`context[${CTX},u]`, 'context:execute', [CTX, 'v', 'm'], false],
    [`context[${CTX},u]`, 'context:list', [CTX], true],
    [`context[${CTX},u]`, 'context:invite', [CTX, 'u'], true],
    [`context[${CTX},u]`, 'context:leave', [CTX, 'u'], true],
    [`context[${CTX},u]`, 'context:delete', [CTX], false],
    [`context[${CTX},u]`, 'context:create', [], false],
    [`context[${CTX}]`, 'context:delete', [CTX], true],
    // other categories
    ['context:execute', 'context:list', [CTX], false],
    ['application', 'context:list', [CTX], false],
  ]
  for (const [held, path, slots, is] of rows) {
    it(`${held} is ${is ? 'enough' : 'not enough'} for ${path}[${slots.join()}]`, () => {
      expect(PermissionSet.from([held]).allows(required(path, slots))).to.equal(is)
    })
  }

  it('of an application is enough for each of its contexts, and no other', () => {
    const set = PermissionSet.from([`context:execute[${APP}]`, `context:create[${APP}]`])
    expect(set.allows(required('context:execute', [CTX, 'u', 'm'], APP))).to.equal(true)
    expect(set.allows(required('context:execute', [CTX, 'u', 'm'], 'Other'))).to.equal(false)
    expect(set.allows(required('context:execute', [CTX, 'u', 'm']))).to.equal(false)
    expect(set.allows(required('context:create', [], APP))).to.equal(true)
    expect(set.allows(required('context:create'))).to.equal(false)
    // deleting is no matter of the application
    const all = PermissionSet.from([`context:delete[${APP}]`])
    expect(all.allows(required('context:delete', [CTX], APP))).to.equal(false)
  })
})
