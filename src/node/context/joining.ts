/**
 * Becoming part of a context. An invitation's addresses are kept as an intent until a member was met there and the state is here, however long its
 * senders are away and whatever happens to this node meanwhile; a ticket is kept until it is known whether its claim went through.
 */
import { LRUCache } from 'lru-cache'
import * as P from 'micro-packed'
import type {
  Anchor,
  ContextRecord,
  MemberRecord,
  MemberSnapshot,
  Read,
  ReadOptions,
} from '../anchor/anchor.ts'
import { isRejectedAs } from '../anchor/errors.ts'
import { bytes, type Codec, codec, string, vec } from '../codec/codec.ts'
import type { AtRest } from '../crypto/at-rest.ts'
import { isMerogateError, type MerogateError } from '../errors.ts'
import type { Signalled } from '../interface.ts'
import { EMPTY, equalBytes, toHex } from '../primitives/bytes.ts'
import { sha256 } from '../primitives/hash.ts'
import { ContextId, idKey, idText, isZero, PublicKey } from '../primitives/ids.ts'
import { INTENT_KIND } from '../store/repositories/intents.ts'
import { anchorBehind, contextError } from './errors.ts'
import type { Groups } from './groups/groups.ts'
import type { IdentityPool } from './groups/identities.ts'
import { type Fate, fateOf, refusalName } from './intents/fate.ts'
import type { Intent, Run } from './intents/intent.ts'
import type { Intents } from './intents/intents.ts'
import type { Queue } from './intents/queue.ts'
import { decodeInvitation, type InvitationContent } from './invitation.ts'
import { checkAnchor, invitedAnchor } from './invited-anchor.ts'
import {
  INTENT_WAIT_MAX_MS,
  JOIN_WAIT_MAX_MS,
  MAX_INVITATION_ADDRESSES,
  MAX_LAG_TRIES,
  MAX_RUNNING_JOINS,
} from './limits.ts'
import type { ContextReplica } from './replica/replica.ts'

export interface JoiningComponents {
  readonly intents: Intents
  readonly groups: Pick<Groups, 'anchor' | 'get'>
  readonly identities: Pick<IdentityPool, 'create' | 'require' | 'signer' | 'groupOf'>
  readonly atRest: AtRest
  /** The contexts of this node. */
  readonly contexts: {
    replica(id: ContextId): ContextReplica | undefined
    /** Makes a context's rows, or binds one more identity to one that is here. */
    admit(
      record: ContextRecord,
      member: PublicKey,
      protocol: string,
      options: { signal: AbortSignal },
    ): Promise<ContextReplica>
    /** Resolves when a context that is being deleted is gone. */
    forgotten(id: ContextId): Promise<void>
  }
  sync(): {
    meet(
      context: ContextId,
      addresses: readonly string[],
      options: { signal: AbortSignal },
    ): Promise<unknown>
    membersOnline(context: ContextId): readonly unknown[]
  }
}

export interface Joined {
  readonly context: ContextId
  readonly member: PublicKey
}

/** What a join needs to go on. */
interface JoinBody {
  protocol: string
  /** The contract that the inviter found the group in. */
  contract: string
  /** Where members may be found. */
  addresses: string[]
  /** Revision of the member list from which on a named invitee is in it. */
  revision: bigint
  /** Height of the anchor at which the ticket had been used; 0 when that is not known. */
  height: bigint
  /** Hash of an open invitation's ticket; empty for a named invitee. */
  ticketHash: Uint8Array
  /** The ticket while it is to be claimed, sealed at rest: it is a secret. */
  ticket: Uint8Array
}

const joinBody: Codec<JoinBody> = codec(
  'a join',
  P.struct({
    protocol: string,
    contract: string,
    addresses: vec(string),
    revision: P.U64LE,
    height: P.U64LE,
    ticketHash: bytes,
    ticket: bytes,
  }),
  16_384,
)

/** Tickets used here that are remembered. */
const MAX_REMEMBERED_CLAIMS = 256

