/** The package registry canister as a `PackageService`. */
import type { Domain } from '../../node/anchor/operations.ts'
import type { PackageEvent } from '../../node/anchor/packages/events.ts'
import type { PackageService } from '../../node/anchor/packages/service.ts'
import type { ServiceOptions } from '../../node/anchor/service.ts'
import { PackageContract, type PackageQuestions } from '../shared/contract-service.ts'
import { decodePackageEvent } from '../shared/core/events.ts'
import { Unknown } from '../shared/core/values.ts'
import { Submitter } from '../shared/submitter.ts'
import { readEvents } from './contracts/changes.ts'
import { latestIn, nonceIn, packageIn, pageOf, releaseIn, releasesIn } from './contracts/queries.ts'
import { proveRows, type Target } from './contracts/rows.ts'
import { CanisterViews } from './contracts/views.ts'
import { domainOf } from './defaults.ts'
import { readTimeBy } from './rpc/time.ts'
import { type DeliveryInit, IcpDelivery } from './send/delivery.ts'

export interface PackagesInit extends DeliveryInit {
  readonly urls: readonly string[]
}

export class IcpPackages extends PackageContract implements PackageService {
  readonly #init: PackagesInit

  constructor(init: PackagesInit) {
    const { rpc, heights, clock, urls, canister } = init
    const views = new CanisterViews({ rpc, heights, target: init, unknown: 'PackageNotFound' })
    super({
      ...{ rpc, heights, clock, views, questions: questionsTo(views, init) },
      readTime: readTimeBy(urls, canister, heights),
      submitter: new Submitter(new IcpDelivery(init)),
    })
    this.#init = init
  }

  async readDomain(): Promise<Domain> {
    return domainOf(this.#init.network, this.#init.canister)
  }

  /** What the registry announced and still remembers, oldest first. @throws as the other reads */
  async readEvents({ signal }: ServiceOptions = {}): Promise<readonly PackageEvent[]> {
    return this.rpc.run((endpoint) => readEvents(endpoint, this.#init, decodePackageEvent), signal)
  }
}

function questionsTo(views: CanisterViews, target: Target): PackageQuestions {
  return {
    package: (id) =>
      views.question({
        ...{ method: 'latest', args: [{ blob: id }] },
        toValue: (proven) => packageIn(proven, id),
      }),
    releases: (id, offset, length) =>
      views.question({
        ...{ method: 'releases', args: pageOf(id, offset, length) },
        toValue: (proven) => releasesIn(proven, id, offset, length),
      }),
    release: (id, version) =>
      views.question({
        ...{ method: 'release', args: [{ blob: id }, { text: version }] },
        async toValue(proven, endpoint) {
          const found = releaseIn(proven, id, version)
          if (found !== undefined) return found
          // no package goes: what there is not now there was not before
          const query = { method: 'latest', args: [{ blob: id }] }
          const known = packageIn(await proveRows(endpoint, target, query), id)
          return known instanceof Unknown ? known : undefined
        },
      }),
    latest: (id) =>
      views.question({
        ...{ method: 'latest', args: [{ blob: id }] },
        toValue: (proven) => latestIn(proven, id),
      }),
    nonce: (signer) =>
      views.question({
        ...{ method: 'nonce', args: [{ blob: signer }] },
        toValue: (proven) => nonceIn(proven, signer),
      }),
  }
}
