/** Random envelopes, and the same layouts as the `borsh` package describes them: two descriptions by two hands. */
import type { Schema } from 'borsh'
import fc from 'fast-check'
import type { Envelope } from '../../../src/node/anchor/envelope.ts'
import type { EnvelopeOf } from '../../../src/node/anchor/envelope-layout.ts'
import {
  OPERATION_ORDINALS,
  type Domain,
  type InvitationTerms,
  type Operation,
  type Subject,
} from '../../../src/node/anchor/operations.ts'
import type { ApplicationRecord, Role } from '../../../src/node/anchor/anchor.ts'
import {
  ApplicationId,
  BlobId,
  ContextId,
  GroupId,
  PublicKey,
} from '../../../src/node/primitives/ids.ts'

export const bytes32: fc.Arbitrary<Uint8Array> = fc.uint8Array({ minLength: 32, maxLength: 32 })
const signature = fc.uint8Array({ minLength: 64, maxLength: 64 })
export const publicKey: fc.Arbitrary<PublicKey> = bytes32.map((bytes) => PublicKey.from(bytes))
export const u64: fc.Arbitrary<bigint> = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n })
const u8 = fc.integer({ min: 0, max: 255 })
const role: fc.Arbitrary<Role> = fc.constantFrom('writer', 'reader', 'relay')

export const domain: fc.Arbitrary<Domain> = fc.record({
  chain: u8,
  network: bytes32,
  contract: fc.uint8Array({ maxLength: 64 }),
})

const application: fc.Arbitrary<ApplicationRecord> = fc.record({
  id: bytes32.map((bytes) => ApplicationId.from(bytes)),
  blob: bytes32.map((bytes) => BlobId.from(bytes)),
  size: u64,
  source: fc.string({ unit: 'grapheme', maxLength: 40 }),
  metadata: fc.uint8Array({ maxLength: 40 }),
})

const options = fc.record({ approvers: fc.constantFrom('govern' as const, 'members' as const) })
const ids = fc.array(publicKey, { maxLength: 20 })
const changes = fc.array(fc.record({ identity: publicKey, capabilities: u8 }), { maxLength: 20 })

export const terms: fc.Arbitrary<InvitationTerms> = fc.record({
  domain,
  group: bytes32.map((bytes) => GroupId.from(bytes)),
  inviter: publicKey,
  claimKey: publicKey,
  role,
  capabilities: u8,
  notAfter: u64,
  maxUses: fc.integer({ min: 0, max: 0xffffffff }),
  inviteNonce: u64,
  membership: u64,
  series: fc.integer({ min: 0, max: 0xffff }),
})

function of<K extends Operation['kind']>(kind: K): fc.Arbitrary<K> {
  return fc.constant(kind)
}

const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({
    kind: of('createContext'),
    salt: bytes32,
    application,
    options,
    group: fc.option(
      bytes32.map((bytes) => GroupId.from(bytes)),
      { nil: undefined },
    ),
  }),
  fc.record({ kind: of('updateApplication'), application }),
  fc.record({ kind: of('addMembers'), ids, role }),
  fc.record({ kind: of('removeMembers'), ids, mayReturn: fc.boolean() }),
  fc.record({ kind: of('grant'), changes }),
  fc.record({ kind: of('revoke'), changes }),
  fc.record({ kind: of('leave') }),
  fc.record({
    kind: of('claimInvitation'),
    terms,
    inviterSignature: signature,
    claimSignature: signature,
  }),
  fc.record({
    kind: of('revokeInvitation'),
    terms,
    inviterSignature: signature,
  }),
  fc.record({ kind: of('bumpNonce'), to: u64 }),
  fc.record({ kind: of('seal') }),
  fc.record({ kind: of('setOptions'), options }),
  fc.record({ kind: of('setRole'), ids, role }),
  fc.record({ kind: of('voidInvitations') }),
  fc.record({ kind: of('migrateTo'), contract: fc.uint8Array({ maxLength: 64 }) }),
)

/** Any head, about any subject, with one of these operations. */
export function envelopeOf<S, O>(
  subject: { from(bytes: Uint8Array): S },
  operations: fc.Arbitrary<O>,
): fc.Arbitrary<EnvelopeOf<S, O>> {
  return fc.record({
    domain,
    subject: bytes32.map((bytes) => subject.from(bytes)),
    signer: publicKey,
    nonce: u64,
    validUntil: u64,
    ifMembersRevision: fc.option(u64, { nil: undefined }),
    ifApplicationRevision: fc.option(u64, { nil: undefined }),
    operation: operations,
  })
}

