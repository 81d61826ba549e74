import { expect } from 'chai'
import { utf8 } from '../../../src/node/primitives/bytes.ts'
import {
  failureText,
  hostError,
  panicError,
  returnedError,
  trapError,
} from '../../../src/node/runtime/errors.ts'
import { MAX_FAILURE_CHARS, MAX_PLACE_CHARS } from '../../../src/node/runtime/limits.ts'

describe('the text of a guest’s failure', () => {
  it('is the panic’s message with its place, however long the message is', () => {
    const location = { file: `${'a'.repeat(1_000)}.rs`, line: 7, column: 9 }
    const text = failureText(panicError('x\u0007'.repeat(10_000), location))
    expect(text.startsWith('guest panicked: x x x ')).to.equal(true)
    expect(text.endsWith(`${'a'.repeat(MAX_PLACE_CHARS - 1)}…:7:9`)).to.equal(true)
    expect(text.length).to.be.lessThan(MAX_FAILURE_CHARS + MAX_PLACE_CHARS + 40)
  })

  it('is the error that the method returned, as text', () => {
    const text = 'the method returned an error: "refused: größer"'
    expect(failureText(returnedError(utf8('"refused: größer"')))).to.equal(text)
    const long = failureText(returnedError(new Uint8Array(1 << 20).fill(0x61)))
    expect(long).to.have.length(MAX_FAILURE_CHARS)
    expect(failureText(returnedError(Uint8Array.of(0xff, 0x1b, 0x61)))).to.match(/: \ufffd a$/u)
  })

  it('is otherwise what the error says', () => {
    expect(failureText(hostError('LogsOverflow'))).to.equal('logs overflow')
    expect(failureText(trapError(new RangeError('unreachable')))).to.equal(
      'unreachable code reached',
    )
  })
})
