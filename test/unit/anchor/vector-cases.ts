/** One envelope of each operation, made of fixed values; their bytes are in test/vectors/{anchor,package}-envelopes.json. */
import type { Envelope } from '../../../src/node/anchor/envelope.ts'
import type { EnvelopeOf } from '../../../src/node/anchor/envelope-layout.ts'
import type { PackageEnvelope } from '../../../src/node/anchor/packages/envelope.ts'
import type { PackageOperation } from '../../../src/node/anchor/packages/operations.ts'
import type { InvitationTerms, Operation } from '../../../src/node/anchor/operations.ts'
import { sha256 } from '../../../src/node/primitives/hash.ts'
import { utf8 } from '../../../src/node/primitives/bytes.ts'
import { ContextId, GroupId, PackageId, type PublicKey } from '../../../src/node/primitives/ids.ts'
import { application, creation, person } from '../../compliance/anchor-support.ts'
import { creationOf, NAME, publishing, yanking } from '../../compliance/package-support.ts'

const [a, b, c] = ['A', 'B', 'C'].map((name) => person(name).publicKey) as [
  PublicKey,
  PublicKey,
  PublicKey,
] // three names, three keys

const domain = { chain: 0, network: sha256(utf8('test network')), contract: utf8('local') }
const group = GroupId.from(sha256(utf8('test group')))
const bytes64 = Uint8Array.from({ length: 64 }, (_, index) => index)

const terms: InvitationTerms = {
  domain,
  group,
  inviter: a,
  claimKey: b,
  role: 'relay',
  capabilities: 0,
  notAfter: 1_900_000_000n,
  maxUses: 5,
  inviteNonce: 0x0102030405060708n,
  membership: 0x1112131415161718n,
  series: 0x2122,
}

const operations: readonly Operation[] = [
  creation(1),
  creation(2, group),
  { kind: 'updateApplication', application: { ...application(7), source: 'file:///öäü' } },
  { kind: 'addMembers', ids: [b, c], role: 'reader' },
  { kind: 'removeMembers', ids: [b], mayReturn: true },
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
    terms,
    inviterSignature: bytes64,
    claimSignature: Uint8Array.from(bytes64).reverse(),
  },
  {
    kind: 'revokeInvitation',
    terms: { ...terms, maxUses: 0xffff_ffff, series: 0 },
    inviterSignature: bytes64,
  },
  { kind: 'bumpNonce', to: 1n << 40n },
  { kind: 'seal' },
  { kind: 'setOptions', options: { approvers: 'members' } },
  { kind: 'setRole', ids: [c], role: 'relay' },
  { kind: 'voidInvitations' },
  { kind: 'migrateTo', contract: utf8('successor') },
  { kind: 'migrateTo', contract: new Uint8Array(0) },
]

const packageOperations: readonly PackageOperation[] = [
  creationOf(NAME, { description: 'öäü', repository: 'https://example.org/chat' }),
  publishing('1.0.0-rc.1'),
  publishing('4294967295.0.0', { sources: [], size: (1n << 64n) - 1n, minRuntime: '' }),
  yanking('1.0.0-rc.1', 'does not start'),
  { kind: 'addOwner', owner: b },
  { kind: 'removeOwner', owner: c },
  { kind: 'acceptOwnership' },
]

const SUBJECT = sha256(utf8('test subject'))

/** A head that differs by the position of its operation. */
function withHead<S, O>(subject: S, list: readonly O[]): readonly EnvelopeOf<S, O>[] {
  return list.map((operation, index) => ({
    domain,
    subject,
    signer: a,
    nonce: (2n << 32n) + BigInt(index),
    validUntil: 1_800_000_000n,
    ifMembersRevision: index % 2 === 0 ? undefined : 4n,
    ifApplicationRevision: index % 3 === 0 ? 5n : undefined,
    operation,
  }))
}

/** Signed by {@link person} A. */
export const VECTOR_ENVELOPES: readonly Envelope[] = withHead(ContextId.from(SUBJECT), operations)
/** The same of the package registry. */
export const PACKAGE_VECTOR_ENVELOPES: readonly PackageEnvelope[] = withHead(
  PackageId.from(SUBJECT),
  packageOperations,
)
