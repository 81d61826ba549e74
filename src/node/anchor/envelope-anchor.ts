/**
 * An `Anchor` over anything that applies envelopes: signs with the right nonce, splits large lists, reads member lists at one
 * revision, survives lost answers, and watches. One file for the authority in this process and for the one behind HTTP.
 */
import { isMerogateError, throwIfAborted } from '../errors.ts'
import { toHex } from '../primitives/bytes.ts'
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
  Signer,
} from './anchor.ts'
import { envelopeCodec, envelopeDigest } from './envelope.ts'
import { anchorError, refusal, rejected } from './errors.ts'
import { MAX_BATCH, MAX_PAGE, MAX_QUEUED_OPERATIONS } from './limits.ts'
import type { SignedEnvelope } from './model/decide.ts'
import { validateOperation } from './model/validate.ts'
import type { Domain, Operation, Subject } from './operations.ts'
import { SerialQueue } from './serial.ts'
import type { Answer, EnvelopeService, ServiceOptions, Submission } from './service.ts'
import { splitOperation } from './split.ts'
import { claimTicket, createTicket, decodeTicket } from './ticket.ts'
import { pause, Watcher } from './watcher.ts'

/** Seconds that a signed envelope stays valid: time for a slow anchor, and little for whoever keeps a copy. */
export const ENVELOPE_VALIDITY_SECONDS = 600n
/** Pauses before a transport failure is tried again, ms; one more failure is the caller's. */
export const RETRY_PAUSES_MS: readonly number[] = [50, 150, 400]
/** Times a member list is read anew because it changed between two pages. */
export const MAX_SNAPSHOT_ATTEMPTS = 16

export interface EnvelopeAnchorInit {
  readonly protocol: string
  readonly network: string
  readonly contract: string
  readonly service: EnvelopeService
}

interface WatchEvents {
  change: AnchorChange
}

const SUPPORTS: AnchorManifest = {
  finality: ['final'],
  eventPush: true,
  proposals: false,
  sponsoredFees: true,
  maxBatch: MAX_BATCH,
}

class EnvelopeAnchor implements Anchor {
  readonly protocol: string
  readonly network: string
  readonly contract: string
  readonly supports: AnchorManifest = SUPPORTS
  readonly #service: EnvelopeService
  readonly #clock: Clock
  readonly #random: Random
  readonly #emitter: Emitter<WatchEvents>
  readonly #watcher: Watcher
  readonly #queues = new Map<string, SerialQueue>()
  #domain: Domain | undefined
  /** Ends requests under way when the anchor stops: a service that hangs must not hold up who waits for them. */
  #ended = new AbortController()

