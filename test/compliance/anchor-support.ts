/** What the anchor suite and the tests of its room are made from: people, applications, a clock that can be set, signed bytes. */
import type { Anchor, ApplicationRecord, Signer } from '../../src/node/anchor/anchor.ts'
import { deriveContextId, envelopeCodec, type Envelope } from '../../src/node/anchor/envelope.ts'
import {
  DEFAULT_GROUP_OPTIONS,
  type Domain,
  type Operation,
  type Subject,
} from '../../src/node/anchor/operations.ts'
import type { SignatureScheme, SignedEnvelope } from '../../src/node/anchor/service.ts'
import { ED25519_SCHEME } from '../../src/node/anchor/ticket.ts'
import { generateSigningKey } from '../../src/node/crypto/sign.ts'
import { isMerogateError } from '../../src/node/errors.ts'
import { sha256 } from '../../src/node/primitives/hash.ts'
import { utf8 } from '../../src/node/primitives/bytes.ts'
import { systemClock, type Clock } from '../../src/node/primitives/clock.ts'
import { ApplicationId, BlobId, type ContextId, GroupId } from '../../src/node/primitives/ids.ts'

/** A person of the tests; the same name is the same key. */
export function person(name: string): Signer {
  return generateSigningKey(sha256(utf8(`test person ${name}`)))
}

/** An application record that differs by `n`. */
export function application(n: number = 1): ApplicationRecord {
  return {
    id: ApplicationId.from(new Uint8Array(32).fill(n)),
    blob: BlobId.from(new Uint8Array(32).fill(n + 1)),
    size: 1234n,
    source: 'https://example.org/app.wasm',
    metadata: Uint8Array.of(1, 2, 3),
  }
}

/** 32 bytes that differ by `n`. */
export function salt(n: number = 1): Uint8Array {
  return sha256(utf8(`salt ${n}`))
}

/** The operation that creates a context. */
export function creation(
  n: number = 1,
  group?: GroupId,
): Extract<Operation, { kind: 'createContext' }> {
  const base = { salt: salt(n), application: application(), options: DEFAULT_GROUP_OPTIONS }
  return { kind: 'createContext', ...base, ...(group === undefined ? {} : { group }) }
}

/** Id of the context that {@link creation} makes. */
export function contextOf(author: Signer, n: number = 1): ContextId {
  return deriveContextId(author.publicKey, salt(n))
}

/** The context's own group. */
export function ownGroup(context: ContextId): GroupId {
  return GroupId.from(context)
}

/** The machine's clock, moved on at will; timers are the machine's. */
export interface ShiftedClock extends Clock {
  advance(seconds: number): void
  /** Stands still at a second, Unix time, until it is moved on. */
  at(second: bigint): void
}

export function shiftedClock(): ShiftedClock {
  let shiftMs = 0
  let stillMs: number | undefined
  const nowMs = (): number => stillMs ?? systemClock.nowMs() + shiftMs
  return {
    ...systemClock,
    nowMs,
    nowNs: () =>
      stillMs === undefined
        ? systemClock.nowNs() + BigInt(shiftMs) * 1_000_000n
        : BigInt(stillMs) * 1_000_000n,
    monotonicMs: () => systemClock.monotonicMs() + shiftMs,
    advance: (seconds) => {
      const toMs = nowMs() + seconds * 1000
      stillMs = undefined
      shiftMs = toMs - systemClock.nowMs()
    },
    at: (second) => {
      stillMs = Number(second) * 1000
      shiftMs = stillMs - systemClock.nowMs()
    },
  }
}

/** Unix seconds of a clock. */
export function secondsOf(clock: Clock): bigint {
  return BigInt(Math.floor(clock.nowMs() / 1000))
}

export interface EnvelopeFields extends Partial<Omit<Envelope, 'operation' | 'signer'>> {
  readonly domain: Domain
  readonly subject: Subject
  readonly nonce: bigint
  readonly validUntil: bigint
}

/** A signed envelope. `signWith` signs in the signer's place. */
export async function sign(
  signer: Signer,
  operation: Operation,
  fields: EnvelopeFields,
  signWith: Signer = signer,
  scheme: SignatureScheme = ED25519_SCHEME,
): Promise<SignedEnvelope> {
  const envelope = envelopeCodec.encode({ ...fields, signer: signer.publicKey, operation })
  return scheme.signEnvelope(envelope, signWith)
}

/** The name of the refusal that a promise ends in; fails when it does not. */
export async function refusalOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise
  } catch (error) {
    if (!isMerogateError(error, 'ANCHOR_REJECTED')) throw error
    const { error: reason } = error.details
    return typeof reason === 'object' && reason !== null && 'name' in reason ? reason.name : reason
  }
  return 'accepted'
}

/** The code of the error that a promise ends in. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise
  } catch (error) {
    if (!isMerogateError(error)) throw error
    return error.code
  }
  return 'no error'
}

/** The value that a read found. */
export function valueOf<T>(read: { readonly value: T } | undefined): T {
  if (read === undefined) throw new RangeError('expected a value, got none')
  return read.value
}

/** Names of the members of a group, in no order. */
export async function memberKeys(anchor: Anchor, group: GroupId): Promise<string[]> {
  const { members } = valueOf(await anchor.readMembers(group))
  return members.map(({ identity }) => Buffer.from(identity).toString('hex')).sort()
}

/** What {@link memberKeys} answers for these people. */
export function keysOf(...people: readonly Signer[]): string[] {
  return people.map(({ publicKey }) => Buffer.from(publicKey).toString('hex')).sort()
}
