/** Who takes part: invitations, joining, roles, capabilities, leaving. Every change goes through the anchor and is read back from it. */
import { CAPABILITIES, type Role } from '../anchor/anchor.ts'
import type { Operation } from '../anchor/operations.ts'
import type { Invitation, InviteMember } from '../interface.ts'
import { EMPTY, equalBytes } from '../primitives/bytes.ts'
import { ContextId, idText, PublicKey, ZERO_ID, isZero } from '../primitives/ids.ts'
import { contextError } from './errors.ts'
import { decodeInvitation, encodeInvitation, type InvitationContent } from './invitation.ts'
import type { ContextRegistry } from './registry.ts'
import type { ContextReplica } from './replica/replica.ts'

/** How long an open invitation is valid when the inviter says nothing: a day, ms. */
export const OPEN_INVITATION_MS = 86_400_000

interface Signalled {
  readonly signal?: AbortSignal
}

export interface Joined {
  readonly context: ContextId
  readonly member: PublicKey
}

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
  const bytes = await group.anchor.createInvitation(
    group.id,
    {
      role: options.role ?? 'writer',
      notAfter: BigInt(Math.floor(untilMs / 1000)),
      maxUses: options.maxUses ?? 1,
    },
    registry.c.identities.signer(inviter.publicKey),
  )
  return ticket(registry, replica, { invitee: ZERO_ID, ticket: bytes })
}

function ticket(
  registry: ContextRegistry,
  replica: ContextReplica,
  parts: Pick<InvitationContent, 'invitee' | 'ticket'>,
): Invitation {
  const { protocol, network, contract } = replica.group.anchor
  const addresses = [...registry.c.addresses()]
  const text = encodeInvitation({
    context: replica.state.id,
    protocol,
    network,
    contract,
    addresses,
    ...parts,
  })
  return { text }
}

/** Joins with an invitation made for one of our identities. @throws INVITATION_INVALID, IDENTITY_NOT_OWNED, CONTEXT_NOT_A_MEMBER, ANCHOR_* */
export async function join(
  registry: ContextRegistry,
  text: string,
  options: Signalled = {},
): Promise<Joined> {
  const content = decodeInvitation(text)
  if (isZero(content.invitee)) {
    throw contextError('INVITATION_INVALID', 'this is an open invitation: join with joinOpen')
  }
  const member = PublicKey.from(content.invitee)
  registry.c.identities.require(member)
  return enter(registry, content, member, options)
}

/** Joins with an open invitation, as a new identity or the one given. */
export async function joinOpen(
  registry: ContextRegistry,
  text: string,
  options: Signalled & { readonly identity?: PublicKey } = {},
): Promise<Joined> {
  const { identities, groups } = registry.c
  const content = decodeInvitation(text)
  if (content.ticket.length === 0) {
    throw contextError('INVITATION_INVALID', 'this invitation names its invitee: join with join')
  }
  const anchor = groups.anchor(content.protocol)
  const member =
    options.identity === undefined
      ? (await identities.create()).publicKey
      : identities.require(options.identity).publicKey
  const signal = options.signal === undefined ? {} : { signal: options.signal }
  await anchor.claimInvitation(content.ticket, identities.signer(member), signal)
  return enter(registry, content, member, options)
}

async function enter(
  registry: ContextRegistry,
  content: InvitationContent,
  member: PublicKey,
  options: Signalled,
): Promise<Joined> {
  const { groups, identities, rows, globals, store, replicas, background, sync, logger } =
    registry.c
  const context = ContextId.from(content.context)
  const anchor = groups.anchor(content.protocol)
  if (anchor.network !== content.network || anchor.contract !== content.contract) {
    throw contextError(
      'INVITATION_INVALID',
      `expected an invitation of ${anchor.network} ${anchor.contract}, got one of ${content.network} ${content.contract}`,
    )
  }
  const signal = options.signal === undefined ? {} : { signal: options.signal }
  const read = await anchor.readContext(context, signal)
  if (read === undefined) {
    throw contextError('ANCHOR_NO_CONTEXT', `the anchor knows no context ${idText(context)}`)
  }
  const record = await anchor.readMember(read.value.group, member, signal)
  if (record === undefined) {
    throw contextError('CONTEXT_NOT_A_MEMBER', `${idText(member)} is no member of the context`, {
      publicKey: idText(member),
    })
  }
  const connect = async (): Promise<void> => {
    try {
      await sync().joinVia(context, content.addresses, signal)
      const replica = replicas.replica(context)
      if (replica !== undefined) await registry.retryApplication(replica)
    } catch (error) {
      logger.warn({ err: error, context: idText(context) }, 'no member reached yet')
    }
  }
  await registry.openOnce(context, async () => {
    const group = await groups.ensure(read.value.group, content.protocol)
    await store.batch([identities.bind(member, group.id)], { sync: true })
    await group.refresh(signal)
    const { application, applicationRevision } = read.value
    const number = await globals.nextNumber()
    const row = registry.contextRow(number, group)
    const replica = await registry.build(context, number, group, {
      application: application.id,
      blob: application.blob,
      applicationRevision,
    })
    await store.batch(
      [rows.put(context, row), replica.state.metaOp(), registry.link(number, application.blob)],
      { sync: true },
    )
    await registry.attach(replica, row)
  })
  const { group } = registry.require(context)
  if (!group.owned().some(({ publicKey }) => equalBytes(publicKey, member))) {
    await store.batch([identities.bind(member, group.id)], { sync: true })
    await group.refresh(signal)
  }
  background(connect())
  return { context, member }
}

export async function changeCapability(
  registry: ContextRegistry,
  context: ContextId,
  kind: 'grant' | 'revoke',
  identity: PublicKey,
  capability: keyof typeof CAPABILITIES,
): Promise<void> {
  const changes = [{ identity, capabilities: CAPABILITIES[capability] }]
  await submit(registry, registry.require(context), { kind, changes })
}

export async function setRole(
  registry: ContextRegistry,
  context: ContextId,
  ids: readonly PublicKey[],
  role: Role,
): Promise<void> {
  await submit(registry, registry.require(context), { kind: 'setRole', ids, role })
}
