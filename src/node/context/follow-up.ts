/**
 * What a call asks for beside its own state: calls into other contexts and requests to the node. Done after the call's state is stored, as its caller; a
 * failure is noted and changes nothing.
 */
import type { SigningKey } from '../crypto/sign.ts'
import { CrossCalls, type CrossCallsComponents } from './cross-calls/cross-calls.ts'
import type { LocalResult } from './replica/calls.ts'
import type { ContextReplica } from './replica/replica.ts'
import { carryOut, type RequestComponents } from './requests.ts'

export interface FollowUpComponents
  extends RequestComponents, Omit<CrossCallsComponents, 'followUp'> {
  background(work: Promise<void>): void
}

export class FollowUps {
  readonly #c: FollowUpComponents
  readonly #crossCalls: CrossCalls

  constructor(components: FollowUpComponents) {
    this.#c = components
    this.#crossCalls = new CrossCalls({
      ...components,
      followUp: (...args) => this.begin(...args),
    })
  }

  /** Begins what a call asked for, in the background. */
  begin(replica: ContextReplica, result: LocalResult, executor: SigningKey): void {
    const { requests } = result
    if (requests.length > 0) {
      this.#c.background(carryOut(this.#c, replica, requests, executor.publicKey))
    }
    this.#crossCalls.begin(replica, result)
  }
}
