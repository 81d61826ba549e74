/** What the contracts announce, from the bytes that their rings keep: names of fields with their values, in the order of `contracts/interface.json`. */
import * as P from 'micro-packed'
import { ROLES, type Role } from '../../../node/anchor/anchor.ts'
import { applicationCodec } from '../../../node/anchor/envelope.ts'
import { badAnswer } from '../../../node/anchor/errors.ts'
import type { AnchorEvent, AnnouncedTerms, EventBody } from '../../../node/anchor/events.ts'
import { APPROVERS, type GroupOptions } from '../../../node/anchor/operations.ts'
import { releaseCodec } from '../../../node/anchor/packages/envelope.ts'
import type { PackageEvent, PackageEventBody } from '../../../node/anchor/packages/events.ts'
import { bytes, bytes32, string, vec } from '../../../node/codec/codec.ts'
import { equalBytes } from '../../../node/primitives/bytes.ts'
import { ContextId, GroupId, PackageId, PublicKey } from '../../../node/primitives/ids.ts'

/** What every event says, and its own fields. */
export interface ToldEvent {
  readonly name: string
  readonly subject: Uint8Array
  readonly signer: Uint8Array
  readonly nonce: bigint
  readonly revision: bigint
  readonly fields: Uint8Array
}

const headLayout: P.CoderType<ToldEvent> = P.struct({
  ...{ name: string, subject: bytes32, signer: bytes32 },
  ...{ nonce: P.U64LE, revision: P.U64LE, fields: bytes },
})

const id = (raw: Uint8Array): Uint8Array => new Uint8Array(raw)
const key = (raw: Uint8Array): PublicKey => PublicKey.from(id(raw))
const roleOf = (role: number): Role => ROLES[role] ?? 'relay' // an unknown role may do least

/** A layout of fields, each behind its name. */
function named<T extends object>(fields: {
  readonly [K in keyof T]: P.CoderType<T[K]>
}): P.CoderType<T> {
  // in the order in which they are written here
  const layouts = Object.entries(fields) as readonly (readonly [string, P.CoderType<unknown>])[]
  return P.wrap<T>({
    encodeStream: (w, values) => {
      for (const [name, layout] of layouts) {
        string.encodeStream(w, name)
        layout.encodeStream(w, values[name as keyof T]) // one of its fields
      }
    },
    decodeStream: (r) => {
      const values = layouts.map(([name, layout]) => {
        if (string.decodeStream(r) !== name) throw r.err(`expected ${name}`)
        return [name, layout.decodeStream(r)]
      })
      return Object.fromEntries(values) as T // each by its layout
    },
  })
}

const terms = named({
  ...{ invitation: bytes32, inviter: bytes32, role: P.U8, capabilities: P.U8 },
  ...{ notAfter: P.U64LE, maxUses: P.U32LE, inviteNonce: P.U64LE },
  ...{ membership: P.U64LE, series: P.U16LE },
})
const listed = named({ role: P.U8, ids: vec(bytes32) })
const nothing = named({})

const LAYOUTS = {
  ContextCreated: named({ group: bytes32, application: bytes, approvers: P.U8 }),
  ApplicationUpdated: named({ application: bytes }),
  MembersAdded: listed,
  MembersRemoved: named({ barred: P.bool, until: P.U64LE, ids: vec(bytes32) }),
  CapabilitiesChanged: named({ ids: vec(bytes32), capabilities: bytes }),
  RolesChanged: listed,
  InvitationClaimed: terms,
  InvitationRevoked: terms,
  InvitationsVoided: named({ series: P.U16LE }),
  NonceBumped: named({ to: P.U64LE }),
  ContextSealed: nothing,
  OptionsChanged: named({ approvers: P.U8 }),
  MigrationPlanned: named({ successor: bytes, movesAt: P.U64LE }),
  GroupAdopted: nothing,
  ContextAdopted: nothing,
  PackagePublished: named({ name: string, description: string, repository: string }),
  ReleasePublished: named({ version: string, release: bytes }),
  ReleaseYanked: named({ version: string, reason: string }),
  OwnershipOffered: named({ owner: bytes32 }),
  OwnerChanged: named({ owner: bytes32, isOwner: P.bool }),
} as const

/** The subject of an event. @throws ANCHOR_BAD_ANSWER (protocol) */
export function subjectOf(where: string, event: Uint8Array): Uint8Array {
  return id(decodeHead(where, event).subject)
}

/** An event of the contract of contexts. @throws ANCHOR_BAD_ANSWER (protocol) */
export function decodeEvent(where: string, event: Uint8Array): AnchorEvent {
  return eventOf(where, decodeHead(where, event))
}

