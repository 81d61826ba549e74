import { expect } from 'chai'
import { readLogLine } from '../../../src/cli/log-line.ts'

describe('lines of a node’s log', () => {
  it('are shown with the node, the level, the message and the facts', () => {
    const line = { level: 40, time: 1, pid: 2, hostname: 'h', component: 'c', msg: 'it broke' }
    const { text, fields } = readLogLine('bob', JSON.stringify({ ...line, code: 'X', tries: 3 }))
    expect(text).to.equal('bob: warn it broke  code=X  tries=3')
    expect(fields).to.deep.equal({ node: 'bob', ...line, code: 'X', tries: 3 })
  })

  it('show an error by code and text', () => {
    const err = { type: 'MerogateError', message: 'no', stack: 'at x', code: 'STORE_FAILED' }
    const { text } = readLogLine('bob', JSON.stringify({ level: 50, msg: 'm', err }))
    expect(text).to.equal('bob: error m  err=STORE_FAILED no')
  })

  it('cannot write to the terminal', () => {
    const said = JSON.stringify({ level: 30, msg: 'an application said', line: 'a\u001b[2J\nb' })
    expect(readLogLine('bob', said).text).to.equal('bob: info an application said  line=a [2J b')
    expect(readLogLine('bob', '\u001b[31mNode died').text).to.equal('bob:  [31mNode died')
    expect(readLogLine('bob', '[1]').text).to.equal('bob: [1]')
  })
})
