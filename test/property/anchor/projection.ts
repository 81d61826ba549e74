/**
 * Contexts, groups, members, who is barred and what became of invitations, rebuilt from events alone, as a client of the contract's log would.
 * Nonces are not in the log: an operation that changes nothing uses one, and announces nothing.
 */
import type { AnchorEvent } from '../../../src/node/anchor/events.ts'
import type { InvitationState } from '../../../src/chains/local/model/groups/state.ts'
import type { GroupOptions } from '../../../src/node/anchor/operations.ts'
import { toHex } from '../../../src/node/primitives/bytes.ts'
import type { MigrationRecord, Role } from '../../../src/node/anchor/anchor.ts'

interface ProjectedContext {
  readonly group: string
  application: string
  revision: bigint
}

interface ProjectedGroup {
  membersRevision: bigint
  capabilitiesRevision: bigint
  sealed: boolean
  migration: MigrationRecord | undefined
  options: GroupOptions
  readonly members: Map<string, ProjectedMember>
  /** Of those who are no members; what is kept of them ends by itself. */
  readonly past: Map<string, { readonly barred: boolean; readonly until: bigint }>
  /** By their digest. */
  readonly invitations: Map<string, InvitationState>
  /** Until when the places are taken, by the member that they are of, its membership and its series. */
  readonly places: Map<string, bigint[]>
}

interface ProjectedMember {
  role: Role
  capabilities: number
  readonly joinedRevision: bigint
  series: number
}

/** Key in `places`. */
export function placesKey(
  identity: Uint8Array,
  { joinedRevision, series }: Pick<ProjectedMember, 'joinedRevision' | 'series'>,
): string {
  return `${toHex(identity)} ${joinedRevision} ${series}`
}

export class Projection {
  readonly contexts: Map<string, ProjectedContext> = new Map()
  readonly groups: Map<string, ProjectedGroup> = new Map()

  apply(event: AnchorEvent): void {
    const subject = toHex(event.subject)
    if (event.name === 'ContextCreated') return this.#create(event)
    if (event.name === 'ApplicationUpdated') {
      const context = this.contexts.get(subject)
      if (context === undefined) return
      context.application = toHex(event.application.id)
      context.revision = event.revision
      return
    }
    const group = this.groups.get(subject)
    if (group !== undefined) this.#change(group, event)
  }

  #create(event: Extract<AnchorEvent, { name: 'ContextCreated' }>): void {
    this.contexts.set(toHex(event.context), {
      group: toHex(event.group),
      application: toHex(event.application.id),
      revision: event.revision,
    })
    if (event.options === undefined) return
    const author = { role: 'writer' as const, capabilities: 31, joinedRevision: 1n, series: 0 }
    this.groups.set(toHex(event.group), {
      membersRevision: 1n,
      capabilitiesRevision: 1n,
      sealed: false,
      migration: undefined,
      options: event.options,
      members: new Map([[toHex(event.signer), author]]),
      past: new Map(),
      invitations: new Map(),
      places: new Map(),
    })
  }

  #change(group: ProjectedGroup, event: AnchorEvent): void {
    const joinedRevision = event.revision
    switch (event.name) {
      case 'MembersAdded':
        for (const id of event.ids) {
          const { role } = event
          join(group, id, { role, capabilities: 0, joinedRevision, series: 0 })
        }
        group.membersRevision = event.revision
        break
      case 'InvitationClaimed': {
        const { role, capabilities, inviter } = event.terms
        remember(group, event, inviter)
        join(group, event.signer, { role, capabilities, joinedRevision, series: 0 })
        group.membersRevision = event.revision
        break
      }
      case 'MembersRemoved':
        for (const id of event.ids) {
          group.members.delete(toHex(id))
          group.past.set(toHex(id), { barred: event.barred, until: event.until })
        }
        group.membersRevision = event.revision
        break
      case 'RolesChanged':
        for (const id of event.ids) {
          const member = group.members.get(toHex(id))
          if (member !== undefined) member.role = event.role
        }
        group.membersRevision = event.revision
        break
      case 'CapabilitiesChanged':
        for (const { identity, capabilities } of event.changes) {
          const member = group.members.get(toHex(identity))
          if (member !== undefined) member.capabilities = capabilities
        }
        group.capabilitiesRevision = event.revision
        break
      case 'InvitationRevoked':
        remember(group, event, event.signer)
        break
      case 'InvitationsVoided': {
        const member = group.members.get(toHex(event.signer))
        if (member !== undefined) member.series = event.series
        break
      }
      case 'OptionsChanged':
        group.options = event.options
        break
      case 'MigrationPlanned':
        group.migration = event.migration
        break
      case 'GroupAdopted':
        // tickets and those who went belong to the contract before
        group.migration = undefined
        group.past.clear()
        group.invitations.clear()
        group.places.clear()
        break
      case 'ContextSealed':
        group.sealed = true
        group.migration = undefined
        break
      default:
        break
    }
  }
}

function join(group: ProjectedGroup, identity: Uint8Array, member: ProjectedMember): void {
  group.members.set(toHex(identity), member)
  group.past.delete(toHex(identity))
}

/** What became of an invitation; when nothing was known of it before, at the expense of a member. */
function remember(
  group: ProjectedGroup,
  event: Extract<AnchorEvent, { name: 'InvitationClaimed' | 'InvitationRevoked' }>,
  holder: Uint8Array,
): void {
  const id = toHex(event.invitation)
  const { notAfter } = event.terms
  const known = group.invitations.get(id)
  const member = group.members.get(toHex(holder))
  if (known === undefined && member !== undefined) {
    const key = placesKey(holder, member)
    group.places.set(key, [...(group.places.get(key) ?? []), notAfter])
  }
  const { uses, revoked } = known ?? { uses: 0, revoked: false }
  group.invitations.set(id, {
    notAfter,
    uses: event.name === 'InvitationClaimed' ? uses + 1 : uses,
    revoked: revoked || event.name === 'InvitationRevoked',
  })
}
