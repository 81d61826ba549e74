/** Random deltas, and the same layouts as the `borsh` package describes them: two descriptions by two hands. */
import type { Schema } from 'borsh'
import fc from 'fast-check'
import {
  type DeltaEnvelope,
  type DeltaHeader,
  type DeltaPayload,
  MAX_PARENTS,
  type PayloadEvent,
} from '../../src/node/codec/delta.ts'
import { EMPTY } from '../../src/node/primitives/bytes.ts'

const fixed = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: length, maxLength: length })
const id = fixed(32)
const u8 = fc.integer({ min: 0, max: 255 })
const u32 = fc.integer({ min: 0, max: 0xffffffff })
const u64 = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n })
const text = (maxLength: number): fc.Arbitrary<string> => fc.string({ unit: 'grapheme', maxLength })

export const header: fc.Arbitrary<DeltaHeader> = fc.record({
  version: u8,
  context: id,
  author: id,
  sequence: u64,
  member: id,
  authority: fc.option(id, { nil: undefined }),
  epoch: u32,
  membersRevision: u64,
  hlc: fixed(24),
  parents: fc.array(id, { maxLength: MAX_PARENTS }),
  kind: u8,
  payloadLength: u32,
  payloadHash: id,
})

export const payload: fc.Arbitrary<DeltaPayload> = fc.record({
  application: id,
  appPayload: fc.uint8Array({ maxLength: 300 }),
  events: fc.uint8Array({ maxLength: 300 }),
  authorRoot: id,
  causedBy: fc.option(fc.record({ delta: id, event: fc.integer({ min: 0, max: 0xffff }) }), {
    nil: undefined,
  }),
  depth: u8,
})

export const payloadEvent: fc.Arbitrary<PayloadEvent> = fc.record({
  kind: text(3),
  data: fc.uint8Array({ maxLength: 60 }),
  handler: fc.option(text(3), { nil: undefined }),
})

export const envelope: fc.Arbitrary<DeltaEnvelope> = fc.record({
  header,
  signature: fixed(64),
  nonce: fixed(12),
  sealedEpoch: u32,
  sealed: fc.oneof(fc.constant(EMPTY), fc.uint8Array({ maxLength: 400 })),
})

const array = (length: number): Schema => ({ array: { type: 'u8', len: length } })
const bytes: Schema = { array: { type: 'u8' } }

const HEADER: Schema = {
  struct: {
    version: 'u8',
    context: array(32),
    author: array(32),
    sequence: 'u64',
    member: array(32),
    authority: { option: array(32) },
    epoch: 'u32',
    membersRevision: 'u64',
    hlc: array(24),
    parents: { array: { type: array(32) } },
    kind: 'u8',
    payloadLength: 'u32',
    payloadHash: array(32),
  },
}

/** The layouts in the words of the `borsh` package. */
export const BORSH: Readonly<Record<'header' | 'payload' | 'events' | 'envelope', Schema>> = {
  header: HEADER,
  payload: {
    struct: {
      application: array(32),
      appPayload: bytes,
      events: bytes,
      authorRoot: array(32),
      causedBy: { option: { struct: { delta: array(32), event: 'u16' } } },
      depth: 'u8',
    },
  },
  events: {
    array: { type: { struct: { kind: 'string', data: bytes, handler: { option: 'string' } } } },
  },
  envelope: {
    struct: {
      header: HEADER,
      signature: array(64),
      nonce: array(12),
      sealedEpoch: 'u32',
      sealed: bytes,
    },
  },
}

/** A value as that package wants it: plain arrays, null for what is absent. */
export function borshValue(value: unknown): unknown {
  if (value === undefined) return null
  if (value instanceof Uint8Array) return [...value]
  if (Array.isArray(value)) return value.map(borshValue)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, borshValue(item)]))
}