/** The same where the chain tells its parts. @throws ANCHOR_BAD_ANSWER (protocol) */
export function eventOf(where: string, told: ToldEvent): AnchorEvent {
  const body = decoded(where, () => bodyOf(told))
  const subject = ContextId.from(id(told.subject))
  return { ...body, ...{ subject, signer: key(told.signer) }, ...numbersOf(told) }
}

/** An event of the package registry. @throws ANCHOR_BAD_ANSWER (protocol) */
export function decodePackageEvent(where: string, event: Uint8Array): PackageEvent {
  return packageEventOf(where, decodeHead(where, event))
}

/** The same where the chain tells its parts. @throws ANCHOR_BAD_ANSWER (protocol) */
export function packageEventOf(where: string, told: ToldEvent): PackageEvent {
  const body = decoded(where, () => packageBodyOf(told))
  const subject = PackageId.from(id(told.subject))
  return { ...body, ...{ subject, signer: key(told.signer) }, ...numbersOf(told) }
}

function decodeHead(where: string, event: Uint8Array): ToldEvent {
  return decoded(where, () => headLayout.decode(event))
}

function decoded<T>(where: string, decode: () => T): T {
  try {
    return decode()
  } catch {
    throw badAnswer(where, 'an event of another shape')
  }
}

function numbersOf({ nonce, revision }: ToldEvent): { nonce: bigint; revision: bigint } {
  return { nonce, revision }
}

function optionsOf(approvers: number): GroupOptions {
  return { approvers: APPROVERS[approvers] ?? 'govern' }
}

function bodyOf({ name, subject, fields }: ToldEvent): EventBody {
  switch (name) {
    case 'ContextCreated': {
      const { group, application, approvers } = LAYOUTS[name].decode(fields)
      return {
        ...{ name, context: ContextId.from(id(subject)), group: GroupId.from(id(group)) },
        application: applicationCodec.decode(id(application)),
        // a group of its own is made with it, and has its id
        ...(equalBytes(group, subject) ? { options: optionsOf(approvers) } : {}),
      }
    }
    case 'ApplicationUpdated': {
      const { application } = LAYOUTS[name].decode(fields)
      return { name, application: applicationCodec.decode(id(application)) }
    }
    case 'MembersAdded':
    case 'RolesChanged': {
      const { role, ids } = LAYOUTS[name].decode(fields)
      return { name, ids: ids.map(key), role: roleOf(role) }
    }
    case 'MembersRemoved': {
      const { barred, until, ids } = LAYOUTS[name].decode(fields)
      return { name, ids: ids.map(key), barred, until }
    }
    case 'CapabilitiesChanged': {
      const { ids, capabilities } = LAYOUTS[name].decode(fields)
      const bitsOf = (index: number): number => capabilities[index] ?? 0
      const changes = ids.map((identity, index) => ({
        ...{ identity: key(identity), capabilities: bitsOf(index) },
      }))
      return { name, changes }
    }
    case 'InvitationClaimed':
    case 'InvitationRevoked': {
      const { invitation, inviter, role, ...numbers } = LAYOUTS[name].decode(fields)
      const announced: AnnouncedTerms = { inviter: key(inviter), role: roleOf(role), ...numbers }
      return { name, invitation: id(invitation), terms: announced }
    }
    case 'InvitationsVoided':
      return { name, series: LAYOUTS[name].decode(fields).series }
    case 'NonceBumped':
      return { name, to: LAYOUTS[name].decode(fields).to }
    case 'ContextSealed':
    case 'GroupAdopted':
    case 'ContextAdopted':
      return { name }
    case 'OptionsChanged':
      return { name, options: optionsOf(LAYOUTS[name].decode(fields).approvers) }
    case 'MigrationPlanned': {
      const { successor, movesAt } = LAYOUTS[name].decode(fields)
      const migration = movesAt === 0n ? undefined : { successor: id(successor), movesAt }
      return { name, migration }
    }
    default:
      throw new RangeError(`expected an event, got ${name}`)
  }
}

function packageBodyOf({ name, fields }: ToldEvent): PackageEventBody {
  switch (name) {
    case 'PackagePublished': {
      const { name: named, ...texts } = LAYOUTS[name].decode(fields)
      return { name, package: named, ...texts }
    }
    case 'ReleasePublished':
      return { name, release: releaseCodec.decode(id(LAYOUTS[name].decode(fields).release)) }
    case 'ReleaseYanked':
      return { name, ...LAYOUTS[name].decode(fields) }
    case 'OwnershipOffered':
      return { name, owner: key(LAYOUTS[name].decode(fields).owner) }
    case 'OwnerChanged': {
      const { owner, isOwner } = LAYOUTS[name].decode(fields)
      return { name, owner: key(owner), isOwner }
    }
    default:
      throw new RangeError(`expected an event of packages, got ${name}`)
  }
}
