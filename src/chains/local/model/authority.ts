/**
 * The authority without a chain: the reference model with its state in memory, applying envelopes one after another, and optionally a
 * file that survives. It trusts nobody who sends; whoever runs it decides what is accepted at all, like the operator of a chain with one
 * validator.
 */
import { toHex, utf8 } from '../../../node/primitives/bytes.ts'
import { type Clock, systemClock, systemRandom } from '../../../node/primitives/clock.ts'
import type { ContextId, GroupId, PublicKey } from '../../../node/primitives/ids.ts'
import { type Logger, silentLogger } from '../../../node/primitives/logger.ts'
import type { Startable, Status } from '../../../node/primitives/startable.ts'
import type {
  AnchorComponents,
  ContextRecord,
  GroupRecord,
  MemberRecord,
} from '../../../node/anchor/anchor.ts'
import { ChangeLog } from './change-log.ts'
import { envelopeDigest, type Envelope } from '../../../node/anchor/envelope.ts'
import { toMerogateError } from '../../../node/errors.ts'
import { anchorError, refusal, rejected } from '../../../node/anchor/errors.ts'
import { MAX_QUEUED_OPERATIONS, MAX_REMEMBERED_TRANSACTIONS } from '../../../node/anchor/limits.ts'
import { LocalContract, type AnyContract, type Verdict } from './contract.ts'
import { decide } from './groups/decide.ts'
import type { AnchorEvent } from '../../../node/anchor/events.ts'
import * as queries from './groups/queries.ts'
import { standingOf, type Tables } from './groups/state.ts'
import { OperationLog, type ContractName, type LoggedOperation } from './operation-log.ts'
import type { Domain } from '../../../node/anchor/operations.ts'
import { decidePackages } from './packages/decide.ts'
import type { PackageEvent } from '../../../node/anchor/packages/events.ts'
import { LocalPackages } from './packages/service.ts'
import type { PackageService } from '../../../node/anchor/packages/service.ts'
import { SerialQueue } from '../../../node/anchor/serial.ts'
import type {
  Answer,
  Changes,
  EnvelopeService,
  MemberPage,
  ServiceOptions,
  Submission,
  SignedEnvelope,
  Standing,
} from '../../../node/anchor/service.ts'

/** Chain number of the local authority in a domain. */
export const LOCAL_CHAIN = 0

/** Addresses of the contracts that a local authority has. */
const ADDRESSES: Readonly<Record<ContractName, string>> = {
  contexts: 'local',
  packages: 'local-packages',
}

export interface LocalAuthorityInit {
  /** File that keeps what was accepted; made when missing. One process at a time. @default none: everything is gone at the end */
  readonly file?: string | undefined
  /** 32 bytes that tell this authority from every other. A file remembers its own. @default random */
  readonly network?: Uint8Array
  /** Called for every event, in order, also for those read back from the file. */
  readonly onEvent?: (event: AnchorEvent) => void
  /** The same for events of the package registry. */
  readonly onPackageEvent?: (event: PackageEvent) => void
}

/** See {@link localAuthority}. Usable between start and stop. @throws ANCHOR_STOPPED (transport) otherwise */
export interface LocalAuthority extends EnvelopeService, Startable {
  readonly status: Status
  /** The package registry, a contract of its own; its operations count towards the same height. */
  readonly packages: PackageService
  /** Number of operations accepted so far. */
  readonly height: bigint
  /** Height at which the envelope of a digest, in hexadecimal, was accepted by any of its contracts. */
  findTransaction(transaction: string): Promise<bigint | undefined>
}

/** The domain of a contract, given that of contexts: they share chain and network. */
function domainOf(contract: ContractName, contexts: Domain): Domain {
  return contract === 'contexts' ? contexts : { ...contexts, contract: utf8(ADDRESSES[contract]) }
}

