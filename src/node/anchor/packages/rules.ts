/** The rules of each operation on packages (docs/protocol.md, Packages). */
import { equalBytes } from '../../primitives/bytes.ts'
import type { PublicKey } from '../../primitives/ids.ts'
import { MAX_PACKAGE_OWNERS, MAX_RELEASES } from '../limits.ts'
import { changed, NOTHING, refuse, type KeyRules, type RuleOutcome } from '../model/request.ts'
import type { PackageDraft } from './draft.ts'
import { derivePackageId, type PackageEnvelope } from './envelope.ts'
import type { PackageEventBody } from './events.ts'
import type { PackageOperation, PackageOperationKind } from './operations.ts'

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

/** A release above all others of its line. */
export function publishRelease({ operation, draft }: PackageRequest<'publishRelease'>): Outcome {
  const { release } = operation
  if (draft.header.releases >= MAX_RELEASES) return refuse('LimitExceeded')
  if (!draft.isNext(release.version)) return refuse('VersionTooLow')
  return change(draft, draft.insert(release), { name: 'ReleasePublished', release })
}

/** A release is offered no more; it was yanked once and for all. */
export function yankRelease({ operation, draft }: PackageRequest<'yankRelease'>): Outcome {
  const { version, reason } = operation
  const found = draft.find(version)
  if (found === undefined) return refuse('ReleaseNotFound')
  if (found.state.yankReason !== undefined) return NOTHING
  draft.yank(found.number, found.state, reason)
  return change(draft, {}, { name: 'ReleaseYanked', version, reason })
}

/** One owner more; who is one already stays it. */
export function addOwner({ operation, draft, keys }: PackageRequest<'addOwner'>): Outcome {
  const { owner } = operation
  if (!keys.isStrong(owner)) return refuse('WeakKey')
  if (isOwner(draft, owner)) return NOTHING
  const { owners } = draft.header
  if (owners.length >= MAX_PACKAGE_OWNERS) return refuse('LimitExceeded')
  return change(
    draft,
    { owners: [...owners, owner] },
    { name: 'OwnerChanged', owner, isOwner: true },
  )
}

/** One owner less, whose place the last one takes; somebody must remain. */
export function removeOwner({ operation, draft }: PackageRequest<'removeOwner'>): Outcome {
  const { owner } = operation
  if (!isOwner(draft, owner)) return NOTHING
  const owners = [...draft.header.owners]
  const last = owners.pop()
  if (last === undefined || owners.length === 0) return refuse('LastOwner')
  const remaining = owners.map((other) => (equalBytes(other, owner) ? last : other))
  return change(draft, { owners: remaining }, { name: 'OwnerChanged', owner, isOwner: false })
}
