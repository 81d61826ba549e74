/** The context contract as an `EnvelopeService`: reads with their height, envelopes in transactions, changes from events. */
import { ethereumRpc } from './rpc/rpc.ts'
import { ethereumHeights, type FinalityRule, readTime } from './rpc/head.ts'
import { type Result, type Wallet, ZeroAddress } from 'ethers'
import type { AnchorManifest } from '../../node/anchor/anchor.ts'
import type { AnchorEvent } from '../../node/anchor/events.ts'
import type { Domain } from '../../node/anchor/operations.ts'
import type { EnvelopeScheme, ServiceOptions, SignatureScheme } from '../../node/anchor/service.ts'
import { fromHex } from '../../node/primitives/bytes.ts'
import type { Clock } from '../../node/primitives/clock.ts'
import type { Logger } from '../../node/primitives/logger.ts'
import type { Target } from './contracts/applied.ts'
import type { WaitInit } from '../shared/until-final.ts'
import { Bindings } from './bindings.ts'
import { byHeight, ChainChanges } from '../shared/changes.ts'
import type { ContextQuestions } from '../shared/contract-service.ts'
import { MovingService } from '../shared/moving-service.ts'
import { readChanges } from './contracts/changes.ts'
import {
  hex,
  isRevert,
  networkBytes,
  toContext,
  toGroup,
  toMember,
  toPage,
  toStanding,
} from './contracts/codec.ts'
import { EVM_CHAIN } from './constants.ts'
import { supportsOf } from './defaults.ts'
import { decodeEvent } from './contracts/events.ts'
import type { Heights } from '../shared/heights.ts'
import { type Logged, readEvents } from './contracts/logs.ts'
import { NewBlocks } from './contracts/new-blocks.ts'
import { EthereumPackages } from './packages.ts'
import type { Endpoints } from '../shared/endpoints.ts'
import { ethereumScheme, typedDomain } from './scheme.ts'
import type { Carrier } from './send/carrier.ts'
import { EthereumDelivery } from './send/delivery.ts'
import { TransactionSender } from './send/sender.ts'
import { Submitter } from '../shared/submitter.ts'
import { adoptCall } from './contracts/adopt-call.ts'
import { ADOPT_BATCH } from './limits.ts'
import { successionAt } from './succession.ts'
import { ContractViews } from './contracts/views.ts'

/** Addresses of the contracts, hexadecimal with checksum. */
export interface Contracts {
  readonly identityRegistry: string
  readonly contextAnchor: string
  readonly packageRegistry?: string | undefined
}

/** Makes a carrier of what the service has. */
export type CarrierFactory = (parts: WaitInit & { readonly target: Target }) => Carrier

export interface EthereumServiceInit {
  readonly rpcUrls: readonly string[]
  readonly wsUrl?: string | undefined
  readonly chainId: number
  readonly contracts: Contracts
  readonly finality: FinalityRule
  /** The node's own account; without it the service reads, and somebody else carries. */
  readonly wallet?: Wallet | undefined
  /** What signs for identities, for whoever keeps accounts elsewhere. @default the wallet, see `scheme.ts` */
  readonly scheme?: SignatureScheme | undefined
  /** The same for the package registry, whose EIP-712 domain is another. */
  readonly packageScheme?: EnvelopeScheme | undefined
  /** Makes what carries envelopes in this node's place. @default the wallet sends them */
  readonly carrier?: CarrierFactory | undefined
  /** Wei per gas. */
  readonly maxFeePerGas: bigint
  /** @default DEFAULT_MAX_TIP_PER_GAS */
  readonly maxTipPerGas?: bigint | undefined
  readonly pollMs: number
  readonly stuckMs?: number | undefined
  readonly clock: Clock
  readonly logger: Logger
  /** Of the contract that groups come from: the same endpoints, and the same account with its queue. @default its own */
  readonly shared?: SharedParts | undefined
  /** That contract. @default none */
  readonly before?: Pick<EthereumService, 'readGroup'> | undefined
}

/** What the contracts of one chain have in common, whose life is the first one's. */
export interface SharedParts {
  readonly rpc: Endpoints
  readonly heights: Heights
  readonly sender: TransactionSender | undefined
  readonly bindings: Bindings
  readonly newBlocks: NewBlocks
}

export class EthereumService extends MovingService {
  readonly supports: Partial<AnchorManifest>
  readonly scheme: SignatureScheme
  readonly sender: TransactionSender | undefined
  readonly lifecycle: { start(): Promise<void>; stop(): Promise<void> }
  /** The package registry, where the deployment has one. */
  readonly packages: EthereumPackages | undefined
  readonly #init: EthereumServiceInit
  readonly #shared: SharedParts

