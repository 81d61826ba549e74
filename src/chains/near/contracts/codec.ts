/** Between what the contracts' views answer and the values of the anchor room. */
import {
  ROLES,
  type ContextRecord,
  type GroupRecord,
  type MemberRecord,
} from '../../../node/anchor/anchor.ts'
import { applicationCodec } from '../../../node/anchor/envelope.ts'
import {
  refusal,
  type Refusal,
  refusalNumbered,
  type RefusalName,
} from '../../../node/anchor/errors.ts'
import { releaseCodec } from '../../../node/anchor/packages/envelope.ts'
import type {
  LatestReleases,
  PackageRecord,
  ReleasePage,
  ReleaseRecord,
} from '../../../node/anchor/packages/registry.ts'
import type { MemberPage, SignedEnvelope, Standing } from '../../../node/anchor/service.ts'
import { type ContextId, GroupId, type PackageId, PublicKey } from '../../../node/primitives/ids.ts'
import {
  type Answers,
  applicationLayout,
  args,
  type Published,
  releaseLayout,
  type StoredMember,
} from './layouts.ts'

/** Bytes that may be kept: what is decoded is a view of the whole. */
function copy(view: Uint8Array): Uint8Array {
  return new Uint8Array(view)
}

/** Arguments of `apply` and `check`. */
export function signedArgs({ envelope, signature }: SignedEnvelope): Uint8Array {
  return args.signed.encode({ envelope, signature })
}

/** The envelope in the arguments of `apply`; undefined for any other bytes. */
export function envelopeIn(given: Uint8Array): Uint8Array | undefined {
  try {
    return copy(args.signed.decode(given).envelope)
  } catch {
    return undefined // anybody may send the contract such a transaction, and name it to us
  }
}

const PANIC = /\bE(\d{1,3}):([A-Za-z]{1,64})(?::(\d{1,20}))?/

/** The contract's refusal in what it panicked with; undefined for any other words. */
export function refusalIn(words: string): Refusal | undefined {
  const [, number, name, expected] = PANIC.exec(words) ?? []
  const found = number === undefined ? undefined : refusalNumbered(Number(number))
  if (found === undefined || found.name !== name) return undefined
  return expected === undefined ? found : refusal(found.name, BigInt(expected))
}

/** The refusal of `check`; undefined for none. @throws RangeError for a number that nobody knows */
export function refusalOf({ number, expected }: Answers['check']): Refusal | undefined {
  if (number === 0) return undefined
  const found = refusalNumbered(number)
  if (found === undefined) throw new RangeError(`expected a refusal, got ${number}`)
  return expected === undefined ? found : refusal(found.name, expected)
}

/** What a view answers in place of a value where it does not know the subject. */
export class Unknown {
  readonly refusal: Refusal

  constructor(name: RefusalName) {
    this.refusal = refusal(name)
  }
}

/** `context(id)`. */
export function toContext(id: ContextId, found: Answers['context']): ContextRecord | Unknown {
  if (found === undefined) return new Unknown('ContextNotFound')
  const { group, application, applicationRevision } = found
  return {
    id,
    group: GroupId.from(copy(group)),
    application: applicationCodec.decode(applicationLayout.encode(application)),
    applicationRevision,
  }
}

/** `group(id)`. */
export function toGroup(id: GroupId, found: Answers['group']): GroupRecord | Unknown {
  if (found === undefined) return new Unknown('ContextNotFound')
  const { membersRevision, capabilitiesRevision, count, sealed, migration } = found
  return {
    ...{ id, membersRevision, capabilitiesRevision, memberCount: count, sealed },
    migration:
      migration === undefined
        ? undefined
        : { successor: copy(migration.successor), movesAt: migration.movesAt },
  }
}

/** `member(group, identity)`; undefined when it is none. */
export function toMember(
  identity: PublicKey,
  { isKnown, member }: Answers['member'],
): MemberRecord | undefined | Unknown {
  if (!isKnown) return new Unknown('ContextNotFound')
  return member && recordOf(identity, member)
}

/** `standing(group, identity)`. */
export function toStanding({ isKnown, ...standing }: Answers['standing']): Standing | Unknown {
  return isKnown ? standing : new Unknown('ContextNotFound')
}

/** `members(group, offset, length)`. */
export function toPage(found: Answers['members']): MemberPage | Unknown {
  if (found === undefined) return new Unknown('ContextNotFound')
  const { revision, total, items } = found
  return {
    ...{ revision, total },
    items: items.map(({ identity, member }) => recordOf(PublicKey.from(copy(identity)), member)),
  }
}

function recordOf(identity: PublicKey, member: StoredMember): MemberRecord {
  const { role, capabilities, nonce, joinedRevision } = member
  // an unknown role may do least
  return { identity, role: ROLES[role] ?? 'relay', capabilities, nonce, joinedRevision }
}

/** A release and what became of it. */
export function toRelease({ slot, release, publisher, yankReason }: Published): ReleaseRecord {
  return {
    ...releaseCodec.decode(releaseLayout.encode(release)),
    publisher: PublicKey.from(copy(publisher)),
    slot,
    yanked: yankReason !== undefined,
    yankReason: yankReason ?? '',
  }
}

/** `package(id)` and `latest(id)` of one block. */
export function toPackage(
  id: PackageId,
  found: NonNullable<Answers['package']>,
  { stable, preRelease }: LatestReleases,
): PackageRecord {
  const keysOf = (list: readonly Uint8Array[]): readonly PublicKey[] =>
    list.map((key) => PublicKey.from(copy(key)))
  const { name, description, repository, revision, releases } = found
  return {
    ...{ id, name, description, repository, revision, releaseCount: releases },
    owners: keysOf(found.owners),
    offered: keysOf(found.offered),
    latestStable: stable?.version,
    latestPreRelease: preRelease?.version,
  }
}

/** `latest(id)`. */
export function toLatest({ stable, preRelease }: Answers['latest']): LatestReleases {
  return { stable: stable && toRelease(stable), preRelease: preRelease && toRelease(preRelease) }
}

/** `releases(id, offset, length)`. */
export function toReleasePage(found: Answers['releases']): ReleasePage | Unknown {
  if (found === undefined) return new Unknown('PackageNotFound')
  const { revision, total, items } = found
  return { revision, total, items: items.map(toRelease) }
}
