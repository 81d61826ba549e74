/** The package registry of the service as a `PackageService`. */
import type {
  LatestReleases,
  PackageRecord,
  ReleasePage,
  ReleaseRecord,
} from '../../node/anchor/packages/registry.ts'
import type { PackageService } from '../../node/anchor/packages/service.ts'
import type { Answer, ServiceOptions } from '../../node/anchor/service.ts'
import { toHex } from '../../node/primitives/bytes.ts'
import type { PackageId, PublicKey } from '../../node/primitives/ids.ts'
import { HttpContract } from './contract.ts'
import {
  latestAnswer,
  nonceAnswer,
  packageAnswer,
  packagePath,
  releaseAnswer,
  releasePageAnswer,
} from './packages-wire.ts'
import { withId } from './wire.ts'

/** Beginning of the contract's paths. */
const PREFIX = '/v1/packages'

export class HttpPackages extends HttpContract implements PackageService {
  constructor(url: string) {
    super(url, PREFIX)
  }

  async readPackage(
    id: PackageId,
    options?: ServiceOptions,
  ): Promise<Answer<PackageRecord | undefined>> {
    const path = packagePath(id)
    return withId(id, await this.find(path, packageAnswer, 'PackageNotFound', options))
  }

  async readReleasePage(
    id: PackageId,
    offset: number,
    length: number,
    options?: ServiceOptions,
  ): Promise<Answer<ReleasePage | undefined>> {
    const path = `${packagePath(id)}/releases?offset=${offset}&length=${length}`
    return this.find(path, releasePageAnswer, 'PackageNotFound', options)
  }

  async readRelease(
    id: PackageId,
    version: string,
    options?: ServiceOptions,
  ): Promise<Answer<ReleaseRecord | undefined>> {
    const path = `${packagePath(id)}/release?version=${encodeURIComponent(version)}`
    return this.get(path, releaseAnswer, options)
  }

  async readLatest(id: PackageId, options?: ServiceOptions): Promise<Answer<LatestReleases>> {
    return this.get(`${packagePath(id)}/latest`, latestAnswer, options)
  }

  async readNonce(signer: PublicKey, options?: ServiceOptions): Promise<Answer<bigint>> {
    return this.get(`${PREFIX}/nonces/${toHex(signer)}`, nonceAnswer, options)
  }
}
