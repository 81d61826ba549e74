/** Between records of `contracts/core` and the values of the anchor room. */
import {
  ROLES,
  type ContextRecord,
  type GroupRecord,
  type MemberRecord,
} from '../../../node/anchor/anchor.ts'
import { applicationCodec, type Envelope, envelopeCodec } from '../../../node/anchor/envelope.ts'
import { refusal, type Refusal, type RefusalName } from '../../../node/anchor/errors.ts'
import {
  type PackageEnvelope,
  packageEnvelopeCodec,
  releaseCodec,
} from '../../../node/anchor/packages/envelope.ts'
import type {
  LatestReleases,
  PackageRecord,
  ReleaseRecord,
} from '../../../node/anchor/packages/registry.ts'
import { type ContextId, GroupId, type PackageId, PublicKey } from '../../../node/primitives/ids.ts'
import type { ContractName } from './artifacts.ts'
import {
  applicationLayout,
  releaseLayout,
  type StoredContext,
  type StoredGroup,
  type StoredMember,
  type StoredPackage,
  type StoredPublished,
} from './records.ts'

/** What a contract answers in place of a value where it does not know the subject. */
export class Unknown {
  readonly refusal: Refusal

  constructor(name: RefusalName) {
    this.refusal = refusal(name)
  }
}

/** What an envelope says. @throws CODEC_MALFORMED (protocol) */
export function decodeEnvelope(
  contract: ContractName,
  envelope: Uint8Array,
): Envelope | PackageEnvelope {
  return (contract === 'packages' ? packageEnvelopeCodec : envelopeCodec).decode(envelope)
}

/** Bytes that may be kept: what is decoded is a view of the whole. */
export function copy(view: Uint8Array): Uint8Array {
  return new Uint8Array(view)
}

export function toContext(
  id: ContextId,
  found: StoredContext | undefined,
): ContextRecord | Unknown {
  if (found === undefined) return new Unknown('ContextNotFound')
  const { group, application, applicationRevision } = found
  return {
    id,
    group: GroupId.from(copy(group)),
    application: applicationCodec.decode(applicationLayout.encode(application)),
    applicationRevision,
  }
}

export function toGroup(id: GroupId, found: StoredGroup | undefined): GroupRecord | Unknown {
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

export function toMember(identity: PublicKey, member: StoredMember): MemberRecord {
  const { role, capabilities, nonce, joinedRevision } = member
  // an unknown role may do least
  return { identity, role: ROLES[role] ?? 'relay', capabilities, nonce, joinedRevision }
}

/** A release and what became of it; `slot`: its place in the order of publication, from 0. */
export function toRelease(
  slot: number,
  { release, publisher, yankReason }: StoredPublished,
): ReleaseRecord {
  return {
    ...releaseCodec.decode(releaseLayout.encode(release)),
    publisher: PublicKey.from(copy(publisher)),
    slot,
    yanked: yankReason !== undefined,
    yankReason: yankReason ?? '',
  }
}

export function toPackage(
  id: PackageId,
  found: StoredPackage,
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
