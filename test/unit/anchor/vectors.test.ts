import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { serialize, type Schema } from 'borsh'
import { expect } from 'chai'
import type { Codec } from '../../../src/node/codec/codec.ts'
import { envelopeCodec, envelopeDigest } from '../../../src/node/anchor/envelope.ts'
import { OPERATION_ORDINALS } from '../../../src/node/anchor/operations.ts'
import { packageEnvelopeCodec } from '../../../src/node/anchor/packages/envelope.ts'
import { PACKAGE_OPERATION_ORDINALS } from '../../../src/node/anchor/packages/operations.ts'
import { verifySignature } from '../../../src/node/crypto/sign.ts'
import { concat, fromHex, toHex, utf8 } from '../../../src/node/primitives/bytes.ts'
import { sha256 } from '../../../src/node/primitives/hash.ts'
import { person } from '../../compliance/anchor-support.ts'
import { borshEnvelope } from '../../property/anchor/arbitraries.ts'
import { borshPackageEnvelope } from '../../property/anchor/package-arbitraries.ts'
import { PACKAGE_VECTOR_ENVELOPES, VECTOR_ENVELOPES } from './vector-cases.ts'

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

/** What the vectors of one contract are about. */
interface Contract<E> {
  readonly file: string
  readonly codec: Codec<E>
  readonly cases: readonly E[]
  readonly ordinals: Readonly<Record<string, number>>
  toBorsh(value: E): { schema: Schema; value: unknown }
}

/** The file as the borsh package and RFC 8032 make it, without our own codec. */
function makeVectors<E extends { readonly operation: { readonly kind: string } }>(
  contract: Contract<E>,
): Vectors {
  const signer = person('A')
  const cases = contract.cases.map((value) => {
    const oracle = contract.toBorsh(value)
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

function vectorTests<E extends { readonly operation: { readonly kind: string } }>(
  contract: Contract<E>,
): void {
  const file = join(import.meta.dirname, '../../vectors', contract.file)
  // UPDATE_VECTORS=1 writes the file anew
  if (process.env['UPDATE_VECTORS'] !== undefined) {
    writeFileSync(file, `${JSON.stringify(makeVectors(contract), null, 2)}\n`)
  }
  const vectors = JSON.parse(readFileSync(file, 'utf8')) as Vectors // compared whole below

  it('are what the oracle makes of the cases, one of each operation at least', () => {
    expect(vectors).to.deep.equal(makeVectors(contract))
    const kinds = new Set(vectors.cases.map(({ operation }) => operation))
    expect([...kinds].sort()).to.deep.equal(Object.keys(contract.ordinals).sort())
  })

  for (const [index, vector] of vectors.cases.entries()) {
    it(`${vector.operation}, case ${index}: bytes, digest and signature`, () => {
      const bytes = fromHex(vector.envelope)
      const value = contract.cases[index]
      if (value === undefined) throw new RangeError('a vector without a case')
      expect(toHex(contract.codec.encode(value))).to.equal(vector.envelope)
      const decoded = contract.codec.decode(bytes)
      expect(toHex(contract.codec.encode(decoded))).to.equal(vector.envelope)
      expect(toHex(envelopeDigest(bytes))).to.equal(vector.digest)
      const isSigned = verifySignature(
        fromHex(vectors.signer),
        fromHex(vector.digest),
        fromHex(vector.signature),
      )
      expect(isSigned).to.equal(true)
    })
  }
}

describe('anchor envelope vectors', () => {
  vectorTests({
    file: 'anchor-envelopes.json',
    codec: envelopeCodec,
    cases: VECTOR_ENVELOPES,
    ordinals: OPERATION_ORDINALS,
    toBorsh: borshEnvelope,
  })
})

describe('package envelope vectors', () => {
  vectorTests({
    file: 'package-envelopes.json',
    codec: packageEnvelopeCodec,
    cases: PACKAGE_VECTOR_ENVELOPES,
    ordinals: PACKAGE_OPERATION_ORDINALS,
    toBorsh: borshPackageEnvelope,
  })
})
