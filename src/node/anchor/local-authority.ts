/**
 * The authority without a chain: the reference model with its state in memory, applying envelopes one after another, and optionally a
 * file that survives. It trusts nobody who sends; whoever runs it decides what is accepted at all, like the operator of a chain with one
 * validator.
 */
import { isStrongKey, verifySignature } from '../crypto/sign.ts'
import { toHex, utf8 } from '../primitives/bytes.ts'
import type { Clock } from '../primitives/clock.ts'
import type { ContextId, GroupId, PublicKey } from '../primitives/ids.ts'
import type { Logger } from '../primitives/logger.ts'
import type { Startable, Status } from '../primitives/startable.ts'
import type { AnchorComponents, ContextRecord, GroupRecord, MemberRecord } from './anchor.ts'
import { ChangeLog } from './change-log.ts'
import { envelopeDigest } from './envelope.ts'
import { toMerogateError } from '../errors.ts'
import { anchorError, refusal, rejected } from './errors.ts'
import { MAX_QUEUED_OPERATIONS, MAX_REMEMBERED_TRANSACTIONS } from './limits.ts'
import { decide, type SignedEnvelope } from './model/decide.ts'
import type { AnchorEvent } from './model/events.ts'
import * as queries from './model/queries.ts'
import type { KeyRules } from './model/request.ts'
import { MemoryState } from './model/state.ts'
import { OperationLog, type LoggedOperation } from './operation-log.ts'
import type { Domain } from './operations.ts'
import { SerialQueue } from './serial.ts'
import type { Answer, Changes, EnvelopeService, ServiceOptions, Submission } from './service.ts'

/** Chain number of the local authority in a domain. */
export const LOCAL_CHAIN = 0

/** Address of the one contract a local authority has. */
const LOCAL_CONTRACT = 'local'

export interface LocalAuthorityInit {
  /** File that keeps what was accepted; made when missing. One process at a time. @default none: everything is gone at the end */
  readonly file?: string | undefined
  /** 32 bytes that tell this authority from every other. A file remembers its own. @default random */
  readonly network?: Uint8Array
  /** Called for every event, in order, also for those read back from the file. */
  readonly onEvent?: (event: AnchorEvent) => void
}

/** See {@link localAuthority}. Usable between start and stop. @throws ANCHOR_STOPPED (transport) otherwise */
export interface LocalAuthority extends EnvelopeService, Startable {
  readonly status: Status
  /** Number of operations accepted so far. */
  readonly height: bigint
}

const KEYS: KeyRules = { isStrong: isStrongKey, verify: verifySignature }

class ModelAuthority implements LocalAuthority {
  readonly #init: LocalAuthorityInit
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #transactions = new Map<string, bigint>()
  readonly #queue = new SerialQueue('the local anchor', MAX_QUEUED_OPERATIONS)
  #state = new MemoryState()
  #changes: ChangeLog
  #domain: Domain
  #log: OperationLog | undefined
  #failure: Error | undefined
  #status: Status = 'stopped'

  constructor(init: LocalAuthorityInit, { clock, random, logger }: AnchorComponents) {
    this.#init = init
    this.#clock = clock
    this.#logger = logger.child({ component: 'local-anchor' })
    this.#changes = new ChangeLog(clock)
    const network = init.network ?? random.bytes(32)
    this.#domain = { chain: LOCAL_CHAIN, network, contract: utf8(LOCAL_CONTRACT) }
  }

  get status(): Status {
    return this.#status
  }

  get height(): bigint {
    return this.#changes.height
  }

