/** One value of every frame, with the borsh schema of its layout written a second time, for the oracle. */
import type { Schema } from 'borsh'
import type { GossipMessage } from '../../src/node/codec/gossip-frames.ts'
import type { PushFrame } from '../../src/node/codec/push-frames.ts'
import type { SyncAnswer, SyncRequest } from '../../src/node/codec/sync-frames.ts'

const fill = (value: number, length = 32): Uint8Array => new Uint8Array(length).fill(value)
const fixed = (len: number): Schema => ({ array: { type: 'u8', len } })
const list = (type: Schema): Schema => ({ array: { type } })
const bytes = list('u8')
const id = fixed(32)

const frontier = {
  root: fill(2),
  heads: [fill(3), fill(4)],
  applied: 2n ** 63n,
  hlc: fill(5, 24),
  epoch: 4_000_000_000,
  hash: fill(11),
}
const frontierSchema = {
  root: id,
  heads: list(id),
  applied: 'u64',
  hlc: fixed(24),
  epoch: 'u32',
  hash: id,
} as const
const grants = [
  {
    epoch: 7,
    madeAt: 5n,
    coversTo: 6n,
    sealed: fill(8, 60),
    giver: fill(9),
    signature: fill(10, 64),
  },
]
const grantsSchema = list({
  struct: {
    epoch: 'u32',
    madeAt: 'u64',
    coversTo: 'u64',
    sealed: bytes,
    giver: id,
    signature: fixed(64),
  },
})
const hello = { version: 1, nonce: fill(1, 16) }
const join = { context: fill(1), party: fill(2), proof: fill(3, 64) }
const joinSchema = { context: id, party: id, proof: fixed(64) }

/** A value, its tag, and the borsh layout of what follows the tag. */
export interface Sample<T> {
  readonly value: T
  readonly tag: number
  readonly schema: Record<string, Schema>
}

export const PUSH_SAMPLES: readonly Sample<PushFrame>[] = [
  {
    value: { type: 'hello', ...hello, addresses: ['/ip4/1.2.3.4/tcp/2428/p2p/Qé', ''] },
    tag: 0,
    schema: { version: 'u16', nonce: fixed(16), addresses: list('string') },
  },
  { value: { type: 'join', ...join }, tag: 1, schema: joinSchema },
  {
    value: { type: 'heads', context: fill(1), ...frontier },
    tag: 2,
    schema: { context: id, ...frontierSchema },
  },
  {
    value: { type: 'delta', context: fill(1), envelope: fill(6, 700) },
    tag: 3,
    schema: { context: id, envelope: bytes },
  },
  {
    value: { type: 'delta', context: fill(1), envelope: new Uint8Array(0) },
    tag: 3,
    schema: { context: id, envelope: bytes },
  },
  {
    value: { type: 'ack', context: fill(1), heads: [fill(2)] },
    tag: 4,
    schema: { context: id, heads: list(id) },
  },
  {
    value: { type: 'keys', context: fill(1), grants },
    tag: 5,
    schema: { context: id, grants: grantsSchema },
  },
  { value: { type: 'leave', context: fill(1) }, tag: 6, schema: { context: id } },
  { value: { type: 'ping', value: 1n }, tag: 7, schema: { value: 'u64' } },
  {
    value: { type: 'pong', value: 2n ** 64n - 1n, timeMs: 1_767_225_600_000n },
    tag: 8,
    schema: { value: 'u64', timeMs: 'u64' },
  },
  {
    value: { type: 'error', code: 2, context: fill(1) },
    tag: 9,
    schema: { code: 'u16', context: { option: id } },
  },
  {
    value: { type: 'error', code: 9, context: undefined },
    tag: 9,
    schema: { code: 'u16', context: { option: id } },
  },
]

