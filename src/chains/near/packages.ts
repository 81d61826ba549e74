/** The package registry contract as a `PackageService`. */
import type { Domain } from '../../node/anchor/operations.ts'
import type { PackageEvent } from '../../node/anchor/packages/events.ts'
import type { LatestReleases } from '../../node/anchor/packages/registry.ts'
import type { PackageService } from '../../node/anchor/packages/service.ts'
import type { ServiceOptions } from '../../node/anchor/service.ts'
import type { Clock } from '../../node/primitives/clock.ts'
import type { Endpoints } from '../shared/endpoints.ts'
import type { Heights } from '../shared/heights.ts'
import { PackageContract, type PackageQuestions } from '../shared/contract-service.ts'
import { Submitter } from '../shared/submitter.ts'
import { readEvents } from './contracts/changes.ts'
import { toPackage, toRelease, Unknown } from '../shared/core/values.ts'
import { toLatest, toReleasePage } from '../shared/core/views.ts'
import { decodePackageEvent } from '../shared/core/events.ts'
import { args, pageArgs } from './contracts/layouts.ts'
import { ContractViews, type Target } from './contracts/views.ts'
import { domainOf } from './defaults.ts'
import { readTimeOf } from './rpc/head.ts'
import type { Carrier } from './send/carrier.ts'
import { NearDelivery } from './send/delivery.ts'

export interface PackagesInit {
  readonly rpc: Endpoints
  readonly heights: Heights
  readonly chainId: string
  /** Account of the registry. */
  readonly address: string
  /** Sends this node's transactions; without it the registry can only be read: relayers carry nothing to it. */
  readonly carrier: Carrier | undefined
  readonly clock: Clock
}

export class NearPackages extends PackageContract implements PackageService {
  readonly #init: PackagesInit
  readonly #target: Target

  constructor(init: PackagesInit) {
    const { rpc, heights, chainId, address, carrier, clock } = init
    const target: Target = { contract: 'packages', address }
    const views = new ContractViews({ rpc, heights, ...target, unknown: 'PackageNotFound' })
    super({
      ...{ rpc, heights, clock, views, questions: questionsTo(views) },
      readTime: readTimeOf(chainId),
      submitter: new Submitter(new NearDelivery({ ...target, rpc, chainId, carrier, heights })),
    })
    this.#init = init
    this.#target = target
  }

  async readDomain(): Promise<Domain> {
    return domainOf(this.#init.chainId, this.#init.address)
  }

  /** What the registry announced and still remembers, oldest first, as far as it is final. @throws as the other reads */
  async readEvents({ signal }: ServiceOptions = {}): Promise<readonly PackageEvent[]> {
    return this.heights.run(
      'final',
      (at, final) => readEvents(at, this.#target, final, decodePackageEvent),
      signal,
    )
  }
}

function questionsTo(views: ContractViews): PackageQuestions {
  return {
    package: (id) =>
      views.asking('package', async (ask) => {
        const given = args.id.encode(id)
        const found = await ask('package', given)
        if (found === undefined) return new Unknown('PackageNotFound')
        return toPackage(id, found, toLatest(await ask('latest', given)))
      }),
    releases: (id, offset, length) =>
      views.question('releases', pageArgs(id, offset, length), toReleasePage),
    release: (id, version) =>
      views.asking('release', async (ask) => {
        const found = await ask('release', args.version.encode({ id, version }))
        if (found !== undefined) return toRelease(found.slot, found)
        const known = await ask('package', args.id.encode(id))
        return known === undefined ? new Unknown('PackageNotFound') : undefined
      }),
    latest: (id) =>
      views.asking<LatestReleases>('latest', async (ask) => {
        const given = args.id.encode(id)
        const found = toLatest(await ask('latest', given))
        if (found.stable !== undefined || found.preRelease !== undefined) return found
        const known = await ask('package', given)
        return known === undefined ? new Unknown('PackageNotFound') : found
      }),
    nonce: (signer) => views.question('nonce', args.id.encode(signer), (nonce) => nonce),
  }
}