  async start(): Promise<void> {
    if (this.#status !== 'stopped') return
    this.#status = 'starting'
    const { file } = this.#init
    try {
      if (file !== undefined) await this.#load(file)
    } catch (error) {
      this.#status = 'stopped'
      throw error
    }
    this.#status = 'started'
    this.#logger.debug({ height: String(this.height), file }, 'local anchor started')
  }

  async stop(): Promise<void> {
    if (this.#status !== 'started') return
    this.#status = 'stopping'
    this.#changes.wake()
    await this.#queue.idle()
    await this.#log?.close()
    this.#log = undefined
    this.#status = 'stopped'
  }

  async readDomain(): Promise<Domain> {
    this.#assertStarted()
    return this.#domain
  }

  async readContext(id: ContextId): Promise<Answer<ContextRecord | undefined>> {
    return this.#answer(queries.readContext(this.#state, id))
  }

  async readGroup(id: GroupId): Promise<Answer<GroupRecord | undefined>> {
    return this.#answer(queries.readGroup(this.#state, id))
  }

  async readMember(group: GroupId, identity: PublicKey): Promise<Answer<MemberRecord | undefined>> {
    if (queries.readGroup(this.#state, group) === undefined) {
      throw rejected(refusal('ContextNotFound'), 'readMember')
    }
    return this.#answer(queries.readMember(this.#state, group, identity))
  }

  async readMemberPage(
    group: GroupId,
    offset: number,
    length: number,
  ): Promise<Answer<queries.MemberPage | undefined>> {
    return this.#answer(queries.readMemberPage(this.#state, group, offset, length))
  }

  async findTransaction(transaction: string): Promise<bigint | undefined> {
    this.#assertStarted()
    return this.#transactions.get(transaction)
  }

  async submit(signed: SignedEnvelope): Promise<Submission> {
    this.#assertStarted()
    return this.#queue.run(() => this.#submit(signed))
  }

  async waitForChanges(
    since: bigint | undefined,
    waitMs: number,
    { signal }: ServiceOptions = {},
  ): Promise<Changes> {
    this.#assertStarted()
    return this.#changes.wait(since, waitMs, signal)
  }

  async #submit(signed: SignedEnvelope): Promise<Submission> {
    if (this.#failure !== undefined) throw this.#failure
    const now = BigInt(Math.floor(this.#clock.nowMs() / 1000))
    const decision = decide(this.#state, signed, { domain: this.#domain, now, keys: KEYS })
    if (!decision.accepted) {
      const { number, name } = decision.refusal
      this.#logger.debug({ number, name }, 'operation refused')
      return decision
    }
    try {
      await this.#log?.append({ ...signed, time: now })
    } catch (error) {
      this.#failure = toMerogateError(error)
      throw error
    }
    const transaction = this.#commit(signed, decision)
    const { kind } = decision.envelope.operation
    this.#logger.debug({ kind, height: String(this.height) }, 'operation accepted')
    return { accepted: true, transaction, height: this.height }
  }

  /** Without a file the state outlives a stop; with one, each start reads it anew. */
  async #load(file: string): Promise<void> {
    this.#state = new MemoryState()
    this.#changes = new ChangeLog(this.#clock)
    this.#transactions.clear()
    this.#failure = undefined
    this.#log = await OperationLog.open(file, this.#domain, (entry, domain) =>
      this.#replay(entry, domain),
    )
    this.#domain = this.#log.domain
  }

  #replay(entry: LoggedOperation, domain: Domain): void {
    const decision = decide(this.#state, entry, { domain, now: entry.time, keys: KEYS })
    if (!decision.accepted) throw rejected(decision.refusal, 'an operation accepted before')
    this.#commit(entry, decision)
  }

  #commit(
    signed: SignedEnvelope,
    decision: Extract<ReturnType<typeof decide>, { accepted: true }>,
  ): string {
    const { effects, event, envelope } = decision
    this.#state.apply(effects)
    this.#changes.append(event === undefined ? undefined : envelope.subject)
    const transaction = toHex(envelopeDigest(signed.envelope))
    this.#transactions.set(transaction, this.height)
    const [oldest] = this.#transactions.keys()
    if (this.#transactions.size > MAX_REMEMBERED_TRANSACTIONS && oldest !== undefined) {
      this.#transactions.delete(oldest)
    }
    if (event !== undefined) this.#init.onEvent?.(event)
    return transaction
  }

  #answer<T>(value: T): Answer<T> {
    this.#assertStarted()
    return { value, height: this.height }
  }

  #assertStarted(): void {
    if (this.#status === 'started') return
    throw anchorError(
      'ANCHOR_STOPPED',
      `expected a started local anchor, got one that is ${this.#status}`,
    )
  }
}

/** Makes an authority; nothing is read or written before `start()`. */
export function localAuthority(
  init: LocalAuthorityInit = {},
): (components: AnchorComponents) => LocalAuthority {
  return (components) => new ModelAuthority(init, components)
}