/** Refusals of a ticket that a claim of our own would bring about, if it went through and its answer was lost. */
const OWN_ECHO: ReadonlySet<unknown> = new Set(['InvitationUsed', 'InvitationRevoked', 'Expired'])

export class Joining {
  readonly #c: JoiningComponents
  readonly #joins: Queue<JoinBody, Joined>
  readonly #claims: Queue<JoinBody, Joined>
  /** Who of us used which ticket. Only so that a call made again gets an answer it likes: after a restart it hears that the ticket is used. */
  readonly #claimed = new LRUCache<string, PublicKey>({ max: MAX_REMEMBERED_CLAIMS })

  constructor(components: JoiningComponents) {
    this.#c = components
    const { intents } = components
    const identity = ({ part }: { part: Uint8Array }): PublicKey => PublicKey.from(part)
    this.#joins = intents.queue<JoinBody, Joined>(
      {
        kind: 'join',
        maxWaitMs: JOIN_WAIT_MAX_MS,
        maxRunning: MAX_RUNNING_JOINS,
        run: (intent, run) => this.#join(intent, run),
        fate: joinFate,
        identity,
      },
      INTENT_KIND.join,
      joinBody,
    )
    this.#claims = intents.queue<JoinBody, Joined>(
      {
        kind: 'claim',
        maxWaitMs: INTENT_WAIT_MAX_MS,
        maxRunning: MAX_RUNNING_JOINS,
        run: (intent, run) => this.#claim(intent, run),
        fate: joinFate,
        identity,
      },
      INTENT_KIND.claim,
      joinBody,
    )
  }

  /**
   * Joins with an invitation made for one of our identities. Resolves once the anchor says that it is a member.
   * @throws INVITATION_INVALID, IDENTITY_NOT_OWNED, CONTEXT_NOT_A_MEMBER, ANCHOR_*
   */
  async join(text: string, options: Signalled = {}): Promise<Joined> {
    const content = decodeInvitation(text)
    if (isZero(content.invitee)) {
      throw contextError('INVITATION_INVALID', 'this is an open invitation: join with joinOpen')
    }
    const member = PublicKey.from(content.invitee)
    this.#c.identities.require(member)
    await checkAnchor(this.#c.groups, content, options.signal)
    const context = ContextId.from(content.context)
    await this.#c.contexts.forgotten(context)
    return this.#enterAs(context, member, bodyOf(content), options)
  }

  /** Joins with an open invitation, as a new identity or the one given. The same call again joins what the first one began. */
  async joinOpen(
    text: string,
    options: Signalled & { readonly identity?: PublicKey } = {},
  ): Promise<Joined> {
    const content = decodeInvitation(text)
    if (content.ticket.length === 0) {
      throw contextError('INVITATION_INVALID', 'this invitation names its invitee: join with join')
    }
    await checkAnchor(this.#c.groups, content, options.signal)
    const context = ContextId.from(content.context)
    await this.#c.contexts.forgotten(context)
    const body = { ...bodyOf(content), ticket: this.#c.atRest.seal(content.ticket) }
    const { identity, signal } = options
    if (identity !== undefined) this.#c.identities.require(identity)
    const begun = this.#begun(context, body.ticketHash, identity)
    if (begun?.claimed === true) return this.#enterAs(context, begun.member, body, options)
    const member = identity ?? begun?.member ?? (await this.#c.identities.create()).publicKey
    try {
      await this.#claims.ask(context, member, body, { signal })
    } catch (error) {
      // used up by ourselves: the answer to that was lost, or nobody waited for it
      const own = this.#claimed.get(ticketKey(context, body.ticketHash))
      const isEcho = identity === undefined && isRejectedAs(error, 'InvitationUsed')
      if (!isEcho || own === undefined) throw error
      return this.#enterAs(context, own, body, options)
    }
    return this.#enterAs(context, member, body, options)
  }

  /** A peer connected, or a member proved itself: whoever waits for one may go on. */
  wake(context?: ContextId): void {
    this.#joins.wake((intent) => context === undefined || equalBytes(intent.context, context))
  }

  /** The anchor has moved: whoever waits for it may go on. */
  anchorMoved(): void {
    this.#claims.wake()
    this.#joins.wake((intent) => this.#c.contexts.replica(intent.context) === undefined)
  }

  /** A join or a claim of this very ticket that goes on already, of an identity or of whichever. */
  #begun(
    context: ContextId,
    ticketHash: Uint8Array,
    identity: PublicKey | undefined,
  ): { readonly member: PublicKey; readonly claimed: boolean } | undefined {
    for (const queue of [this.#claims, this.#joins]) {
      const [found] = queue.filter(
        ({ context: other, part, body, isOver }) =>
          !isOver &&
          equalBytes(other, context) &&
          equalBytes(body.ticketHash, ticketHash) &&
          (identity === undefined || equalBytes(part, identity)),
      )
      if (found !== undefined) {
        return { member: PublicKey.from(found.part), claimed: queue === this.#joins }
      }
    }
    return undefined
  }

  #enterAs(
    context: ContextId,
    member: PublicKey,
    body: JoinBody,
    { signal }: Signalled,
  ): Promise<Joined> {
    return this.#joins.ask(context, member, this.#joinBody(context, member, body), { signal })
  }

  /** What a join needs, without the ticket; and what an earlier invitation said of where members are may still be true. */
  #joinBody(context: ContextId, member: PublicKey, body: JoinBody): JoinBody {
    const before = this.#joins.get(context, member)?.body
    const addresses = [...new Set([...body.addresses, ...(before?.addresses ?? [])])]
    const isSame = before !== undefined && equalBytes(before.ticketHash, body.ticketHash)
    return {
      ...body,
      height: isSame && before.height > body.height ? before.height : body.height,
      addresses: addresses.slice(0, 2 * MAX_INVITATION_ADDRESSES),
      ticket: EMPTY,
    }
  }

  /** Uses the ticket, unless an earlier try did. */
  async #claim(intent: Intent<JoinBody>, { signal }: Run<Joined>): Promise<Joined> {
    const { context, body, part } = intent
    const anchor = await invitedAnchor(this.#c.groups, body, signal)
    const member = PublicKey.from(part)
    let height = 0n
    const now = { finality: 'optimistic', signal } as const
    if ((await memberRead(anchor, context, member, now)) !== undefined) {
      // what is final stays: a later list that lacks the member is one it was removed from
      height = (await memberRead(anchor, context, member, { signal }))?.evidence.height ?? 0n
    } else {
      try {
        const signer = this.#c.identities.signer(member)
        const ticket = this.#c.atRest.open(body.ticket)
        const { evidence } = await anchor.claimInvitation(ticket, signer, { signal })
        height = evidence.height
      } catch (error) {
        if (!this.#isMemberAnyway(member, error)) throw orOwnEcho(intent, error)
      }
    }
    const join = this.#joinBody(context, member, { ...body, height })
    await this.#joins.open(context, member, join) // before this intent goes
    this.#claimed.set(ticketKey(context, body.ticketHash), member)
    return { context, member }
  }

  /** Whether a refused claim says, or does not speak against it, that the identity is in: what is read may lag behind what refuses. */
  #isMemberAnyway(member: PublicKey, error: unknown): boolean {
    if (isRejectedAs(error, 'AlreadyMember')) return true
    const group = this.#c.identities.groupOf(member)
    if (group === undefined || !isOwnEcho(error)) return false
    return this.#c.groups.get(group)?.hasDeparted(member) === false
  }

  /** Makes the context's rows, and finds a member. */
  async #join(intent: Intent<JoinBody>, run: Run<Joined>): Promise<Joined> {
    const { context, body, part } = intent
    const joined = { context, member: PublicKey.from(part) }
    const replica = await this.#enter(intent, joined.member, run.signal)
    run.reached(joined)
    // also where a member seems to be online: an old connection may be dead, and what the invitation says of where members are goes with this intent
    await this.#c.sync().meet(context, body.addresses, { signal: run.signal })
    if (this.#hasArrived(replica, joined.member)) return joined
    throw contextError(
      'CONTEXT_UNINITIALIZED',
      'a member was met, and its state has not arrived yet',
    )
  }

  /** A member is online, from whom the others are learnt, and there is a state, or there will be none: a relay can open nothing. */
  #hasArrived({ state, group }: ContextReplica, member: PublicKey): boolean {
    if (this.#c.sync().membersOnline(state.id).length === 0) return false
    return state.hasState || group.roleOf(member) === 'relay'
  }

  async #enter(
    { context, body }: Intent<JoinBody>,
    member: PublicKey,
    signal: AbortSignal,
  ): Promise<ContextReplica> {
    const known = this.#c.contexts.replica(context)
    const owned = known?.group.owned() ?? []
    if (known !== undefined && owned.some(({ publicKey }) => equalBytes(publicKey, member))) {
      return known
    }
    const anchor = await invitedAnchor(this.#c.groups, body, signal)
    const read = await anchor.readContext(context, { signal })
    if (read === undefined) {
      throw contextError('ANCHOR_NO_CONTEXT', `the anchor knows no context ${idText(context)}`)
    }
    const { group } = read.value
    if ((await anchor.readMember(group, member, { signal })) === undefined) {
      const snapshot = await anchor.readMembers(group, { signal })
      const isHere = snapshot?.value.members.some(({ identity }) => equalBytes(identity, member))
      const revision = snapshot?.value.revision ?? 0n
      if (isHere === true || isOlder(snapshot, body)) throw anchorBehind(revision)
      throw notAMember(member)
    }
    return this.#c.contexts.admit(read.value, member, body.protocol, { signal })
  }
}

function ticketKey(context: ContextId, ticketHash: Uint8Array): string {
  return idKey(context) + toHex(ticketHash)
}

function bodyOf(content: InvitationContent): JoinBody {
  const { protocol, contract, addresses, revision, ticket } = content
  const ticketHash = ticket.length === 0 ? EMPTY : sha256(ticket)
  const nothing = { height: 0n, ticket: EMPTY }
  return { ...nothing, protocol, contract, addresses: [...addresses], revision, ticketHash }
}

/** What the anchor says of an identity; undefined when it is no member. */
async function memberRead(
  anchor: Anchor,
  context: ContextId,
  member: PublicKey,
  options: ReadOptions,
): Promise<Read<MemberRecord> | undefined> {
  const read = await anchor.readContext(context, options)
  return read && anchor.readMember(read.value.group, member, options)
}

/** Whether a view of the members may be older than the admission. Who invites by name has waited until that is final. */
function isOlder(
  snapshot: Read<MemberSnapshot> | undefined,
  { revision, height, ticketHash }: JoinBody,
): boolean {
  if (snapshot === undefined) return true
  if (ticketHash.length === 0) return snapshot.value.revision < revision
  return height === 0n || snapshot.evidence.height < height
}

/** An anchor that does not know of the context, or of a claim that went through, may be behind; but not for ever. */
function joinFate(failure: MerogateError, { tries }: Intent<JoinBody>): Fate {
  const mayLag = failure.code === 'ANCHOR_NO_CONTEXT' || failure.code === 'ANCHOR_BEHIND'
  return mayLag && tries >= MAX_LAG_TRIES ? 'refused' : fateOf(failure)
}

/**
 * The same ticket again is refused when the claim before went through, and membership may be seen later than that. An earlier try may have sent it,
 * also one that counts for none because its process ended.
 */
function orOwnEcho({ isFresh, tries }: Intent<JoinBody>, error: unknown): unknown {
  if (isFresh || tries >= MAX_LAG_TRIES || !isOwnEcho(error)) return error
  const message =
    'the ticket is used up, as by an earlier try whose answer was lost, and the anchor does not show it yet'
  return contextError('ANCHOR_BEHIND', message, {}, { cause: error })
}

function isOwnEcho(error: unknown): boolean {
  return isMerogateError(error) && OWN_ECHO.has(refusalName(error))
}

function notAMember(member: PublicKey): MerogateError {
  return contextError('CONTEXT_NOT_A_MEMBER', `${idText(member)} is no member of the context`, {
    publicKey: idText(member),
  })
}
