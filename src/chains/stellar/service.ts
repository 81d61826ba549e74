/** The contract of contexts as an `EnvelopeService`: questions that are simulated, envelopes in transactions, changes from events. */
import type { AnchorManifest } from '../../node/anchor/anchor.ts'
import type { AnchorEvent } from '../../node/anchor/events.ts'
import type { Domain } from '../../node/anchor/operations.ts'
import type { EnvelopeService, ServiceOptions } from '../../node/anchor/service.ts'
import type { Clock } from '../../node/primitives/clock.ts'
import type { Logger } from '../../node/primitives/logger.ts'
import { ChainChanges } from '../shared/changes.ts'
import { type ContextQuestions, ContextService } from '../shared/contract-service.ts'
import { eventOf } from '../shared/core/events.ts'
import { toContext, toGroup } from '../shared/core/values.ts'
import { toMemberOf, toPage, toStanding } from '../shared/core/views.ts'
import { Submitter } from '../shared/submitter.ts'
import type { WaitInit } from '../shared/until-final.ts'
import { readAllEvents, readChanges } from './contracts/changes.ts'
import { ContractViews, pageArgs, type Target } from './contracts/views.ts'
import { supportsOf } from './defaults.ts'
import { domainOf } from './domain.ts'
import type { AccountKey } from './key.ts'
import { StellarPackages } from './packages.ts'
import { readTimeOf, stellarHeights } from './rpc/head.ts'
import { stellarRpc } from './rpc/rpc.ts'
import { accountCarrier, type Carrier } from './send/carrier.ts'
import { StellarDelivery } from './send/delivery.ts'
import { TransactionSender } from './send/sender.ts'

/** Addresses of the contracts, `C...`. */
export interface Contracts {
  readonly contexts: string
  readonly packages?: string | undefined
}

/** Makes a carrier of what the service has. */
export type CarrierFactory = (parts: WaitInit & { readonly target: Target }) => Carrier

/** An account that pays. */
export interface Payer {
  readonly key: AccountKey
  /** Accounts of which those that there are lend their sequence numbers. */
  readonly channels: readonly AccountKey[]
  /** Most that is offered for being taken, stroops of an operation. */
  readonly maxFee?: bigint | undefined
}

export interface StellarServiceInit {
  readonly rpcUrls: readonly string[]
  /** What signatures on the network are bound to. */
  readonly passphrase: string
  readonly contracts: Contracts
  /** The node's own account; without it the service reads, and somebody else carries. */
  readonly payer?: Payer | undefined
  /** Makes what carries envelopes in this node's place. @default the payer sends them */
  readonly carrier?: CarrierFactory | undefined
  readonly pollMs: number
  readonly clock: Clock
  readonly logger: Logger
}

export class StellarService extends ContextService implements EnvelopeService {
  readonly supports: Partial<AnchorManifest>
  readonly lifecycle: { start(): Promise<void>; stop(): Promise<void> }
  readonly sender: TransactionSender | undefined
  /** The package registry, where the deployment has one. */
  readonly packages: StellarPackages | undefined
  readonly #init: StellarServiceInit
  readonly #views: ContractViews

  constructor(init: StellarServiceInit) {
    const { rpcUrls: urls, passphrase, contracts, payer, clock, logger, pollMs } = init
    const rpc = stellarRpc({ urls, passphrase, clock, logger })
    const heights = stellarHeights(rpc, clock, pollMs)
    const waiting: WaitInit = { rpc, heights, clock, pollMs }
    const target: Target = { contract: 'contexts', address: contracts.contexts }
    const views = new ContractViews({ rpc, heights, ...target, unknown: 'ContextNotFound' })
    const isOwn = payer !== undefined && init.carrier === undefined
    const sender = isOwn
      ? new TransactionSender({ ...waiting, ...payer, passphrase, logger })
      : undefined
    const own = sender && accountCarrier(sender)
    const carrier = init.carrier?.({ target, ...waiting }) ?? own
    super({
      ...{ rpc, heights, clock, views, questions: questionsTo(views) },
      readTime: readTimeOf(passphrase),
      submitter: new Submitter(
        new StellarDelivery({ ...target, rpc, passphrase, carrier, heights }),
      ),
      changes: new ChainChanges({
        ...{ heights, clock, pollMs },
        read: (endpoint, _seen, since) => readChanges(endpoint, target.address, since),
        heightOf: (cursor) => cursor,
      }),
    })
    this.#init = init
    this.#views = views
    this.sender = sender
    this.packages =
      contracts.packages === undefined
        ? undefined
        : new StellarPackages({
            ...{ rpc, heights, passphrase, clock, carrier: own },
            address: contracts.packages,
          })
    this.supports = supportsOf(init.carrier !== undefined)
    this.lifecycle = { start: async () => {}, stop: async () => rpc.stop() }
  }

  async readDomain(): Promise<Domain> {
    return domainOf(this.#init.passphrase, this.#init.contracts.contexts)
  }

  async hasPredecessor({ signal }: ServiceOptions = {}): Promise<boolean> {
    const question = this.#views.question(
      'info',
      [],
      ({ predecessor }): boolean => predecessor !== undefined,
    )
    return (await this.#views.ask(question, { signal })).value
  }

  /** What the contract announced and the endpoint still remembers, oldest first. @throws as the other reads */
  async readEvents({ signal }: ServiceOptions = {}): Promise<readonly AnchorEvent[]> {
    const { contexts } = this.#init.contracts
    return readAllEvents(this.heights, contexts, eventOf, signal)
  }
}

function questionsTo(views: ContractViews): ContextQuestions {
  return {
    context: (id) => views.question('context', [id], (found) => toContext(id, found)),
    group: (id) => views.question('group', [id], (found) => toGroup(id, found)),
    member: (group, identity) =>
      views.question('member', [group, identity], (found) => toMemberOf(identity, found)),
    standing: (group, identity) => views.question('standing', [group, identity], toStanding),
    members: (group, offset, length) =>
      views.question('members', pageArgs(group, offset, length), toPage),
  }
}
