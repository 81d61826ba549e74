/** The contract of contexts as an `EnvelopeService`: reads with their height, envelopes in transactions, changes from the contract's ring. */
import type {
  AnchorManifest,
  ContextRecord,
  GroupRecord,
  MemberRecord,
} from '../../node/anchor/anchor.ts'
import type { AnchorEvent } from '../../node/anchor/events.ts'
import type { Domain } from '../../node/anchor/operations.ts'
import type {
  Answer,
  Changes,
  EnvelopeService,
  FindOptions,
  MemberPage,
  PageOptions,
  QueryOptions,
  ServiceOptions,
  SignedEnvelope,
  Standing,
  Submission,
} from '../../node/anchor/service.ts'
import { toHex } from '../../node/primitives/bytes.ts'
import type { Clock } from '../../node/primitives/clock.ts'
import type { ContextId, GroupId, PublicKey } from '../../node/primitives/ids.ts'
import type { Logger } from '../../node/primitives/logger.ts'
import { ChainChanges } from '../shared/changes.ts'
import type { Endpoints } from '../shared/endpoints.ts'
import type { Heights } from '../shared/heights.ts'
import { Submitter } from '../shared/submitter.ts'
import type { WaitInit } from '../shared/until-final.ts'
import { readChanges, readEvents } from './contracts/changes.ts'
import { toContext, toGroup, toMember, toPage, toStanding } from './contracts/codec.ts'
import { decodeEvent } from './contracts/events.ts'
import { args, pageArgs } from './contracts/layouts.ts'
import { ContractViews, type Target } from './contracts/views.ts'
import { domainOf, supportsOf } from './defaults.ts'
import { NearPackages } from './packages.ts'
import { nearHeights, readTime } from './rpc/head.ts'
import { nearRpc } from './rpc/rpc.ts'
import type { SigningKey } from './send/account.ts'
import { accountCarrier, type Carrier } from './send/carrier.ts'
import { NearDelivery } from './send/delivery.ts'
import { TransactionSender } from './send/sender.ts'

/** Accounts of the contracts. */
export interface Contracts {
  readonly contexts: string
  readonly packages?: string | undefined
}

/** Makes a carrier of what the service has. */
export type CarrierFactory = (parts: WaitInit & { readonly target: Target }) => Carrier

/** An account that pays, and the keys that sign for it. */
export interface Payer {
  readonly account: string
  readonly signers: readonly SigningKey[]
}

export interface NearServiceInit {
  readonly rpcUrls: readonly string[]
  readonly chainId: string
  readonly contracts: Contracts
  /** The node's own account; without it the service reads, and somebody else carries. */
  readonly payer?: Payer | undefined
  /** Makes what carries envelopes in this node's place. @default the payer sends them */
  readonly carrier?: CarrierFactory | undefined
  readonly pollMs: number
  readonly clock: Clock
  readonly logger: Logger
}

export class NearService implements EnvelopeService {
  readonly supports: Partial<AnchorManifest>
  readonly lifecycle: { start(): Promise<void>; stop(): Promise<void> }
  readonly rpc: Endpoints
  readonly heights: Heights
  readonly sender: TransactionSender | undefined
  /** The package registry, where the deployment has one. */
  readonly packages: NearPackages | undefined
  readonly #init: NearServiceInit
  readonly #target: Target
  readonly #views: ContractViews
  readonly #changes: ChainChanges
  readonly #submitter: Submitter

  constructor(init: NearServiceInit) {
    const { rpcUrls: urls, chainId, contracts, payer, clock, logger, pollMs } = init
    this.#init = init
    const rpc = nearRpc({ urls, chainId, clock, logger })
    const heights = nearHeights(rpc, clock)
    this.rpc = rpc
    this.heights = heights
    const waiting: WaitInit = { rpc, heights, clock, pollMs }
    const target: Target = { contract: 'contexts', address: contracts.contexts }
    this.#target = target
    this.#views = new ContractViews({ rpc, heights, ...target, unknown: 'ContextNotFound' })
    const isOwn = payer !== undefined && init.carrier === undefined
    this.sender = isOwn ? new TransactionSender({ ...waiting, ...payer, logger }) : undefined
    const own = this.sender && accountCarrier(this.sender)
    const carrier = init.carrier?.({ target, ...waiting }) ?? own
    this.#submitter = new Submitter(new NearDelivery({ ...target, rpc, chainId, carrier, heights }))
    this.#changes = new ChainChanges({
      ...{ heights, clock, pollMs },
      read: (endpoint, final, since) => readChanges(endpoint, target, final, since),
    })
    this.packages =
      contracts.packages === undefined
        ? undefined
        : new NearPackages({
            ...{ rpc, heights, chainId, clock, carrier: own },
            address: contracts.packages,
          })
    this.supports = supportsOf(init.carrier !== undefined)
    this.lifecycle = { start: async () => {}, stop: async () => rpc.stop() }
  }

  async readDomain(): Promise<Domain> {
    return domainOf(this.#init.chainId, this.#init.contracts.contexts)
  }

  async readTime({ signal }: ServiceOptions = {}): Promise<bigint> {
    const seconds = BigInt(Math.floor(this.#init.clock.nowMs() / 1000))
    return this.rpc.run((endpoint) => readTime(endpoint, seconds), signal)
  }

  async readContext(
    id: ContextId,
    options?: QueryOptions,
  ): Promise<Answer<ContextRecord | undefined>> {
    return this.#views.find(
      this.#views.question('context', args.id.encode(id), (found) => toContext(id, found)),
      options,
    )
  }

  async readGroup(id: GroupId, options?: QueryOptions): Promise<Answer<GroupRecord | undefined>> {
    return this.#views.find(
      this.#views.question('group', args.id.encode(id), (found) => toGroup(id, found)),
      options,
    )
  }

  async readMember(
    group: GroupId,
    identity: PublicKey,
    options?: QueryOptions,
  ): Promise<Answer<MemberRecord | undefined>> {
    const given = args.identity.encode({ group, identity })
    return this.#views.ask(
      this.#views.question('member', given, (found) => toMember(identity, found)),
      options,
    )
  }

  async readStanding(
    group: GroupId,
    identity: PublicKey,
    options?: QueryOptions,
  ): Promise<Answer<Standing>> {
    const given = args.identity.encode({ group, identity })
    return this.#views.ask(this.#views.question('standing', given, toStanding), options)
  }

  async readMemberPage(
    group: GroupId,
    offset: number,
    length: number,
    options?: PageOptions,
  ): Promise<Answer<MemberPage | undefined>> {
    const given = pageArgs(group, offset, length)
    return this.#views.page(toHex(group), this.#views.question('members', given, toPage), options)
  }

  async findApplied(envelope: Uint8Array, options: FindOptions = {}): Promise<bigint | undefined> {
    return this.heights.unlessOpen(await this.#submitter.find(envelope, options), options)
  }

  async submit(signed: SignedEnvelope, { signal }: ServiceOptions = {}): Promise<Submission> {
    return this.#submitter.submit(signed, { signal })
  }

  async waitForChanges(
    since: bigint | undefined,
    waitMs: number,
    { signal }: ServiceOptions = {},
  ): Promise<Changes> {
    return this.#changes.wait(since, waitMs, signal)
  }

  /** What the contract announced and still remembers, oldest first, as far as it is final. @throws as the other reads */
  async readEvents({ signal }: ServiceOptions = {}): Promise<readonly AnchorEvent[]> {
    return this.heights.run(
      'final',
      (at, final) => readEvents(at, this.#target, final, decodeEvent),
      signal,
    )
  }
}
