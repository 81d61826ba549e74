/** Events of the reference model as every contract announces them, in the names and the order of `contracts/interface.json`. */
import { ROLES, type Role } from '../../../src/node/anchor/anchor.ts'
import { applicationCodec } from '../../../src/node/anchor/envelope.ts'
import type { AnchorEvent } from '../../../src/node/anchor/events.ts'
import { APPROVERS, type ApproverPolicy } from '../../../src/node/anchor/operations.ts'
import { releaseCodec } from '../../../src/node/anchor/packages/envelope.ts'
import type { PackageEvent } from '../../../src/node/anchor/packages/events.ts'
import { EMPTY, toHex } from '../../../src/node/primitives/bytes.ts'

/** Bytes as the contracts' libraries show them. */
export function hex(bytes: Uint8Array): string {
  return `0x${toHex(bytes)}`
}

function roleOf(role: Role): bigint {
  return BigInt(ROLES.indexOf(role))
}

function policyOf(approvers: ApproverPolicy = 'govern'): bigint {
  return BigInt(APPROVERS.indexOf(approvers))
}

/** The event that a contract must announce for one of the model: names and values, numbers as they are, bytes hexadecimal. */
export function plainModelEvent(event: AnchorEvent): unknown {
  const { name, subject, signer, nonce, revision } = event
  return {
    name,
    ...{ subject: hex(subject), signer: hex(signer), nonce, revision },
    ...fieldsOf(event),
  }
}

function fieldsOf(event: AnchorEvent): Readonly<Record<string, unknown>> {
  switch (event.name) {
    case 'ContextCreated': {
      const approvers = policyOf(event.options?.approvers)
      const application = hex(applicationCodec.encode(event.application))
      return { group: hex(event.group), application, approvers }
    }
    case 'ApplicationUpdated':
      return { application: hex(applicationCodec.encode(event.application)) }
    case 'MembersAdded':
    case 'RolesChanged':
      return { role: roleOf(event.role), ids: event.ids.map(hex) }
    case 'MembersRemoved':
      return { barred: event.barred, until: event.until, ids: event.ids.map(hex) }
    case 'CapabilitiesChanged':
      return {
        ids: event.changes.map(({ identity }) => hex(identity)),
        capabilities: event.changes.map(({ capabilities }) => BigInt(capabilities)),
      }
    case 'InvitationClaimed':
    case 'InvitationRevoked': {
      const { inviter, role, capabilities, maxUses, series, ...numbers } = event.terms
      return {
        invitation: hex(event.invitation),
        ...{ inviter: hex(inviter), role: roleOf(role), capabilities: BigInt(capabilities) },
        ...{ maxUses: BigInt(maxUses), series: BigInt(series), ...numbers },
      }
    }
    case 'InvitationsVoided':
      return { series: BigInt(event.series) }
    case 'NonceBumped':
      return { to: event.to }
    case 'ContextSealed':
      return {}
    case 'OptionsChanged':
      return { approvers: policyOf(event.options.approvers) }
    case 'MigrationPlanned': {
      const { successor = EMPTY, movesAt = 0n } = event.migration ?? {}
      return { successor: hex(successor), movesAt }
    }
    case 'GroupAdopted':
    case 'ContextAdopted':
      return {}
  }
}

/** The event that a registry must announce for one of the model. */
export function plainPackageEvent(event: PackageEvent): unknown {
  const { name, subject, signer, nonce, revision } = event
  const head = { name, subject: hex(subject), signer: hex(signer), nonce, revision }
  return { ...head, ...packageFieldsOf(event) }
}

function packageFieldsOf(event: PackageEvent): Readonly<Record<string, unknown>> {
  switch (event.name) {
    case 'PackagePublished': {
      const { package: name, description, repository } = event
      return { name, description, repository }
    }
    case 'ReleasePublished': {
      const { release } = event
      return { version: release.version, release: hex(releaseCodec.encode(release)) }
    }
    case 'ReleaseYanked':
      return { version: event.version, reason: event.reason }
    case 'OwnershipOffered':
      return { owner: hex(event.owner) }
    case 'OwnerChanged':
      return { owner: hex(event.owner), isOwner: event.isOwner }
  }
}
