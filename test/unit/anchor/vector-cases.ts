/** One envelope of each operation, made of fixed values; their bytes are in test/vectors/anchor-envelopes.json. */
import type { Envelope } from '../../../src/node/anchor/envelope.ts'
import type { Operation } from '../../../src/node/anchor/operations.ts'
import { sha256 } from '../../../src/node/primitives/hash.ts'
import { utf8 } from '../../../src/node/primitives/bytes.ts'
import { ContextId, GroupId, type PublicKey } from '../../../src/node/primitives/ids.ts'
import { application, creation, person } from '../../compliance/anchor-support.ts'

const [a, b, c] = ['A', 'B', 'C'].map((name) => person(name).publicKey) as [
  PublicKey,
  PublicKey,
  PublicKey,
] // three names, three keys

const domain = { chain: 0, network: sha256(utf8('test network')), contract: utf8('local') }
const group = GroupId.from(sha256(utf8('test group')))
const bytes64 = Uint8Array.from({ length: 64 }, (_, index) => index)

const operations: readonly Operation[] = [
  creation(1),
  creation(2, group),
  { kind: 'updateApplication', application: { ...application(7), source: 'file:///öäü' } },
  { kind: 'addMembers', ids: [b, c], role: 'reader' },
  { kind: 'removeMembers', ids: [b] },
  {
    kind: 'grant',
    changes: [
      { identity: b, capabilities: 3 },
      { identity: c, capabilities: 16 },
    ],
  },
  { kind: 'revoke', changes: [{ identity: b, capabilities: 2 }] },
  { kind: 'leave' },
  {
    kind: 'claimInvitation',
    terms: {
      domain,
      group,
      inviter: a,
      claimKey: b,
      role: 'relay',
      capabilities: 0,
      notAfter: 1_900_000_000n,
      maxUses: 5,
      inviteNonce: 0x0102030405060708n,
    },
    inviterSignature: bytes64,
    claimSignature: Uint8Array.from(bytes64).reverse(),
  },
  { kind: 'revokeInvitation', inviter: a, inviteNonce: 9n, notAfter: 1_900_000_000n },
  { kind: 'bumpNonce', to: 1n << 40n },
  { kind: 'seal' },
  { kind: 'setOptions', options: { approvers: 'members' } },
  { kind: 'setRole', ids: [c], role: 'relay' },
]

/** Signed by {@link person} A. */
export const VECTOR_ENVELOPES: readonly Envelope[] = operations.map((operation, index) => ({
  domain,
  subject: ContextId.from(sha256(utf8('test subject'))),
  signer: a,
  nonce: (2n << 32n) + BigInt(index),
  validUntil: 1_800_000_000n,
  ifMembersRevision: index % 2 === 0 ? undefined : 4n,
  ifApplicationRevision: index % 3 === 0 ? 5n : undefined,
  operation,
}))
