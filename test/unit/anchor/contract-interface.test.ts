import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { readInterface, toSolidity } from '../../../scripts/support/contract-interface.ts'
import { CAPABILITIES, ROLES } from '../../../src/node/anchor/anchor.ts'
import { REFUSALS } from '../../../src/node/anchor/errors.ts'
import * as limits from '../../../src/node/anchor/limits.ts'
import {
  APPROVERS,
  OPERATION_ORDINALS,
  OPERATION_WORDS,
} from '../../../src/node/anchor/operations.ts'
import {
  PACKAGE_OPERATION_ORDINALS,
  PACKAGE_OPERATION_WORDS,
} from '../../../src/node/anchor/packages/operations.ts'

const ROOT = join(import.meta.dirname, '../../..')

describe('contract interface', () => {
  const file = readInterface(ROOT)

  it('has the ordinals, refusals, capabilities and roles of the model', () => {
    expect(file.operations).to.deep.equal({ ...OPERATION_ORDINALS, ...PACKAGE_OPERATION_ORDINALS })
    expect(file.words).to.deep.equal({ ...OPERATION_WORDS, ...PACKAGE_OPERATION_WORDS })
    expect(file.errors).to.deep.equal(REFUSALS)
    expect(file.capabilities).to.deep.equal(CAPABILITIES)
    expect(file.roles).to.deep.equal(ROLES)
    expect(file.approvers).to.deep.equal(APPROVERS)
  })

  it('gives every number once', () => {
    for (const numbers of [file.operations, file.errors, file.words]) {
      expect(new Set(Object.values(numbers)).size).to.equal(Object.keys(numbers).length)
    }
  })

  it('has the bounds of the model', () => {
    const values: Readonly<Record<string, unknown>> = limits // a module is values by name
    for (const [name, value] of Object.entries(file.limits)) {
      const constant = `MAX_${name.replace(/([a-z])([A-Z])/g, '$1_$2').toUpperCase()}`
      expect(Number(values[constant]), constant).to.equal(value)
    }
  })

  it('is what the Solidity constants were made from', () => {
    const path = join(ROOT, 'contracts/ethereum/src/Interface.sol')
    expect(readFileSync(path, 'utf8')).to.equal(toSolidity(file))
  })
})