class ModelAuthority implements LocalAuthority {
  readonly #init: LocalAuthorityInit
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #transactions = new Map<string, bigint>()
  readonly #queue = new SerialQueue('the local anchor', MAX_QUEUED_OPERATIONS)
  readonly #contexts: LocalContract<Tables, Envelope, AnchorEvent>
  readonly #contracts: Readonly<Record<ContractName, AnyContract>>
  readonly packages: PackageService
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
    this.#domain = { chain: LOCAL_CHAIN, network, contract: utf8(ADDRESSES.contexts) }
    this.#contexts = new LocalContract({ decide, onEvent: init.onEvent })
    const packages = new LocalContract({ decide: decidePackages, onEvent: init.onPackageEvent })
    this.#contracts = { contexts: this.#contexts, packages }
    this.packages = new LocalPackages(packages, {
      readDomain: async () => this.#domainOf('packages'),
      findApplied: (envelope) => this.findApplied(envelope),
      submit: (signed) => this.#enqueue('packages', signed),
      answer: (value) => this.#answer(value),
    })
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
    return this.#domainOf('contexts')
  }

  async readContext(id: ContextId): Promise<Answer<ContextRecord | undefined>> {
    return this.#answer(queries.readContext(this.#contexts.view, id))
  }

  async readGroup(id: GroupId): Promise<Answer<GroupRecord | undefined>> {
    return this.#answer(queries.readGroup(this.#contexts.view, id))
  }

  async readMember(group: GroupId, identity: PublicKey): Promise<Answer<MemberRecord | undefined>> {
    this.#assertGroup(group)
    return this.#answer(queries.readMember(this.#contexts.view, group, identity))
  }

  async readStanding(group: GroupId, identity: PublicKey): Promise<Answer<Standing>> {
    this.#assertGroup(group)
    return this.#answer(standingOf(this.#contexts.view, group, identity, this.#now()))
  }

  async readMemberPage(
    group: GroupId,
    offset: number,
    length: number,
  ): Promise<Answer<MemberPage | undefined>> {
    return this.#answer(queries.readMemberPage(this.#contexts.view, group, offset, length))
  }

  async findApplied(envelope: Uint8Array): Promise<bigint | undefined> {
    return this.findTransaction(toHex(envelopeDigest(envelope)))
  }

  /** Height at which the envelope of a digest, in hexadecimal, was accepted. */
  async findTransaction(transaction: string): Promise<bigint | undefined> {
    this.#assertStarted()
    return this.#transactions.get(transaction)
  }

  async submit(signed: SignedEnvelope): Promise<Submission> {
    return this.#enqueue('contexts', signed)
  }

  async waitForChanges(
    since: bigint | undefined,
    waitMs: number,
    { signal }: ServiceOptions = {},
  ): Promise<Changes> {
    this.#assertStarted()
    return this.#changes.wait(since, waitMs, signal)
  }

  async #enqueue(contract: ContractName, signed: SignedEnvelope): Promise<Submission> {
    this.#assertStarted()
    return this.#queue.run(() => this.#submit(contract, signed))
  }

  async #submit(contract: ContractName, signed: SignedEnvelope): Promise<Submission> {
    if (this.#failure !== undefined) throw this.#failure
    const now = this.#now()
    const domain = this.#domainOf(contract)
    const judgement = this.#contracts[contract].judge(signed, { domain, now })
    if (!judgement.accepted) {
      const { number, name } = judgement.refusal
      this.#logger.debug({ number, name }, 'operation refused')
      return judgement
    }
    try {
      await this.#log?.append({ ...signed, contract, time: now })
    } catch (error) {
      this.#failure = toMerogateError(error)
      throw error
    }
    const transaction = this.#commit(signed, judgement)
    const { kind } = judgement
    this.#logger.debug({ kind, height: String(this.height) }, 'operation accepted')
    return { accepted: true, transaction, height: this.height }
  }

  /** Without a file the state outlives a stop; with one, each start reads it anew. */
  async #load(file: string): Promise<void> {
    for (const contract of Object.values(this.#contracts)) contract.reset()
    this.#changes = new ChangeLog(this.#clock)
    this.#transactions.clear()
    this.#failure = undefined
    this.#log = await OperationLog.open(file, this.#domain, (entry, domain) =>
      this.#replay(entry, domain),
    )
    this.#domain = this.#log.domain
  }

  #replay(entry: LoggedOperation, logged: Domain): void {
    const { contract, time: now } = entry
    const domain = domainOf(contract, logged)
    const judgement = this.#contracts[contract].judge(entry, { domain, now })
    if (!judgement.accepted) throw rejected(judgement.refusal, 'an operation accepted before')
    this.#commit(entry, judgement)
  }

  #commit({ envelope }: SignedEnvelope, verdict: Verdict): string {
    verdict.store()
    this.#changes.append(verdict.changed)
    const transaction = toHex(envelopeDigest(envelope))
    this.#transactions.set(transaction, this.height)
    const [oldest] = this.#transactions.keys()
    if (this.#transactions.size > MAX_REMEMBERED_TRANSACTIONS && oldest !== undefined) {
      this.#transactions.delete(oldest)
    }
    verdict.announce()
    return transaction
  }

  #domainOf(contract: ContractName): Domain {
    this.#assertStarted()
    return domainOf(contract, this.#domain)
  }

  #answer<T>(value: T): Answer<T> {
    this.#assertStarted()
    return { value, height: this.height }
  }

  /** Unix seconds. */
  #now(): bigint {
    return BigInt(Math.floor(this.#clock.nowMs() / 1000))
  }

  #assertGroup(group: GroupId): void {
    if (queries.readGroup(this.#contexts.view, group) !== undefined) return
    throw rejected(refusal('ContextNotFound'), 'a query')
  }

  #assertStarted(): void {
    if (this.#status === 'started') return
    throw anchorError(
      'ANCHOR_STOPPED',
      `expected a started local anchor, got one that is ${this.#status}`,
    )
  }
}

/** Makes an authority; nothing is read or written before `start()`. `components`: the machine's clock and chance, and no log, by default. */
export function localAuthority(
  init: LocalAuthorityInit = {},
  components: Partial<AnchorComponents> = {},
): LocalAuthority {
  const { clock = systemClock, random = systemRandom, logger = silentLogger } = components
  return new ModelAuthority(init, { clock, random, logger })
}
