/**
 * An `Anchor` over anything that applies envelopes: signs with the right nonce, splits large lists, reads member lists at one
 * revision, survives lost answers, and watches. One file for the authority in this process and for the one behind HTTP.
 */
import type { Clock, Random } from '../primitives/clock.ts'
import { Emitter } from '../primitives/emitter.ts'
import { GroupId, idKey, type ContextId, type PublicKey } from '../primitives/ids.ts'
import type {
  Anchor,
  AnchorChange,
  AnchorComponents,
  AnchorFactory,
  AnchorManifest,
  ContextRecord,
  GroupRecord,
  InvitationInit,
  MemberRecord,
  MemberSnapshot,
  Read,
  ReadOptions,
  Receipt,
  SecondWord,
  Signer,
} from './anchor.ts'
import { deriveContextId, envelopeCodec } from './envelope.ts'
import { EnvelopeSender, toRead, type Accepted } from './envelope-sender.ts'
import { anchorError, isRejectedAs, refusal, rejected } from './errors.ts'
import { FollowingAnchor } from './following-anchor.ts'
import type { FatesInit, UnsettledOperation } from './fates.ts'
import { MAX_INVITATION_SECONDS, MAX_PAGE } from './limits.ts'
import { validateOperation } from './validate.ts'
import type { SaidNonce } from './nonces.ts'
import type { Operation, Subject } from './operations.ts'
import { EnvelopeRegistry } from './packages/envelope-registry.ts'
import type { PackageService } from './packages/service.ts'
import type {
  Answer,
  EnvelopeService,
  QueryOptions,
  ServiceOptions,
  SignatureScheme,
  Standing,
} from './service.ts'
import { splitOperation } from './split.ts'
import { claimTicket, createTicket, decodeTicket, ED25519_SCHEME } from './ticket.ts'
import { Watcher } from './watcher.ts'

/** Times a member list is read anew because it changed between two pages. */
export const MAX_SNAPSHOT_ATTEMPTS = 16

export interface EnvelopeAnchorInit {
  readonly protocol: string
  readonly network: string
  readonly contract: string
  readonly service: EnvelopeService
  /** The package registry beside it. @default none */
  readonly packages?: PackageService
}

interface WatchEvents {
  change: AnchorChange
}

const SUPPORTS: AnchorManifest = {
  finality: ['final'],
  eventPush: true,
  proposals: false,
  sponsoredFees: true,
  packages: false,
  maxBatch: {},
}

class EnvelopeAnchor implements Anchor {
  readonly protocol: string
  readonly network: string
  readonly contract: string
  readonly supports: AnchorManifest
  readonly packages?: EnvelopeRegistry
  readonly #scheme: SignatureScheme
  readonly #service: EnvelopeService
  readonly #sender: EnvelopeSender<EnvelopeService>
  readonly #clock: Clock
  readonly #random: Random
  readonly #emitter: Emitter<WatchEvents>
  readonly #watcher: Watcher

