/** The contract of contexts as an `EnvelopeService`: reads that are proven, envelopes in calls, changes from the canister's log. */
import type { AnchorManifest } from '../../node/anchor/anchor.ts'
import type { AnchorEvent } from '../../node/anchor/events.ts'
import type { Domain } from '../../node/anchor/operations.ts'
import type { ServiceOptions } from '../../node/anchor/service.ts'
import type { Clock } from '../../node/primitives/clock.ts'
import type { Logger } from '../../node/primitives/logger.ts'
import { ChainChanges } from '../shared/changes.ts'
import type { ContextQuestions } from '../shared/contract-service.ts'
import { ADOPTION_REFUSALS } from '../shared/core/adoption.ts'
import { decodeEvent } from '../shared/core/events.ts'
import { Heights } from '../shared/heights.ts'
import type { AnswerBounds } from '../shared/http-endpoint.ts'
import { MovingService } from '../shared/moving-service.ts'
import { Submitter } from '../shared/submitter.ts'
import type { BlsVerify } from './certificate/certificate.ts'
import { LogChanges, readEvents } from './contracts/changes.ts'
import { keys } from './contracts/keys.ts'
import { contextIn, groupIn, memberIn, membersIn, pageOf, standingIn } from './contracts/queries.ts'
import { settingsLayout } from './contracts/records.ts'
import type { Target } from './contracts/rows.ts'
import { CanisterViews } from './contracts/views.ts'
import { domainOf, SUPPORTS } from './defaults.ts'
import { ADOPT_BATCH } from './limits.ts'
import { IcpPackages } from './packages.ts'
import { icpRpc } from './rpc/rpc.ts'
import { readTimeBy } from './rpc/time.ts'
import { targetOf } from './target.ts'
import { IcpDelivery } from './send/delivery.ts'
import { successionAt } from './succession.ts'

export interface IcpServiceInit {
  readonly rpcUrls: readonly string[]
  /** DER. */
  readonly rootKey: Uint8Array
  /** As the canisters' settings name it. */
  readonly network: string
  /** Ids of the canisters, as they are written. */
  readonly contracts: { readonly contexts: string; readonly packages?: string | undefined }
  readonly pollMs: number
  readonly clock: Clock
  readonly logger: Logger
  /** @default the agent's; tests of something else give a quicker one */
  readonly verify?: BlsVerify | undefined
  readonly bounds?: AnswerBounds | undefined
  /** The canister that groups come from, with whose endpoints this one is asked. @default none */
  readonly before?: Pick<IcpService, 'readGroup' | 'rpc'> | undefined
}

export class IcpService extends MovingService {
  readonly supports: Partial<AnchorManifest> = SUPPORTS
  readonly lifecycle: { start(): Promise<void>; stop(): Promise<void> }
  /** The package registry, where the deployment has one. */
  readonly packages: IcpPackages | undefined
  readonly #init: IcpServiceInit
  readonly #target: Target

  /** @throws TypeError for a canister's id that is none */
  constructor(init: IcpServiceInit) {
    const { rpcUrls: urls, network, contracts, clock, pollMs } = init
    const rpc = init.before?.rpc ?? icpRpc({ ...init, urls })
    const heights = new Heights(rpc, { chain: 'icp', clock, pollMs }, clock)
    const target = targetOf('contexts', contracts.contexts)
    const views = new CanisterViews({ rpc, heights, target, unknown: 'ContextNotFound' })
    const log = new LogChanges(target, clock)
    const delivery = new IcpDelivery({ ...target, rpc, heights, clock, pollMs, network })
    super(
      {
        ...{ rpc, heights, clock, views, questions: questionsTo(views) },
        readTime: readTimeBy(urls, target.canister, heights),
        submitter: new Submitter(delivery),
        changes: new ChainChanges({
          ...{ heights, clock, pollMs },
          read: (endpoint, seen, since) => log.read(endpoint, seen, since),
        }),
      },
      {
        ...{ chain: 'icp', address: target.address, before: init.before, pollMs },
        ...{ adopt: undefined, batch: ADOPT_BATCH, ...ADOPTION_REFUSALS },
        succession: successionAt({ rpc, network }),
        takesOver: views.question({
          ...{ method: 'info', args: [] },
          toValue: ({ rows }) =>
            rows.read(keys.settings(), settingsLayout)?.predecessor !== undefined,
        }),
        send: (moved, signal) => delivery.adopt(moved, ADOPT_BATCH, signal),
      },
    )
    this.#init = init
    this.#target = target
    this.packages =
      contracts.packages === undefined
        ? undefined
        : new IcpPackages({
            ...{ rpc, heights, clock, pollMs, network, urls },
            ...targetOf('packages', contracts.packages),
          })
    const isOwner = init.before === undefined
    this.lifecycle = { start: async () => {}, stop: async () => (isOwner ? rpc.stop() : undefined) }
  }

  async readDomain(): Promise<Domain> {
    return domainOf(this.#init.network, this.#target.canister)
  }

  protected override follow(contexts: string): IcpService {
    return new IcpService({ ...this.#init, contracts: { contexts }, before: this })
  }

  /** What the contract announced and still remembers, oldest first. @throws as the other reads */
  async readEvents({ signal }: ServiceOptions = {}): Promise<readonly AnchorEvent[]> {
    return this.rpc.run((endpoint) => readEvents(endpoint, this.#target, decodeEvent), signal)
  }
}

function questionsTo(views: CanisterViews): ContextQuestions {
  const identified = (group: Uint8Array, identity: Uint8Array) =>
    [{ blob: group }, { blob: identity }] as const
  return {
    context: (id) =>
      views.question({
        ...{ method: 'context', args: [{ blob: id }] },
        toValue: (proven) => contextIn(proven, id),
      }),
    group: (id) =>
      views.question({
        ...{ method: 'group', args: [{ blob: id }] },
        toValue: (proven) => groupIn(proven, id),
      }),
    member: (group, identity) =>
      views.question({
        ...{ method: 'member', args: identified(group, identity) },
        toValue: (proven) => memberIn(proven, group, identity),
      }),
    standing: (group, identity) =>
      views.question({
        ...{ method: 'standing', args: identified(group, identity) },
        toValue: (proven) => standingIn(proven, group, identity),
      }),
    members: (group, offset, length) =>
      views.question({
        ...{ method: 'members', args: pageOf(group, offset, length) },
        toValue: (proven) => membersIn(proven, group, offset, length),
      }),
  }
}
