/** Who takes part: invitations, roles, capabilities, leaving. Every change goes through the anchor and is read back from it. */
import { CAPABILITIES, type MigrationRecord } from '../anchor/anchor.ts'
import { isRejectedAs } from '../anchor/errors.ts'
import type { Operation } from '../anchor/operations.ts'
import { untilAborted } from '../errors.ts'
import type { Invitation, InviteMember, Signalled } from '../interface.ts'
import { EMPTY } from '../primitives/bytes.ts'
import type { Clock } from '../primitives/clock.ts'
import { type ContextId, type PublicKey, ZERO_ID } from '../primitives/ids.ts'
import { executorOf } from './groups/executor.ts'
import type { IdentityPool } from './groups/identities.ts'
import { chooseAddresses, encodeInvitation, type InvitationContent } from './invitation.ts'
import type { ContextReplica } from './replica/replica.ts'

/** How long an open invitation is valid when the inviter says nothing: a day, ms. */
export const OPEN_INVITATION_MS = 86_400_000

export interface MembershipComponents {
  readonly identities: Pick<IdentityPool, 'signer' | 'boundTo'>
  readonly clock: Clock
  /** The contexts of this node. */
  readonly contexts: {
    require(id: ContextId): ContextReplica
    refresh(replica: ContextReplica, options: Signalled): Promise<unknown>
  }
  /** Our dialable addresses, for invitations. */
  addresses(): readonly string[]
  sync(): {
    /** Addresses of each other member, those online first, then those met last. */
    memberAddresses(context: ContextId): readonly (readonly string[])[]
  }
}

export class Membership {
  readonly #c: MembershipComponents

  constructor(components: MembershipComponents) {
    this.#c = components
  }

  /** Sends an operation as one of our identities and reads the result back. @throws ANCHOR_* */
  async submit(
    replica: ContextReplica,
    operation: Operation,
    options: Signalled & { readonly as?: PublicKey | undefined } = {},
  ): Promise<void> {
    const { contexts, identities } = this.#c
    const { state, group } = replica
    const key = executorOf(group, options.as)
    const subject = operation.kind === 'updateApplication' ? state.id : group.id
    const signal = options.signal === undefined ? {} : { signal: options.signal }
    const how = { ...signal, context: state.id }
    await group.anchor.submit(subject, operation, identities.signer(key.publicKey), how)
    await contexts.refresh(replica, signal)
  }

  /** See `Contexts.grant` and `revoke`. */
  async changeCapability(
    replica: ContextReplica,
    kind: 'grant' | 'revoke',
    identity: PublicKey,
    capability: keyof typeof CAPABILITIES,
    options?: Signalled,
  ): Promise<void> {
    const changes = [{ identity, capabilities: CAPABILITIES[capability] }]
    await this.submit(replica, { kind, changes }, options)
  }

  /** See `Contexts.migrate`. */
  async migrate(
    replica: ContextReplica,
    contract: Uint8Array | undefined,
    options?: Signalled & { readonly as?: PublicKey | undefined },
  ): Promise<void> {
    await this.submit(replica, { kind: 'migrateTo', contract: contract ?? EMPTY }, options)
  }

  /** See `Contexts.migration`. */
  async migration(
    { group }: ContextReplica,
    options?: Signalled,
  ): Promise<MigrationRecord | undefined> {
    return (await group.anchor.readGroup(group.id, options))?.value.migration
  }

  /** All identities of this node leave. What we know of the members may be old: who is refused as no member has left. @throws ANCHOR_* */
  async leave({ group }: ContextReplica, options: Signalled): Promise<void> {
    const { identities } = this.#c
    for (const { publicKey } of identities.boundTo(group.id)) {
      if (group.hasDeparted(publicKey)) continue
      try {
        const signer = identities.signer(publicKey)
        await group.anchor.submit(group.id, { kind: 'leave' }, signer, options)
      } catch (error) {
        if (!isRejectedAs(error, 'NotAMember')) throw error
      }
    }
  }

  /** Admits an identity and makes the ticket that tells it where to go. */
  async invite(options: InviteMember): Promise<Invitation> {
    const replica = this.#c.contexts.require(options.context)
    await this.submit(
      replica,
      { kind: 'addMembers', ids: [options.invitee], role: options.role ?? 'writer' },
      { ...options, as: options.inviter },
    )
    return this.#invitation(replica, { invitee: options.invitee, ticket: EMPTY })
  }

  /** A ticket for whoever holds it. Nothing is sent to the anchor until it is used. */
  async inviteOpen(
    options: Omit<InviteMember, 'invitee'> & { maxUses?: number; validForMs?: number },
  ): Promise<Invitation> {
    const { contexts, clock, identities } = this.#c
    const replica = contexts.require(options.context)
    const { group } = replica
    const inviter = executorOf(group, options.inviter)
    const untilMs = clock.nowMs() + (options.validForMs ?? OPEN_INVITATION_MS)
    const making = group.anchor.createInvitation(
      group.id,
      {
        role: options.role ?? 'writer',
        notAfter: BigInt(Math.floor(untilMs / 1000)),
        maxUses: options.maxUses ?? 1,
      },
      identities.signer(inviter.publicKey),
      { context: replica.state.id },
    )
    const ticket = await untilAborted(making, options.signal)
    return this.#invitation(replica, { invitee: ZERO_ID, ticket })
  }

  #invitation(
    { state, group }: ContextReplica,
    parts: Pick<InvitationContent, 'invitee' | 'ticket'>,
  ): Invitation {
    const { protocol, network } = group.anchor
    const { contract } = group
    const { addresses, sync } = this.#c
    const text = encodeInvitation({
      context: state.id,
      ...{ protocol, network, contract },
      addresses: chooseAddresses([addresses(), ...sync().memberAddresses(state.id)]),
      revision: group.membersRevision,
      ...parts,
    })
    return { text }
  }
}