  constructor(init: EthereumServiceInit) {
    const { wsUrl, chainId, contracts, finality, wallet, clock, pollMs } = init
    const { identityRegistry: registry, contextAnchor: contract } = contracts
    const shared = init.shared ?? partsOf(init)
    const { rpc, heights, bindings, newBlocks, sender } = shared
    const target = { contract: 'ContextAnchor', address: contract } as const
    const views = new ContractViews({ rpc, heights, ...target, unknown: 'ContextNotFound' })
    const relayed = init.carrier?.({ target, rpc, heights, clock, pollMs })
    const carrier = relayed ?? sender
    const toValue = ([predecessor]: Result): boolean => predecessor !== ZeroAddress
    super(
      {
        ...{ rpc, heights, clock, views, readTime, questions: questionsTo(views) },
        submitter: new Submitter(
          new EthereumDelivery({ ...target, registry, rpc, carrier, heights }),
        ),
        changes: new ChainChanges({
          ...{ heights, clock, pollMs, news: newBlocks },
          ...byHeight((endpoint, final, since) => readChanges(endpoint, contract, final, since)),
        }),
      },
      {
        ...{ chain: 'ethereum', address: contract, before: init.before, pollMs },
        ...{ adopt: relayed?.adopt, batch: ADOPT_BATCH, isRefused: isRevert },
        succession: successionAt({ rpc, registry }),
        takesOver: views.question({ name: 'predecessor', args: [], toValue }),
        send:
          sender &&
          ((moved, signal) =>
            sender.send(adoptCall(contract, moved, ADOPT_BATCH), undefined, signal)),
      },
    )
    this.#init = init
    this.#shared = shared
    this.sender = sender
    const domain = typedDomain('merogate contexts', chainId, contract)
    this.scheme = init.scheme ?? ethereumScheme({ domain, bindings, wallet, sender })
    const { packageRegistry } = contracts
    this.packages =
      packageRegistry === undefined
        ? undefined
        : new EthereumPackages({
            ...{ rpc, heights, chainId, registry, bindings, wallet, clock },
            address: packageRegistry,
            sender,
            scheme: init.packageScheme,
          })
    this.supports = supportsOf({ finality, wsUrl, isRelayed: init.carrier !== undefined })
    const isOwner = init.shared === undefined
    this.lifecycle = {
      start: async () => {
        if (isOwner) newBlocks.start()
      },
      stop: async () => {
        if (!isOwner) return
        newBlocks.stop()
        rpc.stop()
      },
    }
  }

  async readDomain(): Promise<Domain> {
    const { chainId, contracts } = this.#init
    const contract = fromHex(contracts.contextAnchor.slice(2))
    return { chain: EVM_CHAIN, network: networkBytes(chainId), contract }
  }

  protected override follow(contextAnchor: string): EthereumService {
    const { scheme: _, packageScheme: __, ...init } = this.#init
    const { identityRegistry } = init.contracts
    const contracts = { identityRegistry, contextAnchor }
    return new EthereumService({ ...init, contracts, shared: this.#shared, before: this })
  }

  /**
   * What the contract announced in the blocks from `from` to `to`, oldest first, as long as these are final.
   * @throws ANCHOR_UNREACHABLE (transport), ANCHOR_BAD_ANSWER (protocol)
   */
  async readEvents(
    from: number,
    to: number,
    { signal }: ServiceOptions = {},
  ): Promise<readonly Logged<AnchorEvent>[]> {
    const address = this.#init.contracts.contextAnchor
    return readEvents(this.heights, { address, from, to }, decodeEvent, signal)
  }
}

function questionsTo(views: ContractViews): ContextQuestions {
  const ask = <T>(name: string, args: readonly unknown[], toValue: (result: Result) => T) =>
    views.question({ name, args, toValue })
  return {
    context: (id) => ask('context', [hex(id)], (result) => toContext(id, result)),
    group: (id) => ask('group', [hex(id)], (result) => toGroup(id, result)),
    member: (group, identity) =>
      ask('member', [hex(group), hex(identity)], (result) => toMember(identity, result)),
    standing: (group, identity) => ask('member', [hex(group), hex(identity)], toStanding),
    members: (group, offset, length) => ask('members', [hex(group), offset, length], toPage),
  }
}

/** What a contract has that shares nothing. */
function partsOf(init: EthereumServiceInit): SharedParts {
  const { rpcUrls: urls, wsUrl, chainId, contracts, finality, wallet, clock, logger } = init
  const { maxFeePerGas, maxTipPerGas, stuckMs, pollMs } = init
  const rpc = ethereumRpc({ urls, chainId, clock, logger })
  const heights = ethereumHeights(rpc, finality, clock)
  const fees = { maxFeePerGas, maxTipPerGas }
  const sender =
    wallet === undefined || init.carrier !== undefined
      ? undefined
      : new TransactionSender({
          ...{ rpc, wallet, chainId, fees, finality, heights, clock, logger, pollMs },
          ...(stuckMs === undefined ? {} : { stuckMs }),
        })
  const bindings = new Bindings({ rpc, chainId, registry: contracts.identityRegistry, clock })
  return { rpc, heights, sender, bindings, newBlocks: new NewBlocks({ url: wsUrl, clock, logger }) }
}
