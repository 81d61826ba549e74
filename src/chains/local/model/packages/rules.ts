/** The rules of each operation on packages (docs/protocol.md, Packages). */
import { equalBytes } from '../../../../node/primitives/bytes.ts'
import type { PublicKey } from '../../../../node/primitives/ids.ts'
import { MAX_PACKAGE_OWNERS, MAX_RELEASES } from '../../../../node/anchor/limits.ts'
import { changed, NOTHING, refuse, type KeyRules, type RuleOutcome } from '../request.ts'
import type { PackageDraft } from './draft.ts'
import { derivePackageId, type PackageEnvelope } from '../../../../node/anchor/packages/envelope.ts'
import type { PackageEventBody } from '../../../../node/anchor/packages/events.ts'
import type {
  PackageOperation,
  PackageOperationKind,
} from '../../../../node/anchor/packages/operations.ts'

/** A request that passed every check up to its operation's own rules. */
export interface PackageRequest<K extends PackageOperationKind = PackageOperationKind> {
  readonly envelope: PackageEnvelope
  readonly operation: Extract<PackageOperation, { kind: K }>
  /** The package; one that is being created has no owner yet. */
  readonly draft: PackageDraft
  readonly keys: KeyRules
}

type Outcome = RuleOutcome<PackageEventBody>

/** Whether an identity may change a package. */
export function isOwner({ header }: PackageDraft, identity: PublicKey): boolean {
  return header.owners.some((owner) => equalBytes(owner, identity))
}

/** Whether an identity may become an owner by accepting. */
export function isOffered({ header }: PackageDraft, identity: PublicKey): boolean {
  return header.offered.some((offered) => equalBytes(offered, identity))
}

/** Counts a change with what it makes of the header. */
function change(
  draft: PackageDraft,
  changes: Parameters<PackageDraft['update']>[0],
  event: PackageEventBody,
): Outcome {
  const wrong = draft.update(changes)
  return wrong === undefined ? changed(event, draft.header.revision) : refuse(wrong)
}

/** A package that its creator owns. */
export function createPackage({
  envelope,
  operation,
  draft,
}: PackageRequest<'createPackage'>): Outcome {
  const { signer, subject } = envelope
  const { name, description, repository } = operation
  if (!equalBytes(derivePackageId(signer, name), subject)) return refuse('PackageIdMismatch')
  return change(
    draft,
    { owners: [signer] },
    { name: 'PackagePublished', package: name, description, repository },
  )
}

/** A release above all others of its line that are on offer. What was yanked closes nothing, and its number is never free again. */
export function publishRelease({
  envelope,
  operation,
  draft,
}: PackageRequest<'publishRelease'>): Outcome {
  const { release } = operation
  if (draft.header.available >= MAX_RELEASES) return refuse('LimitExceeded')
  if (!draft.isNext(release.version)) return refuse('VersionTooLow')
  const changes = draft.insert(release, envelope.signer)
  return change(draft, changes, { name: 'ReleasePublished', release })
}

/** A release is offered no more; it was yanked once and for all. */
export function yankRelease({ operation, draft }: PackageRequest<'yankRelease'>): Outcome {
  const { version, reason } = operation
  const found = draft.find(version)
  if (found === undefined) return refuse('ReleaseNotFound')
  if (found.state.yankReason !== undefined) return NOTHING
  const changes = draft.yank(found.number, found.state, reason)
  return change(draft, changes, { name: 'ReleaseYanked', version, reason })
}

/** An offer to become an owner; who is one, or has one, keeps what it has. */
export function addOwner({ operation, draft, keys }: PackageRequest<'addOwner'>): Outcome {
  const { owner } = operation
  if (!keys.isStrong(owner)) return refuse('WeakKey')
  if (isOwner(draft, owner) || isOffered(draft, owner)) return NOTHING
  const { owners, offered } = draft.header
  if (owners.length + offered.length >= MAX_PACKAGE_OWNERS) return refuse('LimitExceeded')
  return change(draft, { offered: [...offered, owner] }, { name: 'OwnershipOffered', owner })
}

/** The signer is an owner; the first offer takes the place of its own. */
export function acceptOwnership({ envelope, draft }: PackageRequest<'acceptOwnership'>): Outcome {
  const { signer: owner } = envelope
  const { owners, offered } = draft.header
  const [first = owner, ...others] = offered
  const remaining = others.map((other) => (equalBytes(other, owner) ? first : other))
  return change(
    draft,
    { owners: [...owners, owner], offered: remaining },
    { name: 'OwnerChanged', owner, isOwner: true },
  )
}

/**
 * One owner less, and with it all open offers, so that who is put out leaves no door open; or one offer less. Somebody must remain, and
 * offers do not count.
 */
export function removeOwner({ operation, draft }: PackageRequest<'removeOwner'>): Outcome {
  const { owner } = operation
  const { owners, offered } = draft.header
  const event: PackageEventBody = { name: 'OwnerChanged', owner, isOwner: false }
  if (isOffered(draft, owner)) return change(draft, { offered: without(offered, owner) }, event)
  if (!isOwner(draft, owner)) return NOTHING
  if (owners.length === 1) return refuse('LastOwner')
  return change(draft, { owners: without(owners, owner), offered: [] }, event)
}

/** A list without somebody, whose place the last one takes. */
function without(list: readonly PublicKey[], gone: PublicKey): readonly PublicKey[] {
  const last = list.at(-1) ?? gone
  return list.slice(0, -1).map((other) => (equalBytes(other, gone) ? last : other))
}
