/**
 * What services of contracts have in common on every chain: reads by {@link Views}, envelopes by a {@link Submitter}, changes by {@link ChainChanges}. How
 * a question is put, a chain says.
 */
import type { ContextRecord, GroupRecord, MemberRecord } from '../../node/anchor/anchor.ts'
import type {
  LatestReleases,
  PackageRecord,
  ReleasePage,
  ReleaseRecord,
} from '../../node/anchor/packages/registry.ts'
import type { RefusalName } from '../../node/anchor/errors.ts'
import type {
  Answer,
  Changes,
  FindOptions,
  MemberPage,
  PageOptions,
  QueryOptions,
  ServiceOptions,
  SignedEnvelope,
  Standing,
  Submission,
} from '../../node/anchor/service.ts'
import { toHex } from '../../node/primitives/bytes.ts'
import type { Clock } from '../../node/primitives/clock.ts'
import type { ContextId, GroupId, PackageId, PublicKey } from '../../node/primitives/ids.ts'
import type { ChainChanges } from './changes.ts'
import type { Endpoint, Endpoints } from './endpoints.ts'
import type { Heights } from './heights.ts'
import type { Submitter } from './submitter.ts'
import type { Question, Views } from './views.ts'

/** One contract, and how it is reached. */
export interface ContractParts {
  readonly rpc: Endpoints
  readonly heights: Heights
  readonly clock: Pick<Clock, 'nowMs'>
  readonly views: Pick<Views, 'ask' | 'find' | 'page'>
  readonly submitter: Submitter
  /** The contract's clock, as an endpoint has it; held to this machine's, `seconds`, by the chain's own rule. */
  readonly readTime: (endpoint: Endpoint, seconds: bigint) => Promise<bigint>
}

/** Whatever takes envelopes. */
export class ContractService {
  readonly rpc: Endpoints
  readonly heights: Heights
  readonly #parts: ContractParts

  constructor(parts: ContractParts) {
    this.rpc = parts.rpc
    this.heights = parts.heights
    this.#parts = parts
  }

  async readTime({ signal }: ServiceOptions = {}): Promise<bigint> {
    const { clock, readTime } = this.#parts
    const seconds = BigInt(Math.floor(clock.nowMs() / 1000))
    return this.rpc.run((endpoint) => readTime(endpoint, seconds), signal)
  }

  async findApplied(envelope: Uint8Array, options: FindOptions = {}): Promise<bigint | undefined> {
    const { submitter } = this.#parts
    return this.heights.unlessOpen(await submitter.find(envelope, options), options)
  }

  async submit(signed: SignedEnvelope, { signal }: ServiceOptions = {}): Promise<Submission> {
    return this.#parts.submitter.submit(signed, { signal })
  }
}

/** Questions to the contract of contexts. Who does not know the subject refuses, or has no value for it. */
export interface ContextQuestions {
  context(id: ContextId): Question<ContextRecord | undefined>
  group(id: GroupId): Question<GroupRecord | undefined>
  member(group: GroupId, identity: PublicKey): Question<MemberRecord | undefined>
  standing(group: GroupId, identity: PublicKey): Question<Standing>
  members(group: GroupId, offset: number, length: number): Question<MemberPage | undefined>
}

export interface ContextParts extends ContractParts {
  readonly changes: ChainChanges
  readonly questions: ContextQuestions
}

/** The contract of contexts: the reads of `EnvelopeService`. */
export class ContextService extends ContractService {
  readonly #parts: ContextParts

  constructor(parts: ContextParts) {
    super(parts)
    this.#parts = parts
  }

  async readContext(
    id: ContextId,
    options?: QueryOptions,
  ): Promise<Answer<ContextRecord | undefined>> {
    const { views, questions } = this.#parts
    return views.find(questions.context(id), options)
  }

  async readGroup(id: GroupId, options?: QueryOptions): Promise<Answer<GroupRecord | undefined>> {
    const { views, questions } = this.#parts
    return views.find(questions.group(id), options)
  }

  async readMember(
    group: GroupId,
    identity: PublicKey,
    options?: QueryOptions,
  ): Promise<Answer<MemberRecord | undefined>> {
    const { views, questions } = this.#parts
    return views.ask(questions.member(group, identity), options)
  }

  async readStanding(
    group: GroupId,
    identity: PublicKey,
    options?: QueryOptions,
  ): Promise<Answer<Standing>> {
    const { views, questions } = this.#parts
    return views.ask(questions.standing(group, identity), options)
  }

  async readMemberPage(
    group: GroupId,
    offset: number,
    length: number,
    options?: PageOptions,
  ): Promise<Answer<MemberPage | undefined>> {
    const { views, questions } = this.#parts
    return views.page(toHex(group), questions.members(group, offset, length), options)
  }

  async waitForChanges(
    since: bigint | undefined,
    waitMs: number,
    { signal }: ServiceOptions = {},
  ): Promise<Changes> {
    return this.#parts.changes.wait(since, waitMs, signal)
  }
}

/** Questions to the package registry, likewise. */
export interface PackageQuestions {
  package(id: PackageId): Question<PackageRecord | undefined>
  releases(id: PackageId, offset: number, length: number): Question<ReleasePage | undefined>
  release(id: PackageId, version: string): Question<ReleaseRecord | undefined>
  latest(id: PackageId): Question<LatestReleases>
  nonce(signer: PublicKey): Question<bigint>
}

export interface PackageParts extends ContractParts {
  readonly questions: PackageQuestions
}

/** With what a registry refuses to answer about a version that there is not. */
const NO_RELEASE: RefusalName = 'ReleaseNotFound'

/** The package registry: the reads of `PackageService`. */
export class PackageContract extends ContractService {
  readonly #parts: PackageParts

  constructor(parts: PackageParts) {
    super(parts)
    this.#parts = parts
  }

  async readPackage(
    id: PackageId,
    options?: QueryOptions,
  ): Promise<Answer<PackageRecord | undefined>> {
    const { views, questions } = this.#parts
    return views.find(questions.package(id), options)
  }

  async readReleasePage(
    id: PackageId,
    offset: number,
    length: number,
    options?: PageOptions,
  ): Promise<Answer<ReleasePage | undefined>> {
    const { views, questions } = this.#parts
    return views.page(toHex(id), questions.releases(id, offset, length), options)
  }

  async readRelease(
    id: PackageId,
    version: string,
    options?: QueryOptions,
  ): Promise<Answer<ReleaseRecord | undefined>> {
    const { views, questions } = this.#parts
    return views.find(questions.release(id, version), options, NO_RELEASE)
  }

  async readLatest(id: PackageId, options?: QueryOptions): Promise<Answer<LatestReleases>> {
    const { views, questions } = this.#parts
    return views.ask(questions.latest(id), options)
  }

  async readNonce(signer: PublicKey, options?: QueryOptions): Promise<Answer<bigint>> {
    const { views, questions } = this.#parts
    return views.ask(questions.nonce(signer), options)
  }
}
