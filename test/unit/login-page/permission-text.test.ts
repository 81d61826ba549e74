import { expect } from 'chai'
import { PERMISSION_PATHS } from '../../../src/auth/permissions/grammar.ts'
import { isPowerful, SENTENCES, sentenceOf } from '../../../src/login-page/permission-text.ts'

describe('permissions in words', () => {
  it('exist for each there is, and for no other', () => {
    expect(Object.keys(SENTENCES).sort()).to.deep.equal([...PERMISSION_PATHS].sort())
  })

  it('name what the slots name', () => {
    expect(sentenceOf('context:execute[c,i,m]')).to.equal(
      'Call the method “m” in the context “c” as the identity “i”.',
    )
    expect(sentenceOf('context:execute[a]', 'a')).to.include('every context of the application “a”')
    expect(sentenceOf('context:list')).to.equal('See every context of this node.')
    expect(sentenceOf('keys:revoke')).to.equal(sentenceOf('keys:delete'))
  })

  it('differ wherever the permissions differ', () => {
    const sentences = PERMISSION_PATHS.flatMap((path) => {
      const slotted = path === 'context' || /^context:(execute|list|create)$/.test(path)
      return slotted ? [sentenceOf(path), sentenceOf(`${path}[x]`)] : [sentenceOf(path)]
    })
    expect(new Set(sentences).size).to.equal(sentences.length)
    expect(sentences).to.not.include(undefined)
  })

  it('are none for what is no permission', () => {
    for (const text of ['everything', 'context:execute[a,b,c,d]', 'admin[x]', '', '<b>']) {
      expect(sentenceOf(text), text).to.equal(undefined)
    }
  })

  it('warn of power over all', () => {
    expect(['admin', 'keys:create', 'context', 'blob'].map(isPowerful)).to.deep.equal([
      true,
      true,
      false,
      false,
    ])
  })
})