  constructor(init: EnvelopeAnchorInit, given: AnchorComponents) {
    const { clock, random, logger, cursors, fates } = given
    this.protocol = init.protocol
    this.network = init.network
    this.contract = init.contract
    this.supports = { ...SUPPORTS, packages: init.packages !== undefined, ...init.service.supports }
    this.#service = init.service
    this.#scheme = init.service.scheme ?? ED25519_SCHEME
    this.#clock = clock
    this.#random = random
    const child = logger.child({ component: 'anchor', protocol: init.protocol })
    this.#emitter = new Emitter(child)
    const name = `${init.protocol}/${init.network}/${init.contract}`
    const keptFor = (contract: string): FatesInit['kept'] => fates && { store: fates, contract }
    const sending = { clock, logger: child }
    this.#sender = new EnvelopeSender({
      ...{ service: init.service, ...sending, kept: keptFor(name) },
      onFound: (subject, height) => this.#emitter.emit('change', { subject, height }),
    })
    if (init.packages !== undefined) {
      const kept = keptFor(`${name}/packages`)
      this.packages = new EnvelopeRegistry(init.packages, { ...sending, kept })
    }
    this.#watcher = new Watcher({
      service: init.service,
      clock,
      logger: child,
      onChange: (change) => this.#emitter.emit('change', change),
      cursor: cursors && { store: cursors, name },
    })
  }

  async start(): Promise<void> {
    await this.#sender.start()
    await this.packages?.start()
    await this.#service.lifecycle?.start()
    await this.#watcher.start()
  }

  async stop(): Promise<void> {
    await this.#sender.stop()
    await this.packages?.stop()
    await this.#watcher.stop()
    await this.#service.lifecycle?.stop()
  }

  async contextId(author: PublicKey, salt: Uint8Array): Promise<ContextId> {
    const isSuccessor = await this.#sender.retry(
      async (service, within) => (await service.hasPredecessor?.(within)) ?? false,
      {},
    )
    const { contract } = isSuccessor ? await this.#sender.readDomain({}) : { contract: undefined }
    return deriveContextId(author, salt, contract)
  }

  async readContext(
    id: ContextId,
    options?: ReadOptions,
  ): Promise<Read<ContextRecord> | undefined> {
    return toRead(
      await this.#sender.retry((service, within) => service.readContext(id, within), options),
    )
  }

  async readGroup(id: GroupId, options?: ReadOptions): Promise<Read<GroupRecord> | undefined> {
    return toRead(
      await this.#sender.retry((service, within) => service.readGroup(id, within), options),
    )
  }

  async readMember(
    group: GroupId,
    identity: PublicKey,
    options?: ReadOptions,
  ): Promise<Read<MemberRecord> | undefined> {
    return toRead(
      await this.#sender.retry(
        (service, within) => service.readMember(group, identity, within),
        options,
      ),
    )
  }

  async readMembers(
    group: GroupId,
    options: ReadOptions = {},
  ): Promise<Read<MemberSnapshot> | undefined> {
    for (let attempt = 0; attempt < MAX_SNAPSHOT_ATTEMPTS; attempt++) {
      const snapshot = await this.#readPages(group, options)
      if (snapshot !== 'changed') return snapshot
    }
    throw anchorError(
      'ANCHOR_BUSY',
      `the member list changed during each of ${MAX_SNAPSHOT_ATTEMPTS} readings; try again later`,
      { attempts: MAX_SNAPSHOT_ATTEMPTS },
    )
  }

  async submit(
    subject: Subject,
    operation: Operation,
    signer: Signer,
    options: ServiceOptions = {},
  ): Promise<Receipt> {
    const [first, ...more] = splitOperation(operation, this.supports.maxBatch)
    let last = await this.#send(subject, first, signer, options)
    const before: Accepted[] = []
    for (const part of more) {
      before.push(last)
      try {
        last = await this.#send(subject, part, signer, options)
      } catch (error) {
        this.#sender.abandon(before, error)
        throw error
      }
    }
    return this.#sender.settle([last, ...before], operation.kind, options)
  }

  async createInvitation(
    group: GroupId,
    init: InvitationInit,
    inviter: Signer,
  ): Promise<Uint8Array> {
    const until = BigInt(Math.floor(this.#clock.nowMs() / 1000)) + MAX_INVITATION_SECONDS
    if (init.notAfter > until) {
      throw anchorError(
        'ANCHOR_LIMIT',
        `expected an invitation that ends within ${MAX_INVITATION_SECONDS / 86_400n} days, got a later one`,
        { max: String(MAX_INVITATION_SECONDS) },
      )
    }
    const domain = await this.#sender.readDomain({})
    const standing = await this.#standingOf(group, inviter.publicKey)
    if (standing.joinedRevision === 0n) throw rejected(refusal('NotAMember'), 'an invitation')
    const given = { ...init, standing }
    return createTicket(domain, group, given, inviter, this.#random, this.#scheme)
  }

  async claimInvitation(
    ticket: Uint8Array,
    signer: Signer,
    options: ServiceOptions = {},
  ): Promise<Receipt> {
    const decoded = decodeTicket(ticket)
    const operation = claimTicket(decoded, signer, this.#scheme)
    return this.submit(decoded.terms.group, operation, signer, options)
  }

  /**
   * An inviter's membership and series as two endpoints say where there are two: a ticket with a later series would be good once the inviter voids
   * those it gave. As things stand now: what changed them need not be final yet. @throws ANCHOR_NONCE (transport)
   */
  async #standingOf(group: GroupId, inviter: PublicKey): Promise<Standing> {
    const ask = (options: SecondWord): Promise<Answer<Standing>> =>
      this.#sender.retry((service, within) => service.readStanding(group, inviter, within), {
        ...options,
        finality: 'optimistic',
      })
    const { value, source } = await ask({})
    if (source === undefined) return value
    const second = await ask({ besides: source })
    const isBorneOut = (['joinedRevision', 'series'] as const).every(
      (part) => value[part] === second.value[part],
    )
    if (isBorneOut) return value
    throw anchorError(
      'ANCHOR_NONCE',
      `expected an inviter's membership and series that two endpoints bear out, got others from ${source} than from ${second.source ?? 'another'}: nothing was signed`,
      { sources: [source, second.source ?? ''] },
    )
  }

  unsettled(): readonly UnsettledOperation[] {
    const all = [...this.#sender.unsettled(), ...(this.packages?.unsettled() ?? [])]
    return all.sort((a, b) => a.sinceMs - b.sinceMs)
  }

  get told(): bigint {
    return this.#watcher.told
  }

  watch(listener: (change: AnchorChange) => void): () => void {
    return this.#emitter.on('change', listener)
  }

  /** All pages at one revision, or word that it moved between two of them. */
  async #readPages(
    group: GroupId,
    options: ReadOptions,
  ): Promise<Read<MemberSnapshot> | 'changed' | undefined> {
    const members: MemberRecord[] = []
    let revision: bigint | undefined
    let at: bigint | undefined
    for (;;) {
      const offset = members.length
      const answer = await this.#sender.retry(
        (service, within) => service.readMemberPage(group, offset, MAX_PAGE, { ...within, at }),
        options,
      )
      at = answer.height
      const page = answer.value
      if (page === undefined) return undefined
      revision ??= page.revision
      if (page.revision !== revision || answer.isDetached === true) return 'changed'
      members.push(...page.items)
      if (members.length >= page.total || page.items.length === 0) {
        return toRead({ ...answer, value: { revision, members } })
      }
    }
  }

  #send(
    subject: Subject,
    operation: Operation,
    signer: Signer,
    options: ServiceOptions,
  ): Promise<Accepted> {
    return this.#sender.send(
      {
        kind: operation.kind,
        ...{ signer, subject },
        leaves: operation.kind === 'bumpNonce' ? operation.to : undefined,
        wrong: validateOperation(operation),
        readNonce: (word) => this.#readNonce(subject, operation, signer, { ...options, ...word }),
        // a group's id and a context's are told apart by the operation
        encode: (head) => envelopeCodec.encode({ ...head, subject, operation }),
      },
      options,
    )
  }

  /**
   * The signer's next nonce in the operation's group; 0 where there is nothing of it, or seems to be: what is read may lag behind what judges, which
   * names the right one.
   */
  async #readNonce(
    subject: Subject,
    operation: Operation,
    signer: Signer,
    options: QueryOptions,
  ): Promise<SaidNonce> {
    const first = { nonce: 0n, series: '' }
    // as things stand now: what this signer sent before need not be final yet
    const present = { ...options, finality: 'optimistic' } as const
    try {
      const group = await this.#groupOf(subject, operation, present)
      if (group === undefined) return first
      const { value, source } = await this.#sender.retry(
        (service, within) => service.readStanding(group, signer.publicKey, within),
        present,
      )
      const { nonce, joinedRevision } = value
      // each membership has nonces of its own; before it there is what is kept of those that were
      const isMember = joinedRevision > 0n
      const series = `${idKey(signer.publicKey)} ${idKey(group)} ${joinedRevision}`
      return { nonce, series: isMember ? series : '', source }
    } catch (error) {
      if (isRejectedAs(error, 'ContextNotFound')) return first
      throw error
    }
  }

  /** The group an operation is about; undefined where it makes one, or none can be read. */
  async #groupOf(
    subject: Subject,
    operation: Operation,
    options: QueryOptions,
  ): Promise<GroupId | undefined> {
    if (operation.kind === 'createContext') return operation.group
    if (operation.kind !== 'updateApplication') return GroupId.from(subject)
    const { value } = await this.#sender.retry(
      (service, within) => service.readContext(subject as ContextId, within), // by the operation's kind
      options,
    )
    return value?.group
  }
}

/** Makes an anchor over a service, which goes with the groups that move where that can be. The service's own life is its owner's. */
export function envelopeAnchor(init: EnvelopeAnchorInit): AnchorFactory {
  const open = (hop: EnvelopeAnchorInit, components: AnchorComponents): Anchor =>
    new EnvelopeAnchor(hop, components)
  return (components) =>
    init.service.successor === undefined
      ? open(init, components)
      : new FollowingAnchor({ ...init, open }, components)
}
