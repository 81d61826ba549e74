/** The registry of the authority in this process: what it adds to the authority's own door are the queries. */
import type { PackageId, PublicKey } from '../../../../node/primitives/ids.ts'
import { refusal, rejected } from '../../../../node/anchor/errors.ts'
import type { Answer, SubmissionService } from '../../../../node/anchor/service.ts'
import * as queries from './queries.ts'
import type {
  LatestReleases,
  PackageRecord,
  ReleasePage,
  ReleaseRecord,
} from '../../../../node/anchor/packages/registry.ts'
import type { PackageService } from '../../../../node/anchor/packages/service.ts'
import type { PackageView } from './state.ts'

/** What the authority does for each of its contracts. */
export interface LocalDoor extends SubmissionService {
  /** A value at the present height. @throws ANCHOR_STOPPED */
  answer<T>(value: T): Answer<T>
}

export class LocalPackages implements PackageService {
  readonly readDomain: SubmissionService['readDomain']
  readonly findApplied: SubmissionService['findApplied']
  readonly submit: SubmissionService['submit']
  readonly #contract: { readonly view: PackageView }
  readonly #answer: LocalDoor['answer']

  constructor(contract: { readonly view: PackageView }, door: LocalDoor) {
    this.#contract = contract
    this.#answer = door.answer
    this.readDomain = door.readDomain
    this.findApplied = door.findApplied
    this.submit = door.submit
  }

  async readPackage(id: PackageId): Promise<Answer<PackageRecord | undefined>> {
    return this.#answer(queries.readPackage(this.#contract.view, id))
  }

  async readReleasePage(
    id: PackageId,
    offset: number,
    length: number,
  ): Promise<Answer<ReleasePage | undefined>> {
    return this.#answer(queries.readReleasePage(this.#contract.view, id, offset, length))
  }

  async readRelease(id: PackageId, version: string): Promise<Answer<ReleaseRecord | undefined>> {
    const { view } = this.#contract
    if (queries.readPackage(view, id) === undefined) throw unknown('readRelease')
    return this.#answer(queries.readRelease(view, id, version))
  }

  async readLatest(id: PackageId): Promise<Answer<LatestReleases>> {
    const latest = queries.readLatest(this.#contract.view, id)
    if (latest === undefined) throw unknown('readLatest')
    return this.#answer(latest)
  }

  async readNonce(signer: PublicKey): Promise<Answer<bigint>> {
    return this.#answer(queries.readNonce(this.#contract.view, signer))
  }
}

function unknown(query: string): Error {
  return rejected(refusal('PackageNotFound'), query)
}
