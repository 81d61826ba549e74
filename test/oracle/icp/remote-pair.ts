/**
 * The canisters of a chain that somebody runs, beside the reference model: everything is asked through the adapter, and the time is the chain's. At which
 * second a request was judged nobody is told: it may be any between two readings.
 */
import { expect } from 'chai'
import type { IcpPackages } from '../../../src/chains/icp/packages.ts'
import type { IcpService } from '../../../src/chains/icp/service.ts'
import { decide } from '../../../src/chains/local/model/groups/decide.ts'
import { headerKey, standingOf } from '../../../src/chains/local/model/groups/state.ts'
import { decidePackages } from '../../../src/chains/local/model/packages/decide.ts'
import * as queries from '../../../src/chains/local/model/packages/queries.ts'
import type { PackageTables } from '../../../src/chains/local/model/packages/state.ts'
import { MemoryTables } from '../../../src/chains/local/model/tables.ts'
import { type Envelope, envelopeCodec } from '../../../src/node/anchor/envelope.ts'
import { isRejectedAs } from '../../../src/node/anchor/errors.ts'
import type { Domain } from '../../../src/node/anchor/operations.ts'
import {
  type PackageEnvelope,
  packageEnvelopeCodec,
} from '../../../src/node/anchor/packages/envelope.ts'
import type { Answer, SignedEnvelope } from '../../../src/node/anchor/service.ts'
import { ED25519_SCHEME } from '../../../src/node/anchor/ticket.ts'
import { isStrongKey, verifySignature } from '../../../src/node/crypto/sign.ts'
import { isMerogateError } from '../../../src/node/errors.ts'
import type { GroupId, PackageId, PublicKey } from '../../../src/node/primitives/ids.ts'
import { CorePair } from '../../contracts/core/core-pair.ts'
import { isContract } from '../../contracts/icp/chain-rules.ts'
import type { PackagePair } from '../../contracts/shared/package-steps.ts'
import { type Proof, type Verdict, verdictOf } from '../../contracts/shared/pair.ts'

const KEYS = { isStrong: isStrongKey, verify: verifySignature }

/** What the model says at a second. */
type Decided = Parameters<typeof verdictOf>[0]

/** A canister of a chain whose time goes by. */
class Remote {
  readonly #service: Pick<IcpService, 'readTime' | 'submit'>
  readonly domain: Domain
  seconds: bigint

  constructor(service: Pick<IcpService, 'readTime' | 'submit'>, domain: Domain, seconds: bigint) {
    this.#service = service
    this.domain = domain
    this.seconds = seconds
  }

  /** Sends a request; fails unless the model says the same at one of the seconds. @returns that, and what was said */
  async send<D extends Decided>(
    envelope: Uint8Array,
    { signWith, garbage }: Proof,
    decideAt: (signed: SignedEnvelope, now: bigint) => D,
  ): Promise<{ readonly verdict: Verdict; readonly decision: D }> {
    const { signature } = await ED25519_SCHEME.signEnvelope(envelope, signWith)
    const signed = { envelope, signature: garbage ?? signature }
    const from = await this.#service.readTime()
    const submission = await this.#service.submit(signed)
    this.seconds = await this.#service.readTime()
    const verdict: Verdict = submission.accepted
      ? ['accepted', undefined]
      : [submission.refusal.name, submission.refusal.expected]
    const last = decideAt(signed, this.seconds)
    const decision = [decideAt(signed, from)].find((each) => isSame(verdictOf(each), verdict))
    const found = decision ?? last
    expect(verdict).to.deep.equal(verdictOf(found))
    return { verdict, decision: found }
  }
}

export class RemotePair extends CorePair {
  readonly #service: IcpService
  readonly #remote: Remote

  private constructor(service: IcpService, remote: Remote) {
    super()
    this.#service = service
    this.#remote = remote
  }

  static async open(service: IcpService): Promise<RemotePair> {
    const [domain, seconds] = [await service.readDomain(), await service.readTime()]
    return new RemotePair(service, new Remote(service, domain, seconds))
  }