  constructor(init: EnvelopeAnchorInit, { clock, random, logger }: AnchorComponents) {
    this.protocol = init.protocol
    this.network = init.network
    this.contract = init.contract
    this.#service = init.service
    this.#clock = clock
    this.#random = random
    const child = logger.child({ component: 'anchor', protocol: init.protocol })
    this.#emitter = new Emitter(child)
    this.#watcher = new Watcher({
      service: init.service,
      clock,
      logger: child,
      onChange: (change) => this.#emitter.emit('change', change),
    })
  }

  async start(): Promise<void> {
    this.#ended = new AbortController()
    await this.#watcher.start()
  }

  async stop(): Promise<void> {
    this.#ended.abort()
    await this.#watcher.stop()
  }

  async readContext(
    id: ContextId,
    options?: ReadOptions,
  ): Promise<Read<ContextRecord> | undefined> {
    return toRead(await this.#retry((service, within) => service.readContext(id, within), options))
  }

  async readGroup(id: GroupId, options?: ReadOptions): Promise<Read<GroupRecord> | undefined> {
    return toRead(await this.#retry((service, within) => service.readGroup(id, within), options))
  }

  async readMember(
    group: GroupId,
    identity: PublicKey,
    options?: ReadOptions,
  ): Promise<Read<MemberRecord> | undefined> {
    return toRead(
      await this.#retry((service, within) => service.readMember(group, identity, within), options),
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
    const [first, ...more] = splitOperation(operation)
    let receipt = await this.#submitInTurn(subject, first, signer, options)
    for (const part of more) receipt = await this.#submitInTurn(subject, part, signer, options)
    return receipt
  }

  async createInvitation(
    group: GroupId,
    init: InvitationInit,
    inviter: Signer,
  ): Promise<Uint8Array> {
    return createTicket(await this.#readDomain({}), group, init, inviter, this.#random)
  }

  async claimInvitation(
    ticket: Uint8Array,
    signer: Signer,
    options: ServiceOptions = {},
  ): Promise<Receipt> {
    const decoded = decodeTicket(ticket)
    return this.submit(decoded.terms.group, claimTicket(decoded, signer), signer, options)
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
    for (;;) {
      const offset = members.length
      const answer = await this.#retry(
        (service, within) => service.readMemberPage(group, offset, MAX_PAGE, within),
        options,
      )
      const page = answer.value
      if (page === undefined) return undefined
      revision ??= page.revision
      if (page.revision !== revision) return 'changed'
      members.push(...page.items)
      if (members.length >= page.total || page.items.length === 0) {
        return toRead({ value: { revision, members }, height: answer.height })
      }
    }
  }

  /** Operations of one signer on one subject go one after another: each needs the nonce that the one before leaves. */
  async #submitInTurn(
    subject: Subject,
    operation: Operation,
    signer: Signer,
    options: ServiceOptions,
  ): Promise<Receipt> {
    if (validateOperation(operation) === 'LimitExceeded') {
      throw anchorError(
        'ANCHOR_LIMIT',
        `expected ${operation.kind} within the anchor's bounds, got one beyond; see the limits page`,
        { operation: operation.kind },
      )
    }
    const key = idKey(signer.publicKey)
    const queue = this.#queues.get(key) ?? new SerialQueue('this signer', MAX_QUEUED_OPERATIONS)
    this.#queues.set(key, queue)
    try {
      return await queue.run(() => this.#signAndSend(subject, operation, signer, options))
    } finally {
      if (queue.size === 0) this.#queues.delete(key)
    }
  }

  async #signAndSend(
    subject: Subject,
    operation: Operation,
    signer: Signer,
    options: ServiceOptions,
  ): Promise<Receipt> {
    const nonce = await this.#readNonce(subject, operation, signer, options)
    let result = await this.#send(subject, operation, signer, nonce, options)
    if (!result.accepted && result.refusal.expected !== undefined) {
      // the nonce moved since we read it: somebody else signs with the same key
      result = await this.#send(subject, operation, signer, result.refusal.expected, options)
    }
    if (result.accepted) {
      return { transaction: result.transaction, evidence: finalEvidence(result.height) }
    }
    if (result.refusal.name === 'WrongDomain') this.#domain = undefined // a new authority behind the same address
    throw rejected(result.refusal, operation.kind)
  }

  async #send(
    subject: Subject,
    operation: Operation,
    signer: Signer,
    nonce: bigint,
    options: ServiceOptions,
  ): Promise<Submission> {
    const domain = await this.#readDomain(options)
    const now = BigInt(Math.floor(this.#clock.nowMs() / 1000))
    const envelope = envelopeCodec.encode({
      domain,
      // a group's id and a context's are told apart by the operation
      subject,
      signer: signer.publicKey,
      nonce,
      validUntil: now + ENVELOPE_VALIDITY_SECONDS,
      operation,
    })
    const signature = signer.sign(envelopeDigest(envelope))
    return this.#sendOnce({ envelope, signature }, options)
  }

  /** The same bytes until an answer comes. A refusal after a lost answer may be the echo of our own success: then we ask. */
  async #sendOnce(signed: SignedEnvelope, options: ServiceOptions): Promise<Submission> {
    let sent = 0
    const result = await this.#retry((service, within) => {
      sent++
      return service.submit(signed, within)
    }, options)
    if (result.accepted || sent === 1) return result
    const transaction = toHex(envelopeDigest(signed.envelope))
    const height = await this.#retry(
      (service, within) => service.findTransaction(transaction, within),
      options,
    )
    return height === undefined ? result : { accepted: true, transaction, height }
  }

  /** The signer's next nonce in the operation's group; 0 where it has no record yet, which the anchor will judge. */
  async #readNonce(
    subject: Subject,
    operation: Operation,
    signer: Signer,
    options: ServiceOptions,
  ): Promise<bigint> {
    let group = GroupId.from(subject)
    if (operation.kind === 'claimInvitation') return 0n
    if (operation.kind === 'createContext') {
      if (operation.group === undefined) return 0n
      group = operation.group
    }
    if (operation.kind === 'updateApplication') {
      const { value } = await this.#retry(
        (service, within) => service.readContext(subject as ContextId, within), // by the operation's kind
        options,
      )
      if (value === undefined) throw rejected(refusal('ContextNotFound'), operation.kind)
      group = value.group
    }
    const { value } = await this.#retry(
      (service, within) => service.readMember(group, signer.publicKey, within),
      options,
    )
    return value?.nonce ?? 0n
  }

  async #readDomain(options: ServiceOptions): Promise<Domain> {
    this.#domain ??= await this.#retry((service, within) => service.readDomain(within), options)
    return this.#domain
  }

  /** Calls until there is an answer, within the pauses of {@link RETRY_PAUSES_MS}. Only what may have got lost is repeated. */
  async #retry<T>(
    call: (service: EnvelopeService, options: ServiceOptions) => Promise<T>,
    options: ServiceOptions = {},
  ): Promise<T> {
    const ended = this.#ended.signal
    const signal = options.signal === undefined ? ended : AbortSignal.any([options.signal, ended])
    for (const ms of RETRY_PAUSES_MS) {
      throwIfAborted(signal)
      try {
        return await call(this.#service, { signal })
      } catch (error) {
        if (!isMerogateError(error, 'ANCHOR_UNREACHABLE')) throw error
      }
      await pause(this.#clock, ms, signal)
    }
    throwIfAborted(signal)
    return call(this.#service, { signal })
  }
}

function finalEvidence(height: bigint): Receipt['evidence'] {
  return { height, finality: 'final', certified: false }
}

function toRead<T>({ value, height }: Answer<T | undefined>): Read<T> | undefined {
  return value === undefined ? undefined : { value, evidence: finalEvidence(height) }
}

/** Makes an anchor over a service. The service's own life is its owner's. */
export function envelopeAnchor(init: EnvelopeAnchorInit): AnchorFactory {
  return (components) => new EnvelopeAnchor(init, components)
}