export const envelope: fc.Arbitrary<Envelope> = envelopeOf<Subject, Operation>(ContextId, operation)

// ---- the same bytes by borsh ----

export const B32: Schema = { array: { type: 'u8', len: 32 } }
const B64: Schema = { array: { type: 'u8', len: 64 } }
const BYTES: Schema = { array: { type: 'u8' } }
const DOMAIN: Schema = { struct: { chain: 'u8', network: B32, contract: BYTES } }
const APPLICATION: Schema = {
  struct: { id: B32, blob: B32, size: 'u64', source: 'string', metadata: BYTES },
}
const OPTIONS: Schema = { struct: { approvers: 'u8' } }
const CHANGES: Schema = {
  array: { type: { struct: { identity: B32, capabilities: 'u8' } } },
}
const IDS: Schema = { array: { type: B32 } }
const TERMS: Schema = {
  struct: {
    domain: DOMAIN,
    group: B32,
    inviter: B32,
    claimKey: B32,
    role: 'u8',
    capabilities: 'u8',
    notAfter: 'u64',
    maxUses: 'u32',
    inviteNonce: 'u64',
    membership: 'u64',
    series: 'u16',
  },
}

/** Fields of an operation behind its ordinal. */
export type Fields = { readonly [field: string]: Schema }
const OPERATIONS: Readonly<Record<Operation['kind'], Fields>> = {
  createContext: {
    salt: B32,
    application: APPLICATION,
    options: OPTIONS,
    group: { option: B32 },
  },
  updateApplication: { application: APPLICATION },
  addMembers: { ids: IDS, role: 'u8' },
  removeMembers: { ids: IDS, mayReturn: 'bool' },
  grant: { changes: CHANGES },
  revoke: { changes: CHANGES },
  leave: {},
  claimInvitation: { terms: TERMS, inviterSignature: B64, claimSignature: B64 },
  revokeInvitation: { terms: TERMS, inviterSignature: B64 },
  bumpNonce: { to: 'u64' },
  seal: {},
  setOptions: { options: OPTIONS },
  setRole: { ids: IDS, role: 'u8' },
  voidInvitations: {},
  migrateTo: { contract: BYTES },
}

const ROLE_ORDINALS = { writer: 0, reader: 1, relay: 2 }
const APPROVER_ORDINALS = { govern: 0, members: 1 }

/** Names as their ordinals, absent as null, arrays of bytes as arrays. */
function plain(value: unknown, key: string = ''): unknown {
  if (value === undefined) return null
  if (value instanceof Uint8Array) return [...value]
  if (Array.isArray(value)) return value.map((item) => plain(item))
  if (key === 'role') return ROLE_ORDINALS[value as Role]
  if (key === 'approvers') return APPROVER_ORDINALS[value as keyof typeof APPROVER_ORDINALS]
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, plain(item, name)]))
}

/** An envelope as `borsh` takes it: the ordinal stands before the operation's own fields. */
export function borshEnvelope(value: Envelope): { schema: Schema; value: unknown } {
  const { kind } = value.operation
  return borshRequest(value, OPERATION_ORDINALS[kind], OPERATIONS[kind])
}

/** An envelope of any contract, given the ordinal and the fields of its operation. */
export function borshRequest(
  value: EnvelopeOf<unknown, { readonly kind: string }>,
  ordinal: number,
  operation: Fields,
): { schema: Schema; value: unknown } {
  const { kind: _kind, ...fields } = value.operation
  const schema: Schema = {
    struct: {
      version: 'u8',
      domain: DOMAIN,
      subject: B32,
      signer: B32,
      nonce: 'u64',
      validUntil: 'u64',
      ifMembersRevision: { option: 'u64' },
      ifApplicationRevision: { option: 'u64' },
      ordinal: 'u8',
      operation: { struct: operation },
    },
  }
  const { operation: _, ...rest } = value
  const head = plain(rest) as object // an object stays one
  return { schema, value: { version: 1, ...head, ordinal, operation: plain(fields) } }
}

/** Terms as `borsh` takes them. */
export function borshTerms(value: InvitationTerms): { schema: Schema; value: unknown } {
  return { schema: TERMS, value: plain(value) }
}
