import { expect } from 'chai'
import { printable } from '../../../src/node/primitives/text.ts'

describe('text of strangers', () => {
  it('stays as it is when there is nothing in it to hide behind', () => {
    expect(printable('größer als 2 → “no”', 80)).to.equal('größer als 2 → “no”')
    expect(printable('', 80)).to.equal('')
  })

  it('is put on one line, without controls, escapes and changes of direction', () => {
    const text = 'one\r\ntwo\u001b[2J\u0000\u2028three\u202egnp.exe\u200b\ud800'
    expect(printable(text, 80)).to.equal('one two [2J three gnp.exe ')
  })

  it('is cut, and says so', () => {
    expect(printable('abcdef', 6)).to.equal('abcdef')
    expect(printable('abcdefg', 6)).to.equal('abcde…')
    expect(printable('a'.repeat(1 << 20), 6)).to.equal('aaaaa…')
    // a pair that the cut would halve
    expect(printable(`abcd${'😀'.repeat(3)}`, 6)).to.equal('abcd…')
  })
})
