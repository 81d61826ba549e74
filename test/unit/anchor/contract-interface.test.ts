import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { readInterface, toSolidity } from '../../../scripts/support/contract-interface.ts'
import { toRust } from '../../../scripts/support/rust-interface.ts'
import { CAPABILITIES, ROLES } from '../../../src/node/anchor/anchor.ts'
import { envelopeCodec } from '../../../src/node/anchor/envelope.ts'
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
import { VECTOR_ENVELOPES } from './vector-cases.ts'

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

  it('is what the Rust constants were made from', () => {
    const path = join(ROOT, 'contracts/core/src/interface.rs')
    expect(readFileSync(path, 'utf8')).to.equal(toRust(file))
  })

  it('has the version that envelopes begin with', () => {
    const [envelope] = VECTOR_ENVELOPES
    if (envelope === undefined) throw new RangeError('expected a vector')
    expect(envelopeCodec.encode(envelope)[0]).to.equal(file.envelopeVersion)
  })

  it('says of refusals and chains that there are which of them some chains alone have', () => {
    for (const [name, chains] of Object.entries(file.errorsOf)) {
      expect(file.errors).to.have.property(name)
      for (const chain of chains) expect(file.chains).to.have.property(chain)
    }
    // contracts that are deployed have this in their code: no refusal of others may change it
    expect(toSolidity(file)).not.to.contain('InsufficientDeposit')
  })
})
