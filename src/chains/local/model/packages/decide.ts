/**
 * The reference model of the package registry: one pure function from what is stored and a signed request to what is to be stored, or to the
 * refusal that every chain answers alike (docs/protocol.md, Packages). The order of checks is that of `model/decide.ts`; a package takes the
 * place of the group, being an owner that of a capability, and nonces belong to signers, whatever package they speak of.
 */
import type { PackageId } from '../../../../node/primitives/ids.ts'
import { refusal, type Refusal, type RefusalName } from '../../../../node/anchor/errors.ts'
import {
  checkDomainAndTime,
  checkSignature,
  conclude,
  decodeEnvelope,
  type DecisionOf,
} from '../checks.ts'
import type { SignedEnvelope } from '../../../../node/anchor/service.ts'
import type { DecideContext, RuleOutcome } from '../request.ts'
import { TableDraft } from '../tables.ts'
import { PackageDraft } from './draft.ts'
import {
  packageEnvelopeCodec,
  type PackageEnvelope,
} from '../../../../node/anchor/packages/envelope.ts'
import type { PackageEvent, PackageEventBody } from '../../../../node/anchor/packages/events.ts'
import * as rules from './rules.ts'
import {
  nonceKey,
  packageKey,
  type PackageEffect,
  type PackageState,
  type PackageTableDraft,
  type PackageTables,
  type PackageView,
} from './state.ts'
import { validatePackageOperation } from '../../../../node/anchor/packages/validate.ts'

export type PackageDecision = DecisionOf<PackageEnvelope, PackageEffect, PackageEvent>

/** The package that the operation is about, or the one it makes: revision 0 and nobody's, until the rules have their say. */
function openPackage(
  { subject, operation }: PackageEnvelope,
  tables: PackageTableDraft,
): PackageDraft | RefusalName {
  const known = tables.get('packages', packageKey(subject))
  if (operation.kind !== 'createPackage') {
    return known === undefined ? 'PackageNotFound' : new PackageDraft(subject, tables, known)
  }
  if (known !== undefined) return 'PackageExists'
  const { name, description, repository } = operation
  const state: PackageState = {
    ...{ name, description, repository },
    ...{ owners: [], offered: [], revision: 0n, releases: 0, available: 0 },
  }
  return new PackageDraft(subject, tables, state)
}

/** Whether the signer may ask for it: an owner, or whoever makes a package, or was offered one. */
function isEntitled({ signer, operation }: PackageEnvelope, draft: PackageDraft): boolean {
  if (operation.kind === 'createPackage') return true
  return operation.kind === 'acceptOwnership'
    ? rules.isOffered(draft, signer)
    : rules.isOwner(draft, signer)
}

/** The signer's standing: its next nonce, and what it is to the package. */
function checkSigner(envelope: PackageEnvelope, draft: PackageDraft): Refusal | undefined {
  const { signer, nonce } = envelope
  const expected = draft.tables.get('nonces', nonceKey(signer)) ?? 0n
  if (nonce !== expected) return refusal('BadNonce', expected)
  if (!isEntitled(envelope, draft)) return refusal('Unauthorized')
  // a package has neither a list of members nor an application, so there is no revision of them that could be right
  const { ifMembersRevision, ifApplicationRevision } = envelope
  const isConditional = ifMembersRevision !== undefined || ifApplicationRevision !== undefined
  if (isConditional) return refusal('RevisionMismatch')
  draft.tables.set('nonces', nonceKey(signer), nonce + 1n)
  return undefined
}

/** The checks in their order; the first that fails names the refusal. */
function check(
  view: PackageView,
  signed: SignedEnvelope,
  context: DecideContext,
): rules.PackageRequest | Refusal {
  const envelope = decodeEnvelope(packageEnvelopeCodec, signed.envelope)
  if (typeof envelope === 'string') return refusal(envelope)
  const { operation } = envelope
  const wrong = validatePackageOperation(operation) ?? checkDomainAndTime(envelope, context)
  if (wrong !== undefined) return refusal(wrong)
  const draft = openPackage(envelope, new TableDraft<PackageTables>(view))
  if (typeof draft === 'string') return refusal(draft)
  const { keys } = context
  const unproven = checkSignature(envelope, signed, keys)
  if (unproven !== undefined) return refusal(unproven)
  return checkSigner(envelope, draft) ?? { envelope, operation, draft, keys }
}

/** The rules of the operation itself. */
function applyRules(request: rules.PackageRequest): RuleOutcome<PackageEventBody> {
  const { operation } = request
  switch (operation.kind) {
    case 'createPackage':
      return rules.createPackage({ ...request, operation })
    case 'publishRelease':
      return rules.publishRelease({ ...request, operation })
    case 'yankRelease':
      return rules.yankRelease({ ...request, operation })
    case 'addOwner':
      return rules.addOwner({ ...request, operation })
    case 'removeOwner':
      return rules.removeOwner({ ...request, operation })
    case 'acceptOwnership':
      return rules.acceptOwnership({ ...request, operation })
  }
}

/** Decides on one signed request. Deterministic: the same view, bytes and time give the same answer everywhere. */
export function decidePackages(
  view: PackageView,
  signed: SignedEnvelope,
  context: DecideContext,
): PackageDecision {
  const request = check(view, signed, context)
  if ('number' in request) return { accepted: false, refusal: request }
  const { envelope, draft } = request
  return conclude<PackageEventBody, PackageId, PackageEnvelope, PackageEffect>(
    envelope,
    applyRules(request),
    () => draft.tables.effects(),
  )
}
