import { expect } from 'chai'
import { exitCodeOf } from '../../../src/cli/errors.ts'
import { output, render, table } from '../../../src/cli/output.ts'
import type { Output, OutputFormat } from '../../../src/cli/output.ts'
import { MerogateError } from '../../../src/node/errors.ts'

describe('output', () => {
  let out: string
  let err: string

  const make = (format: OutputFormat): Output => {
    out = ''
    err = ''
    return output(format, { out: (text) => (out += text), err: (text) => (err += text) })
  }

  it('prints results for people or as JSON', () => {
    make('human').result({ a: 1 }, 'one')
    expect(out).to.equal('one\n')
    make('json').result({ a: 1 }, 'one')
    expect(JSON.parse(out)).to.deep.equal({ a: 1 })
  })

  it('prints each event on one line', () => {
    make('json').event({ event: 'ready', deep: { a: [1] } }, 'ready')
    expect(out).to.equal('{"event":"ready","deep":{"a":[1]}}\n')
  })

  it('prints lines of logs apart from results', () => {
    make('human').log({ node: 'bob', msg: 'm' }, 'bob: m')
    expect([out, err]).to.deep.equal(['', 'bob: m\n'])
    make('json').log({ node: 'bob', msg: 'm' }, 'bob: m')
    expect([out, err]).to.deep.equal(['', '{"node":"bob","msg":"m"}\n'])
  })

  it('keeps notes out of JSON', () => {
    make('human').note('by the way')
    expect(err).to.equal('by the way\n')
    make('json').note('by the way')
    expect(err).to.equal('')
  })

  it('prints failures with code, facts and what to do next, never a stack', () => {
    const error = new MerogateError('CLIENT_UNREACHABLE', 'transport', 'no answer', {
      requestId: 'r',
    })
    make('human').failure(error)
    expect(err).to.include('error: no answer (CLIENT_UNREACHABLE)')
    expect(err).to.include('requestId: r').and.include('next: ')
    make('json').failure(error)
    const body = (JSON.parse(err) as { error: object }).error
    expect(body).to.have.all.keys('code', 'kind', 'message', 'details', 'hint')
    expect(err).not.to.include('.ts:')
  })

  it('aligns tables', () => {
    const rows = [
      { id: 'a', n: 1 },
      { id: 'long', n: 22 },
    ]
    type Row = (typeof rows)[number]
    const columns = { ID: (row: Row) => row.id, N: (row: Row) => row.n }
    expect(table(rows, columns, 'none')).to.equal('ID    N\na     1\nlong  22')
    expect(table([], columns, 'none')).to.equal('none')
  })

  it('renders fields on lines of their own', () => {
    expect(render({ a: 'x', long: [1] })).to.equal('a     x\nlong  [1]')
    expect(render(['a', 'b'])).to.equal('a\nb')
    expect(render(null)).to.equal('done')
  })
})

describe('exitCodeOf', () => {
  const rows = [
    ['CLI_USAGE', 'input', 2],
    ['CONFIG_INVALID', 'input', 1],
    ['X', 'missing', 3],
    ['X', 'denied', 4],
    ['X', 'unauthenticated', 4],
    ['X', 'internal', 1],
  ] as const
  for (const [code, kind, exit] of rows) {
    it(`is ${exit} for ${code} of kind ${kind}`, () => {
      expect(exitCodeOf({ code, kind })).to.equal(exit)
    })
  }
})
