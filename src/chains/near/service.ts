/** The contract of contexts as an `EnvelopeService`: reads with their height, envelopes in transactions, changes from the contract's ring. */
import type { AnchorManifest } from '../../node/anchor/anchor.ts'
import type { AnchorEvent } from '../../node/anchor/events.ts'
import type { Domain } from '../../node/anchor/operations.ts'
import type { ServiceOptions } from '../../node/anchor/service.ts'
import { EMPTY } from '../../node/primitives/bytes.ts'
import type { Clock } from '../../node/primitives/clock.ts'
import type { Logger } from '../../node/primitives/logger.ts'
import { ChainChanges } from '../shared/changes.ts'
import type { ContextQuestions } from '../shared/contract-service.ts'
import { ADOPTION_REFUSALS } from '../shared/core/adoption.ts'
import type { Endpoints } from '../shared/endpoints.ts'
import type { Heights } from '../shared/heights.ts'
import { MovingService } from '../shared/moving-service.ts'
import { Submitter } from '../shared/submitter.ts'
import type { WaitInit } from '../shared/until-final.ts'
import { readEvents, RingChanges } from './contracts/changes.ts'
import { decodeEvent } from '../shared/core/events.ts'
import { toContext, toGroup } from '../shared/core/values.ts'
import { toMemberOf, toPage, toStanding } from '../shared/core/views.ts'
import { type Answers, args, pageArgs } from './contracts/layouts.ts'
import { ContractViews, type Target } from './contracts/views.ts'
import { domainOf, supportsOf } from './defaults.ts'
import { ADOPT_BATCH } from './limits.ts'
import { NearPackages } from './packages.ts'
import { nearHeights, readTimeOf } from './rpc/head.ts'
import { nearRpc } from './rpc/rpc.ts'
import type { SigningKey } from './send/account.ts'
import { adopt, adoptionWish } from './send/adoption.ts'
import { accountCarrier, type Carrier } from './send/carrier.ts'
import { NearDelivery } from './send/delivery.ts'
import { TransactionSender } from './send/sender.ts'
import { successionAt } from './succession.ts'

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
  /** The contract that groups come from, with whose endpoints and account this one is reached. @default none */
  readonly before?: (SharedParts & Pick<NearService, 'readGroup'>) | undefined
}

/** What the contracts of one network have in common, whose life is the first one's. */
export interface SharedParts {
  readonly rpc: Endpoints
  readonly heights: Heights
  readonly sender: TransactionSender | undefined
}

export class NearService extends MovingService {
  readonly supports: Partial<AnchorManifest>
  readonly lifecycle: { start(): Promise<void>; stop(): Promise<void> }
  readonly sender: TransactionSender | undefined
  /** The package registry, where the deployment has one. */
  readonly packages: NearPackages | undefined
  readonly #init: NearServiceInit
  readonly #target: Target

  constructor(init: NearServiceInit) {
    const { chainId, contracts, clock, pollMs } = init
    const { rpc, heights, sender } = init.before ?? partsOf(init)
    const waiting: WaitInit = { rpc, heights, clock, pollMs }
    const target: Target = { contract: 'contexts', address: contracts.contexts }
    const views = new ContractViews({ rpc, heights, ...target, unknown: 'ContextNotFound' })
    const ring = new RingChanges(target)
    const own = sender && accountCarrier(sender)
    const relayed = init.carrier?.({ target, ...waiting })
    const carrier = relayed ?? own
    const toValue = ({ predecessor }: Answers['info']): boolean => predecessor !== undefined
    super(
      {
        ...{ rpc, heights, clock, views, questions: questionsTo(views) },
        readTime: readTimeOf(chainId),
        submitter: new Submitter(new NearDelivery({ ...target, rpc, chainId, carrier, heights })),
        changes: new ChainChanges({
          ...{ heights, clock, pollMs },
          read: (endpoint, final, since) => ring.read(endpoint, final, since),
        }),
      },
      {
        ...{ chain: 'near', address: target.address, before: init.before, pollMs },
        ...{ adopt: relayed?.adopt, batch: ADOPT_BATCH, ...ADOPTION_REFUSALS },
        succession: successionAt({ rpc, chainId }),
        takesOver: views.question('info', EMPTY, toValue),
        send:
          sender &&
          ((moved, signal) =>
            adopt(sender, adoptionWish(target.address, moved, ADOPT_BATCH), { signal })),
      },
    )
    this.#init = init
    this.#target = target
    this.sender = sender
    this.packages =
      contracts.packages === undefined
        ? undefined
        : new NearPackages({
            ...{ rpc, heights, chainId, clock, carrier: own },
            address: contracts.packages,
          })
    this.supports = supportsOf(init.carrier !== undefined)
    const isOwner = init.before === undefined
    this.lifecycle = { start: async () => {}, stop: async () => (isOwner ? rpc.stop() : undefined) }
  }

  async readDomain(): Promise<Domain> {
    return domainOf(this.#init.chainId, this.#init.contracts.contexts)
  }

  protected override follow(contexts: string): NearService {
    return new NearService({ ...this.#init, contracts: { contexts }, before: this })
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

/** What a contract has that shares nothing. */
function partsOf(init: NearServiceInit): SharedParts {
  const { rpcUrls: urls, chainId, payer, carrier, clock, logger, pollMs } = init
  const rpc = nearRpc({ urls, chainId, clock, logger })
  const heights = nearHeights(rpc, clock)
  const isPaying = payer !== undefined && carrier === undefined
  const sender = isPaying
    ? new TransactionSender({ rpc, heights, clock, pollMs, ...payer, logger })
    : undefined
  return { rpc, heights, sender }
}

function questionsTo(views: ContractViews): ContextQuestions {
  return {
    context: (id) => views.question('context', args.id.encode(id), (found) => toContext(id, found)),
    group: (id) => views.question('group', args.id.encode(id), (found) => toGroup(id, found)),
    member: (group, identity) =>
      views.question('member', args.identity.encode({ group, identity }), (found) =>
        toMemberOf(identity, found),
      ),
    standing: (group, identity) =>
      views.question('standing', args.identity.encode({ group, identity }), toStanding),
    members: (group, offset, length) =>
      views.question('members', pageArgs(group, offset, length), toPage),
  }
}
