/** The package registry contract as a `PackageService`. */
import type { Domain } from '../../node/anchor/operations.ts'
import type { PackageEvent } from '../../node/anchor/packages/events.ts'
import type {
  LatestReleases,
  PackageRecord,
  ReleasePage,
  ReleaseRecord,
} from '../../node/anchor/packages/registry.ts'
import type { PackageService } from '../../node/anchor/packages/service.ts'
import type {
  Answer,
  FindOptions,
  PageOptions,
  QueryOptions,
  ServiceOptions,
  SignedEnvelope,
  Submission,
} from '../../node/anchor/service.ts'
import { toHex } from '../../node/primitives/bytes.ts'
import type { Clock } from '../../node/primitives/clock.ts'
import type { PackageId, PublicKey } from '../../node/primitives/ids.ts'
import type { Endpoints } from '../shared/endpoints.ts'
import type { Heights } from '../shared/heights.ts'
import { Submitter } from '../shared/submitter.ts'
import { readEvents } from './contracts/changes.ts'
import { toLatest, toPackage, toRelease, toReleasePage, Unknown } from './contracts/codec.ts'
import { decodePackageEvent } from './contracts/events.ts'
import { args, pageArgs } from './contracts/layouts.ts'
import { ContractViews, type Target } from './contracts/views.ts'
import { domainOf } from './defaults.ts'
import { readTime } from './rpc/head.ts'
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

export class NearPackages implements PackageService {
  readonly #init: PackagesInit
  readonly #target: Target
  readonly #views: ContractViews
  readonly #submitter: Submitter

  constructor(init: PackagesInit) {
    const { rpc, heights, chainId, address, carrier } = init
    this.#init = init
    const target: Target = { contract: 'packages', address }
    this.#target = target
    this.#views = new ContractViews({ rpc, heights, ...target, unknown: 'PackageNotFound' })
    this.#submitter = new Submitter(new NearDelivery({ ...target, rpc, chainId, carrier, heights }))
  }

  async readDomain(): Promise<Domain> {
    return domainOf(this.#init.chainId, this.#init.address)
  }

  async readTime({ signal }: ServiceOptions = {}): Promise<bigint> {
    const seconds = BigInt(Math.floor(this.#init.clock.nowMs() / 1000))
    return this.#init.rpc.run((endpoint) => readTime(endpoint, seconds), signal)
  }

  async readPackage(
    id: PackageId,
    options?: QueryOptions,
  ): Promise<Answer<PackageRecord | undefined>> {
    const given = args.id.encode(id)
    return this.#views.find(
      this.#views.asking('package', async (ask) => {
        const found = await ask('package', given)
        if (found === undefined) return new Unknown('PackageNotFound')
        return toPackage(id, found, toLatest(await ask('latest', given)))
      }),
      options,
    )
  }

  async readReleasePage(
    id: PackageId,
    offset: number,
    length: number,
    options?: PageOptions,
  ): Promise<Answer<ReleasePage | undefined>> {
    const given = pageArgs(id, offset, length)
    return this.#views.page(
      toHex(id),
      this.#views.question('releases', given, toReleasePage),
      options,
    )
  }

  async readRelease(
    id: PackageId,
    version: string,
    options?: QueryOptions,
  ): Promise<Answer<ReleaseRecord | undefined>> {
    return this.#views.ask(
      this.#views.asking('release', async (ask) => {
        const found = await ask('release', args.version.encode({ id, version }))
        if (found !== undefined) return toRelease(found)
        const known = await ask('package', args.id.encode(id))
        return known === undefined ? new Unknown('PackageNotFound') : undefined
      }),
      options,
    )
  }

  async readLatest(id: PackageId, options?: QueryOptions): Promise<Answer<LatestReleases>> {
    const given = args.id.encode(id)
    return this.#views.ask(
      this.#views.asking<LatestReleases>('latest', async (ask) => {
        const found = toLatest(await ask('latest', given))
        if (found.stable !== undefined || found.preRelease !== undefined) return found
        const known = await ask('package', given)
        return known === undefined ? new Unknown('PackageNotFound') : found
      }),
      options,
    )
  }

  async readNonce(signer: PublicKey, options?: QueryOptions): Promise<Answer<bigint>> {
    return this.#views.ask(
      this.#views.question('nonce', args.id.encode(signer), (nonce) => nonce),
      options,
    )
  }

  async findApplied(envelope: Uint8Array, options: FindOptions = {}): Promise<bigint | undefined> {
    return this.#init.heights.unlessOpen(await this.#submitter.find(envelope, options), options)
  }

  async submit(signed: SignedEnvelope, { signal }: ServiceOptions = {}): Promise<Submission> {
    return this.#submitter.submit(signed, { signal })
  }

  /** What the registry announced and still remembers, oldest first, as far as it is final. @throws as the other reads */
  async readEvents({ signal }: ServiceOptions = {}): Promise<readonly PackageEvent[]> {
    return this.#init.heights.run(
      'final',
      (at, final) => readEvents(at, this.#target, final, decodePackageEvent),
      signal,
    )
  }
}
