import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { serialize } from 'borsh'
import { expect } from 'chai'
import { envelopeCodec, envelopeDigest } from '../../../src/node/anchor/envelope.ts'
import { OPERATION_ORDINALS } from '../../../src/node/anchor/operations.ts'
import { verifySignature } from '../../../src/node/crypto/sign.ts'
import { concat, fromHex, toHex, utf8 } from '../../../src/node/primitives/bytes.ts'
import { sha256 } from '../../../src/node/primitives/hash.ts'
import { person } from '../../compliance/anchor-support.ts'
import { borshEnvelope } from '../../property/anchor/arbitraries.ts'
import { VECTOR_ENVELOPES } from './vector-cases.ts'

const FILE = join(import.meta.dirname, '../../vectors/anchor-envelopes.json')

interface Vectors {
  readonly source: string
  readonly signer: string
  readonly cases: readonly {
    readonly operation: string
    readonly envelope: string
    readonly digest: string
    readonly signature: string
  }[]
}

/** The file as the borsh package and RFC 8032 make it, without our own codec. */
function makeVectors(): Vectors {
  const signer = person('A')
  const cases = VECTOR_ENVELOPES.map((value) => {
    const oracle = borshEnvelope(value)
    const bytes = serialize(oracle.schema, oracle.value)
    const digest = sha256(concat(utf8('context-operation/1\0'), bytes))
    return {
      operation: value.operation.kind,
      envelope: toHex(bytes),
      digest: toHex(digest),
      signature: toHex(signer.sign(digest)),
    }
  })
  const source =
    'bytes by the borsh package; digest: SHA-256 of context-operation/1, a zero byte and the bytes; signature over the digest by RFC 8032'
  return { source, signer: toHex(signer.publicKey), cases }
}

describe('anchor envelope vectors', () => {
  // UPDATE_VECTORS=1 writes the file anew
  if (process.env['UPDATE_VECTORS'] !== undefined) {
    writeFileSync(FILE, `${JSON.stringify(makeVectors(), null, 2)}\n`)
  }
  const vectors = JSON.parse(readFileSync(FILE, 'utf8')) as Vectors // compared whole below

  it('are what the oracle makes of the cases, one of each operation at least', () => {
    expect(vectors).to.deep.equal(makeVectors())
    const kinds = new Set(vectors.cases.map(({ operation }) => operation))
    expect([...kinds].sort()).to.deep.equal(Object.keys(OPERATION_ORDINALS).sort())
  })

  for (const [index, vector] of vectors.cases.entries()) {
    it(`${vector.operation}, case ${index}: bytes, digest and signature`, () => {
      const bytes = fromHex(vector.envelope)
      const value = VECTOR_ENVELOPES[index]
      if (value === undefined) throw new RangeError('a vector without a case')
      expect(toHex(envelopeCodec.encode(value))).to.equal(vector.envelope)
      const decoded = envelopeCodec.decode(bytes)
      expect(toHex(envelopeCodec.encode(decoded))).to.equal(vector.envelope)
      expect(toHex(envelopeDigest(bytes))).to.equal(vector.digest)
      const isSigned = verifySignature(
        fromHex(vectors.signer),
        fromHex(vector.digest),
        fromHex(vector.signature),
      )
      expect(isSigned).to.equal(true)
    })
  }
})
