import { expect } from 'chai'
import { readAbi } from '../../../src/cli/app/abi.ts'

const string = { kind: 'string' }

describe('an interface description', () => {
  it('gives each type a name and an example', () => {
    const types = {
      Point: { kind: 'record', fields: [{ name: 'x', type: { kind: 'i32' } }] },
      Shade: { kind: 'variant', variants: [{ name: 'Dark' }, { name: 'Light' }] },
      Choice: { kind: 'variant', variants: [{ name: 'At', payload: { $ref: 'Point' } }] },
      Id: { kind: 'alias', target: { kind: 'bytes', size: 2 } },
      Round: { kind: 'record', fields: [{ name: 'next', type: { $ref: 'Round' } }] },
    }
    const rows = [
      [string, 'string', 'p'],
      [{ kind: 'bool' }, 'bool', true],
      [{ kind: 'u64' }, 'u64', 1],
      [{ kind: 'f64' }, 'f64', 1.5],
      [{ kind: 'list', items: string }, 'list<string>', ['p']],
      [{ kind: 'map', key: 'string', value: string }, 'map<string, string>', { p: 'value' }],
      [{ $ref: 'Point' }, 'Point', { x: 1 }],
      [{ $ref: 'Shade' }, 'Shade', 'Dark'],
      [{ $ref: 'Choice' }, 'Choice', { At: { x: 1 } }],
      [{ $ref: 'Id' }, 'Id', [0, 0]],
      [{ $ref: 'Nobody' }, 'Nobody', null],
      [undefined, '…', null],
    ] as const
    for (const [type, text, example] of rows) {
      const method = { name: 'm', params: [{ name: 'p', type }] }
      const { methods } = readAbi({ types, methods: [method] })
      expect(methods[0]?.params[0]).to.deep.equal({ name: 'p', type: text, example })
    }
    const round = { name: 'm', params: [{ name: 'p', type: { $ref: 'Round' }, nullable: true }] }
    const [found] = readAbi({ types, methods: [round] }).methods
    expect(found?.params[0]?.type).to.equal('Round or null')
    expect(JSON.stringify(found?.params[0]?.example)).to.match(/^(\{"next":){3,9}null\}+$/)
  })

  it('is empty when it is something else', () => {
    for (const abi of [undefined, null, 7, [], { methods: 'many', types: 3 }, { methods: [[]] }]) {
      expect(readAbi(abi)).to.deep.equal({ methods: [], events: [], state: [] })
    }
  })
})