export const REQUEST_SAMPLES: readonly Sample<SyncRequest>[] = [
  { value: { type: 'hello', ...hello }, tag: 0, schema: { version: 'u16', nonce: fixed(16) } },
  { value: { type: 'join', ...join }, tag: 1, schema: joinSchema },
  { value: { type: 'heads', context: fill(1) }, tag: 2, schema: { context: id } },
  {
    value: {
      type: 'deltas',
      context: fill(1),
      want: [fill(2)],
      have: [fill(3), fill(4)],
      maxBytes: 8 << 20,
    },
    tag: 3,
    schema: { context: id, want: list(id), have: list(id), maxBytes: 'u32' },
  },
  {
    value: { type: 'keys', context: fill(1), epochs: [0, 1, 4_294_967_295] },
    tag: 4,
    schema: { context: id, epochs: list('u32') },
  },
  { value: { type: 'members', context: fill(1) }, tag: 5, schema: { context: id } },
  {
    value: { type: 'blobHave', context: fill(1), blob: fill(2) },
    tag: 10,
    schema: { context: id, blob: id },
  },
  {
    value: { type: 'blobGet', context: fill(1), blob: fill(2), offset: 5n },
    tag: 11,
    schema: { context: id, blob: id, offset: 'u64' },
  },
  { value: { type: 'cancel' }, tag: 12, schema: {} },
  { value: { type: 'frontier', context: fill(1) }, tag: 13, schema: { context: id } },
  {
    value: {
      type: 'ranges',
      context: fill(1),
      ranges: [
        { author: fill(2), from: 1n, to: 2n ** 64n - 1n },
        { author: fill(3), from: 7n, to: 7n },
      ],
      maxBytes: 8 << 20,
    },
    tag: 14,
    schema: {
      context: id,
      ranges: list({ struct: { author: id, from: 'u64', to: 'u64' } }),
      maxBytes: 'u32',
    },
  },
]

export const ANSWER_SAMPLES: readonly Sample<SyncAnswer>[] = [
  { value: { type: 'hello', ...hello }, tag: 0, schema: { version: 'u16', nonce: fixed(16) } },
  { value: { type: 'joined' }, tag: 1, schema: {} },
  { value: { type: 'heads', ...frontier }, tag: 2, schema: frontierSchema },
  {
    value: { type: 'envelopes', items: [fill(1, 5), fill(2, 600)] },
    tag: 3,
    schema: { items: list(bytes) },
  },
  {
    value: { type: 'part', more: true, bytes: fill(1, 9) },
    tag: 4,
    schema: { more: 'bool', bytes },
  },
  {
    value: { type: 'end', more: false, unknown: [fill(1)], pruned: [] },
    tag: 5,
    schema: { more: 'bool', unknown: list(id), pruned: list(id) },
  },
  {
    value: { type: 'keys', more: true, grants },
    tag: 6,
    schema: { more: 'bool', grants: grantsSchema },
  },
  {
    value: { type: 'members', items: [{ identity: fill(1), peer: '12D3', addresses: ['/x'] }] },
    tag: 7,
    schema: {
      items: list({ struct: { identity: id, peer: 'string', addresses: list('string') } }),
    },
  },
  { value: { type: 'blobSize', size: 9n }, tag: 8, schema: { size: 'u64' } },
  {
    value: { type: 'chunk', more: false, bytes: new Uint8Array(0) },
    tag: 9,
    schema: { more: 'bool', bytes },
  },
  {
    value: {
      type: 'frontier',
      more: true,
      authors: [{ author: fill(1), height: 2n ** 64n - 1n, digest: fill(2, 16) }],
    },
    tag: 10,
    schema: {
      more: 'bool',
      authors: list({ struct: { author: id, height: 'u64', digest: fixed(16) } }),
    },
  },
  {
    value: { type: 'error', code: 8, retryAfterMs: 100 },
    tag: 255,
    schema: { code: 'u16', retryAfterMs: 'u32' },
  },
]

export const GOSSIP_SAMPLES: readonly Sample<GossipMessage>[] = [
  { value: { type: 'delta', envelope: fill(1, 100) }, tag: 0, schema: { envelope: bytes } },
  {
    value: {
      type: 'heads',
      party: fill(1),
      timeMs: 1_700_000_000_000n,
      ...frontier,
      signature: fill(6, 64),
    },
    tag: 1,
    schema: { party: id, timeMs: 'u64', ...frontierSchema, signature: fixed(64) },
  },
]
