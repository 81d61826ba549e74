/** Who takes part: invitations, roles, capabilities, leaving. Every change goes through the anchor and is read back from it. */
import type { Operation } from '../anchor/operations.ts'
import { untilAborted } from '../errors.ts'
import type { Invitation, InviteMember, Signalled } from '../interface.ts'
import { EMPTY } from '../primitives/bytes.ts'
import { type PublicKey, ZERO_ID } from '../primitives/ids.ts'
import { chooseAddresses, encodeInvitation, type InvitationContent } from './invitation.ts'
import type { ContextRegistry } from './registry.ts'
import type { ContextReplica } from './replica/replica.ts'

/** How long an open invitation is valid when the inviter says nothing: a day, ms. */
export const OPEN_INVITATION_MS = 86_400_000

/** Sends an operation as one of our identities and reads the result back. @throws ANCHOR_* */
export async function submit(
  registry: ContextRegistry,
  replica: ContextReplica,
  operation: Operation,
  options: Signalled & { readonly as?: PublicKey | undefined } = {},
): Promise<void> {
  const { group } = replica
  const key = registry.executor(group, options.as)
  const subject = operation.kind === 'updateApplication' ? replica.state.id : group.id
  const signer = registry.c.identities.signer(key.publicKey)
  const signal = options.signal === undefined ? {} : { signal: options.signal }
  await group.anchor.submit(subject, operation, signer, signal)
  await registry.refresh(replica, signal)
}

/** Admits an identity and makes the ticket that tells it where to go. */
export async function invite(
  registry: ContextRegistry,
  options: InviteMember,
): Promise<Invitation> {
  const replica = registry.require(options.context)
  await submit(
    registry,
    replica,
    { kind: 'addMembers', ids: [options.invitee], role: options.role ?? 'writer' },
    { ...options, as: options.inviter },
  )
  return ticket(registry, replica, { invitee: options.invitee, ticket: EMPTY })
}

/** A ticket for whoever holds it. Nothing is sent to the anchor until it is used. */
export async function inviteOpen(
  registry: ContextRegistry,
  options: Omit<InviteMember, 'invitee'> & { maxUses?: number; validForMs?: number },
): Promise<Invitation> {
  const replica = registry.require(options.context)
  const { group } = replica
  const inviter = registry.executor(group, options.inviter)
  const untilMs = registry.c.clock.nowMs() + (options.validForMs ?? OPEN_INVITATION_MS)
  const making = group.anchor.createInvitation(
    group.id,
    {
      role: options.role ?? 'writer',
      notAfter: BigInt(Math.floor(untilMs / 1000)),
      maxUses: options.maxUses ?? 1,
    },
    registry.c.identities.signer(inviter.publicKey),
  )
  const bytes = await untilAborted(making, options.signal)
  return ticket(registry, replica, { invitee: ZERO_ID, ticket: bytes })
}

function ticket(
  registry: ContextRegistry,
  replica: ContextReplica,
  parts: Pick<InvitationContent, 'invitee' | 'ticket'>,
): Invitation {
  const { protocol, network, contract } = replica.group.anchor
  const { addresses, sync } = registry.c
  const others = sync().memberAddresses(replica.state.id)
  const text = encodeInvitation({
    context: replica.state.id,
    protocol,
    network,
    contract,
    addresses: chooseAddresses([addresses(), ...others]),
    revision: replica.group.membersRevision,
    ...parts,
  })
  return { text }
}
