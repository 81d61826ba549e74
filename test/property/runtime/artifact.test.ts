import fc from 'fast-check'
import { expect } from 'chai'
import { isMerogateError } from '../../../src/node/errors.ts'
import {
  type Action,
  type Child,
  type IndexRecord,
  LAYOUTS,
  type LayoutName as AnyLayoutName,
  type Metadata,
} from '../../../src/node/runtime/artifact/layout.ts'

/** E1 writes less than a record has; it is tried on what its guests write. */
type LayoutName = Exclude<AnyLayoutName, 'E1'>

const id = fc.uint8Array({ minLength: 32, maxLength: 32 })
const time = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
const signature = fc.uint8Array({ minLength: 72, maxLength: 72 })
const bytes = (...parts: (number | Uint8Array)[]): Uint8Array =>
  Uint8Array.from(parts.flatMap((part) => (typeof part === 'number' ? [part] : [...part])))

function metadata(name: LayoutName): fc.Arbitrary<Metadata> {
  const isE5 = name === 'E5'
  const hasSigner = isE5 || name === 'E5a'
  const signer = fc.oneof(
    fc.constant(bytes(0)),
    id.map((key) => bytes(1, key)),
  )
  const signed = fc.oneof(
    fc.constant(bytes(0)),
    fc.tuple(signature, signer).map(([raw, by]) => (hasSigner ? bytes(1, raw, by) : bytes(1, raw))),
  )
  const owned = (tag: number): fc.Arbitrary<Uint8Array> =>
    fc.tuple(id, signed).map(([key, by]) => bytes(tag, key, by))
  const shared = signed.map((by) => bytes(3, 1, 0, 0, 0, new Uint8Array(33).fill(8), by))
  const storage = fc.oneof(
    fc.constant(bytes(0)),
    fc.constant(bytes(2)),
    owned(1),
    ...(isE5 ? [owned(4), shared] : []),
  )
  const name1 = bytes(1, 0, 0, 0, 0x61)
  const rest = {
    E3: fc.constant(bytes()),
    E4: fc.constantFrom(bytes(0, 0), bytes(1, 0, name1, 0), bytes(1, 4, name1, name1, 1, name1)),
    E5a: fc.constantFrom(bytes(0, 0), bytes(1, 9, 0), bytes(1, 10, name1, 1, name1)),
    E5: fc.constantFrom(
      bytes(0, 0, 0),
      bytes(1, 13, 1, name1, 1, 7, 0, 0, 0),
      bytes(1, 8, name1, 0, 0),
    ),
  }[name]
  return fc.record({ createdAt: time, updatedAt: time, storage, rest })
}

const child = (name: LayoutName): fc.Arbitrary<Child> =>
  fc.record({ id, hash: id, metadata: metadata(name) })
const children = (name: LayoutName): fc.Arbitrary<Child[]> =>
  fc.array(child(name), { maxLength: 4 })

function action(name: LayoutName): fc.Arbitrary<Action> {
  return fc.oneof(
    fc.record({
      kind: fc.constantFrom('add' as const, 'update' as const),
      id,
      data: fc.uint8Array({ maxLength: 80 }),
      ancestors: children(name),
      metadata: metadata(name),
    }),
    fc.record({
      kind: fc.constant('remove' as const),
      id,
      deletedAt: time,
      metadata: metadata(name),
    }),
  )
}

function record(name: LayoutName): fc.Arbitrary<IndexRecord> {
  return fc.record({
    id,
    parent: fc.option(id, { nil: undefined }),
    children: fc.option(children(name), { nil: undefined }),
    fullHash: id,
    ownHash: id,
    metadata: metadata(name),
    deletedAt: fc.option(time, { nil: undefined }),
    deletedChildren: name === 'E5' ? fc.array(id, { maxLength: 3 }) : fc.constant([]),
  })
}

/** Decoding either works and encodes to the same bytes, or fails with a typed error. */
function decodes(input: Uint8Array, decode: (input: Uint8Array) => Uint8Array): void {
  let again: Uint8Array
  try {
    again = decode(input)
  } catch (error) {
    expect(isMerogateError(error, 'RUNTIME_ARTIFACT_INVALID')).to.equal(true)
    return
  }
  expect(Buffer.compare(again, input)).to.equal(0)
}

describe('artefact and index layouts', () => {
  for (const name of ['E3', 'E4', 'E5a', 'E5'] as const) {
    const layout = LAYOUTS[name]
    const artifact = fc
      .array(action(name), { maxLength: 5 })
      .map((actions) => layout.encodeArtifact(actions))
    const index = record(name).map((one) => layout.encodeIndex(one))
    const onArtifact = (input: Uint8Array): Uint8Array =>
      layout.encodeArtifact(layout.decodeArtifact(input))
    const onIndex = (input: Uint8Array): Uint8Array => layout.encodeIndex(layout.decodeIndex(input))

    it(`${name} gives back what went in`, () => {
      fc.assert(
        fc.property(fc.array(action(name), { maxLength: 5 }), record(name), (actions, one) => {
          expect(layout.decodeArtifact(layout.encodeArtifact(actions))).to.deep.equal(actions)
          expect(layout.decodeIndex(layout.encodeIndex(one))).to.deep.equal(one)
        }),
      )
    })

    it(`${name} never crashes on damaged bytes`, () => {
      const damage = fc.record({ at: fc.nat(), byte: fc.nat(255), cut: fc.nat(3) })
      const damaged = (
        input: Uint8Array,
        { at, byte, cut }: { at: number; byte: number; cut: number },
      ): Uint8Array => {
        const out = input.slice(0, Math.max(0, input.length - cut))
        if (out.length > 0) out[at % out.length] = byte
        return out
      }
      fc.assert(
        fc.property(
          artifact,
          index,
          damage,
          fc.uint8Array({ maxLength: 200 }),
          (one, two, how, noise) => {
            decodes(damaged(one, how), onArtifact)
            decodes(damaged(two, how), onIndex)
            decodes(noise, onArtifact)
            decodes(noise, onIndex)
          },
        ),
      )
    })
  }
})
