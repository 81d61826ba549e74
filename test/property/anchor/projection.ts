/** Contexts, members, roles and capabilities rebuilt from events alone, as a client of the contract's log would. */
import type { AnchorEvent } from '../../../src/node/anchor/model/events.ts'
import { toHex } from '../../../src/node/primitives/bytes.ts'
import type { Role } from '../../../src/node/anchor/anchor.ts'

interface ProjectedContext {
  readonly group: string
  application: string
  revision: bigint
}

interface ProjectedGroup {
  membersRevision: bigint
  capabilitiesRevision: bigint
  sealed: boolean
  readonly members: Map<string, { role: Role; capabilities: number; joinedRevision: bigint }>
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
    const author = { role: 'writer' as const, capabilities: 31, joinedRevision: 1n }
    this.groups.set(toHex(event.group), {
      membersRevision: 1n,
      capabilitiesRevision: 1n,
      sealed: false,
      members: new Map([[toHex(event.signer), author]]),
    })
  }

  #change(group: ProjectedGroup, event: AnchorEvent): void {
    const joinedRevision = event.revision
    switch (event.name) {
      case 'MembersAdded':
        for (const id of event.ids) {
          group.members.set(toHex(id), { role: event.role, capabilities: 0, joinedRevision })
        }
        group.membersRevision = event.revision
        break
      case 'InvitationClaimed': {
        const { role, capabilities } = event
        group.members.set(toHex(event.signer), { role, capabilities, joinedRevision })
        group.membersRevision = event.revision
        break
      }
      case 'MembersRemoved':
        for (const id of event.ids) group.members.delete(toHex(id))
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
      case 'ContextSealed':
        group.sealed = true
        break
      default:
        break
    }
  }
}