  override get now(): bigint {
    return this.#remote.seconds
  }

  /** Nobody moves the time of such a chain. */
  override set now(_: bigint) {}

  override domain(): Domain {
    return this.#remote.domain
  }

  override async submit(
    request: Omit<Envelope, 'domain'> & Partial<Envelope>,
    proof: Proof,
  ): Promise<Verdict> {
    const { domain } = this.#remote
    const envelope = envelopeCodec.encode({ domain, ...request })
    const about = { domain, hasPredecessor: false, isContract, keys: KEYS }
    const { verdict, decision } = await this.#remote.send(envelope, proof, (signed, now) =>
      decide(this.state, signed, { ...about, now }),
    )
    if (decision.accepted) this.state.apply(decision.effects)
    return verdict
  }

  override async compareStanding(group: GroupId, identity: PublicKey): Promise<void> {
    const isKnown = this.state.get('groups', headerKey(group)) !== undefined
    try {
      const value = proven(await this.#service.readStanding(group, identity))
      expect(isKnown).to.equal(true)
      expect(value).to.deep.equal(standingOf(this.state, group, identity, this.now))
    } catch (error) {
      if (!isMerogateError(error, 'ANCHOR_REJECTED')) throw error
      expect(isKnown).to.equal(false)
    }
  }
}

/** The registry of packages, likewise. */
export class RemotePackagePair implements PackagePair {
  readonly state: MemoryTables<PackageTables> = new MemoryTables<PackageTables>()
  readonly #service: IcpPackages
  readonly #remote: Remote
  readonly #other: Domain

  private constructor(service: IcpPackages, remote: Remote, other: Domain) {
    this.#service = service
    this.#remote = remote
    this.#other = other
  }

  static async open(service: IcpPackages, other: Domain): Promise<RemotePackagePair> {
    const [domain, seconds] = [await service.readDomain(), await service.readTime()]
    return new RemotePackagePair(service, new Remote(service, domain, seconds), other)
  }

  get now(): bigint {
    return this.#remote.seconds
  }

  /** Nobody moves the time of such a chain. */
  set now(_: bigint) {}

  domains(): { readonly ours: Domain; readonly other: Domain } {
    return { ours: this.#remote.domain, other: this.#other }
  }

  async submit(request: PackageEnvelope, proof: Proof): Promise<Verdict> {
    const envelope = packageEnvelopeCodec.encode(request)
    const about = { domain: this.#remote.domain, keys: KEYS }
    const { verdict, decision } = await this.#remote.send(envelope, proof, (signed, now) =>
      decidePackages(this.state, signed, { ...about, now }),
    )
    if (decision.accepted) this.state.apply(decision.effects)
    const nonce = proven(await this.#service.readNonce(request.signer))
    expect(nonce).to.equal(queries.readNonce(this.state, request.signer))
    return verdict
  }

  async compare(id: PackageId, versions: readonly string[]): Promise<void> {
    const service = this.#service
    const record = queries.readPackage(this.state, id)
    expect(proven(await service.readPackage(id))).to.deep.equal(record)
    const page = queries.readReleasePage(this.state, id, 0, 32)
    expect(proven(await service.readReleasePage(id, 0, 32))).to.deep.equal(page)
    for (const version of versions) {
      const release = queries.readRelease(this.state, id, version)
      expect(proven(await service.readRelease(id, version)), version).to.deep.equal(release)
    }
    try {
      const latest = proven(await service.readLatest(id))
      expect(latest).to.deep.equal(queries.readLatest(this.state, id))
    } catch (error) {
      if (!isRejectedAs(error, 'PackageNotFound')) throw error
      expect(record).to.equal(undefined)
    }
  }
}

/** The value of an answer that came with its proof. */
function proven<T>({ value, certified }: Answer<T>): T {
  expect(certified).to.equal(true)
  return value
}

function isSame([name, expected]: Verdict, [other, otherExpected]: Verdict): boolean {
  return name === other && expected === otherExpected
}
