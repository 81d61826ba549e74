/** Requests of every kind that are right, and ways to damage their bytes. */
import fc from 'fast-check'
import type { Signer } from '../../../src/node/anchor/anchor.ts'
import { type Envelope, envelopeCodec } from '../../../src/node/anchor/envelope.ts'
import type { Operation } from '../../../src/node/anchor/operations.ts'
import {
  application,
  contextOf,
  creation,
  ownGroup,
  person,
} from '../../compliance/anchor-support.ts'
import type { Pair, Verdict } from './pair.ts'
import { A, B, FIRST } from './steps.ts'

/** A request of every kind that both would take, small and large, on a group that exists. */
export async function eachOperation(pair: Pair): Promise<(readonly [Uint8Array, Signer])[]> {
  const group = ownGroup(FIRST)
  const submit = (operation: Operation, nonce: bigint): Promise<Verdict> =>
    pair.submit(
      { subject: FIRST, signer: A.publicKey, nonce, validUntil: pair.now + 60n, operation },
      { door: 'ed25519', signWith: A },
    )
  await submit(creation(), 0n)
  const add: Operation = { kind: 'addMembers', ids: [B.publicKey], role: 'writer' }
  await submit(add, 1n << 32n)
  const crowd = Array.from({ length: 16 }, (_, at) => person(`crowd ${at}`).publicKey)
  const [one = A.publicKey] = crowd
  const texts = [
    '',
    'a'.repeat(31),
    'a'.repeat(32),
    'é'.repeat(40),
    '€uro',
    '𝄞'.repeat(9),
    `${'x'.repeat(30)}é`,
    'a'.repeat(512),
  ]
  const sized = texts.map((source): Operation => ({
    ...{
      kind: 'updateApplication',
      application: { ...application(9), source, metadata: new Uint8Array(source.length) },
    },
  }))
  const notAfter = pair.now + 1000n
  const terms = pair.termsOf({ group, inviter: A.publicKey, notAfter })
  const changes = [{ identity: B.publicKey, capabilities: 3 }]
  const operations: Operation[] = [
    ...[add, { ...add, ids: crowd }, { ...add, ids: [one, ...crowd] }, { ...add, ids: [] }],
    { kind: 'removeMembers', ids: [B.publicKey, ...crowd.slice(2)], mayReturn: false },
    ...[
      { kind: 'grant' as const, changes },
      { kind: 'revoke' as const, changes },
    ],
    { kind: 'grant', changes: [...changes, ...changes] },
    ...sized,
    { kind: 'setRole', ids: [B.publicKey], role: 'reader' },
    ...[{ kind: 'leave' as const }, { kind: 'seal' as const }],
    await pair.revocation({ ...terms, inviteNonce: 1n }, A, 'ed25519'),
    { kind: 'voidInvitations' },
    { kind: 'migrateTo', contract: new Uint8Array(20).fill(7) },
    { kind: 'migrateTo', contract: new Uint8Array(64).fill(7) },
    { kind: 'bumpNonce', to: (2n << 32n) + 9n },
    { kind: 'setOptions', options: { approvers: 'members' } },
    creation(2, group),
    creation(2),
    await pair.claim(terms, person('X').publicKey, A, 'ed25519'),
  ]
  const nonce = pair.member(group, A.publicKey)?.nonce ?? 0n
  const revisions = [
    {},
    { ifMembersRevision: 2n },
    { ifMembersRevision: 2n, ifApplicationRevision: 1n },
  ]
  return operations.flatMap((operation) =>
    revisions.map((seen): readonly [Uint8Array, Signer] => {
      const isNew =
        operation.kind === 'claimInvitation' ||
        (operation.kind === 'createContext' && operation.group === undefined)
      const signer = operation.kind === 'claimInvitation' ? person('X') : A
      const request: Envelope = {
        ...{
          domain: pair.domain(),
          signer: signer.publicKey,
          operation,
          validUntil: pair.now + 60n,
        },
        ...{
          subject: operation.kind === 'createContext' ? contextOf(A, 2) : FIRST,
          nonce: isNew ? 0n : nonce,
        },
        ...seen,
      }
      return [envelopeCodec.encode(request), signer]
    }),
  )
}

interface Damage {
  readonly how: 'flip' | 'set' | 'cut' | 'insert' | 'remove' | 'append'
  readonly place: number
  readonly byte: number
}

/** How bytes are damaged, at a place in ten-thousandths of their length. */
export const damage: fc.Arbitrary<Damage> = fc.record({
  how: fc.constantFrom(
    ...Array<'flip'>(8).fill('flip'),
    ...Array<'set'>(4).fill('set'),
    'cut',
    'insert',
    'remove',
    'append',
  ),
  place: fc.nat({ max: 9999 }),
  byte: fc.oneof(
    fc.constantFrom(0, 1, 2, 16, 17, 0x80, 0xc0, 0xed, 0xf4, 0xff),
    fc.nat({ max: 255 }),
  ),
})

/** Bytes with a damage done to them. */
export function spoil(bytes: Uint8Array, { how, place, byte }: Damage): Uint8Array {
  const at = Math.floor((place / 10_000) * bytes.length)
  if (how === 'cut') return bytes.slice(0, at)
  if (how === 'append') return Uint8Array.of(...bytes, byte)
  if (how === 'insert') return Uint8Array.of(...bytes.subarray(0, at), byte, ...bytes.subarray(at))
  if (how === 'remove') return Uint8Array.of(...bytes.subarray(0, at), ...bytes.subarray(at + 1))
  return bytes.map((old, position) =>
    position !== at ? old : how === 'set' ? byte : old ^ (byte === 0 ? 1 : byte),
  )
}
