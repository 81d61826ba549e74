/** The package registry contract as a `PackageService`. */
import type { Domain } from '../../node/anchor/operations.ts'
import type { PackageEvent } from '../../node/anchor/packages/events.ts'
import type { LatestReleases } from '../../node/anchor/packages/registry.ts'
import type { PackageService } from '../../node/anchor/packages/service.ts'
import type { ServiceOptions } from '../../node/anchor/service.ts'
import type { Clock } from '../../node/primitives/clock.ts'
import { utf8 } from '../../node/primitives/bytes.ts'
import { PackageContract, type PackageQuestions } from '../shared/contract-service.ts'
import { packageEventOf } from '../shared/core/events.ts'
import { toPackage, toRelease, Unknown } from '../shared/core/values.ts'
import { toLatest, toReleasePage } from '../shared/core/views.ts'
import type { Endpoints } from '../shared/endpoints.ts'
import type { Heights } from '../shared/heights.ts'
import { Submitter } from '../shared/submitter.ts'
import { readAllEvents } from './contracts/changes.ts'
import { ContractViews, pageArgs, type Target } from './contracts/views.ts'
import { domainOf } from './domain.ts'
import { readTimeOf } from './rpc/head.ts'
import type { Carrier } from './send/carrier.ts'
import { StellarDelivery } from './send/delivery.ts'

export interface PackagesInit {
  readonly rpc: Endpoints
  readonly heights: Heights
  readonly passphrase: string
  /** The registry, `C...`. */
  readonly address: string
  /** Sends this node's transactions; without it the registry can only be read: relayers carry nothing to it. */
  readonly carrier: Carrier | undefined
  readonly clock: Clock
}

export class StellarPackages extends PackageContract implements PackageService {
  readonly #init: PackagesInit

  constructor(init: PackagesInit) {
    const { rpc, heights, passphrase, address, carrier, clock } = init
    const target: Target = { contract: 'packages', address }
    const views = new ContractViews({ rpc, heights, ...target, unknown: 'PackageNotFound' })
    super({
      ...{ rpc, heights, clock, views, questions: questionsTo(views) },
      readTime: readTimeOf(passphrase),
      submitter: new Submitter(
        new StellarDelivery({ ...target, rpc, passphrase, carrier, heights }),
      ),
    })
    this.#init = init
  }

  async readDomain(): Promise<Domain> {
    return domainOf(this.#init.passphrase, this.#init.address)
  }

  /** What the registry announced and the endpoint still remembers, oldest first. @throws as the other reads */
  async readEvents({ signal }: ServiceOptions = {}): Promise<readonly PackageEvent[]> {
    return readAllEvents(this.heights, this.#init.address, packageEventOf, signal)
  }
}

function questionsTo(views: ContractViews): PackageQuestions {
  return {
    package: (id) =>
      views.asking('package', async (ask) => {
        const found = await ask('package', id)
        if (found === undefined) return new Unknown('PackageNotFound')
        return toPackage(id, found, toLatest(await ask('latest', id)))
      }),
    releases: (id, offset, length) =>
      views.question('releases', pageArgs(id, offset, length), toReleasePage),
    release: (id, version) =>
      views.asking('release', async (ask) => {
        const found = await ask('release', id, utf8(version))
        if (found !== undefined) return toRelease(found.slot, found)
        const known = await ask('package', id)
        return known === undefined ? new Unknown('PackageNotFound') : undefined
      }),
    latest: (id) =>
      views.asking<LatestReleases>('latest', async (ask) => {
        const found = toLatest(await ask('latest', id))
        if (found.stable !== undefined || found.preRelease !== undefined) return found
        const known = await ask('package', id)
        return known === undefined ? new Unknown('PackageNotFound') : found
      }),
    nonce: (signer) => views.question('nonce', [signer], (nonce) => nonce),
  }
}
