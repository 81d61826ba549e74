/** The canister of a chain that somebody runs, beside the reference model: everything is asked through the adapter, and the time is the chain's. */
import { expect } from 'chai'
import type { IcpService } from '../../../src/chains/icp/service.ts'
import { decide, type Decision } from '../../../src/chains/local/model/groups/decide.ts'
import { headerKey, standingOf } from '../../../src/chains/local/model/groups/state.ts'
import { type Envelope, envelopeCodec } from '../../../src/node/anchor/envelope.ts'
import type { Domain } from '../../../src/node/anchor/operations.ts'
import { ED25519_SCHEME } from '../../../src/node/anchor/ticket.ts'
import type { SignedEnvelope } from '../../../src/node/anchor/service.ts'
import { isStrongKey, verifySignature } from '../../../src/node/crypto/sign.ts'
import { isMerogateError } from '../../../src/node/errors.ts'
import type { GroupId, PublicKey } from '../../../src/node/primitives/ids.ts'
import { CorePair } from '../../contracts/core/core-pair.ts'
import { isContract } from '../../contracts/icp/chain-rules.ts'
import { type Proof, type Verdict, verdictOf } from '../../contracts/shared/pair.ts'

const KEYS = { isStrong: isStrongKey, verify: verifySignature }

export class RemotePair extends CorePair {
  readonly #service: IcpService
  readonly #domain: Domain
  #seconds: bigint

  private constructor(service: IcpService, domain: Domain, seconds: bigint) {
    super()
    this.#service = service
    this.#domain = domain
    this.#seconds = seconds
  }

  static async open(service: IcpService): Promise<RemotePair> {
    return new RemotePair(service, await service.readDomain(), await service.readTime())
  }

  override get now(): bigint {
    return this.#seconds
  }

  /** Nobody moves the time of such a chain. */
  override set now(_: bigint) {}

  override domain(): Domain {
    return this.#domain
  }

  override async submit(
    request: Omit<Envelope, 'domain'> & Partial<Envelope>,
    { signWith, garbage }: Proof,
  ): Promise<Verdict> {
    const envelope = envelopeCodec.encode({ domain: this.#domain, ...request })
    const { signature } = await ED25519_SCHEME.signEnvelope(envelope, signWith)
    const signed = { envelope, signature: garbage ?? signature }
    const from = await this.#service.readTime()
    const submission = await this.#service.submit(signed)
    this.#seconds = await this.#service.readTime()
    const told: Verdict = submission.accepted
      ? ['accepted', undefined]
      : [submission.refusal.name, submission.refusal.expected]
    // at which of these seconds it was judged nobody is told
    const decisions = [from, this.#seconds].map((now) => this.#decide(signed, now))
    const decision = decisions.find((each) => isSame(verdictOf(each), told)) ?? decisions[0]
    expect(told).to.deep.equal(decision && verdictOf(decision))
    if (decision?.accepted === true) this.state.apply(decision.effects)
    return told
  }

  #decide(signed: SignedEnvelope, now: bigint): Decision {
    const context = { domain: this.#domain, now, hasPredecessor: false, isContract, keys: KEYS }
    return decide(this.state, signed, context)
  }

  override async compareStanding(group: GroupId, identity: PublicKey): Promise<void> {
    const isKnown = this.state.get('groups', headerKey(group)) !== undefined
    try {
      const { value, certified } = await this.#service.readStanding(group, identity)
      expect(certified).to.equal(true)
      expect(isKnown).to.equal(true)
      expect(value).to.deep.equal(standingOf(this.state, group, identity, this.#seconds))
    } catch (error) {
      if (!isMerogateError(error, 'ANCHOR_REJECTED')) throw error
      expect(isKnown).to.equal(false)
    }
  }
}

function isSame([name, expected]: Verdict, [other, otherExpected]: Verdict): boolean {
  return name === other && expected === otherExpected
}
