/**
 * What a call asks for beside its own state: calls into other contexts and requests to the node. Done after the call's state is stored, as its caller; a
 * failure is noted and changes nothing.
 */
import type { SigningKey } from '../crypto/sign.ts'
import type { ContextId } from '../primitives/ids.ts'
import { executorOf } from './groups/executor.ts'
import type { LocalResult } from './replica/calls.ts'
import { contextError } from './errors.ts'
import { MAX_CROSS_CALL_DEPTH, MAX_INPUT_BYTES, MAX_METHOD_LENGTH } from './limits.ts'
import type { ContextReplica } from './replica/replica.ts'
import { carryOut, type RequestComponents } from './requests.ts'

/** Names a guest method may have; the host's own begin with two underscores. */
const METHOD = /^[A-Za-z0-9_]+$/

export interface FollowUpComponents extends RequestComponents {
  /** The contexts of this node. */
  readonly contexts: {
    require(id: ContextId): ContextReplica
  }
  background(work: Promise<void>): void
}

export class FollowUps {
  readonly #c: FollowUpComponents

  constructor(components: FollowUpComponents) {
    this.#c = components
  }

  /** Begins what a call asked for, in the background. `depth` counts calls that led here from other contexts. */
  begin(replica: ContextReplica, result: LocalResult, executor: SigningKey, depth = 1): void {
    const { requests, crossCalls } = result
    if (requests.length > 0) {
      this.#c.background(carryOut(this.#c, replica, requests, executor.publicKey))
    }
    if (crossCalls.length > 0 && depth <= MAX_CROSS_CALL_DEPTH) {
      this.#c.background(this.#callOthers(replica, crossCalls, depth))
    }
  }

  /** One after the other, as our identity in each context. */
  async #callOthers(
    caller: ContextReplica,
    calls: LocalResult['crossCalls'],
    depth: number,
  ): Promise<void> {
    const { contexts } = this.#c
    for (const { contextId, method, params } of calls) {
      try {
        checkCall(method, params)
        const replica = contexts.require(contextId)
        const executor = executorOf(replica.group, undefined)
        const result = await replica.execute({ method, input: params, executor })
        this.begin(replica, result, executor, depth + 1)
      } catch (error) {
        caller.failures.note({ what: 'call', error, tries: 1, method })
      }
    }
  }
}

/** @throws METHOD_INVALID, CALL_TOO_LARGE */
export function checkCall(method: string, input: Uint8Array): void {
  const wellFormed = method.length > 0 && method.length <= MAX_METHOD_LENGTH && METHOD.test(method)
  if (!wellFormed || method.startsWith('__')) {
    throw contextError(
      'METHOD_INVALID',
      `expected a method name of 1 to ${MAX_METHOD_LENGTH} letters, digits and _, not the host's own, got ${JSON.stringify(method.slice(0, 64))}`,
    )
  }
  if (input.length > MAX_INPUT_BYTES) {
    throw contextError(
      'CALL_TOO_LARGE',
      `expected at most ${MAX_INPUT_BYTES} bytes of arguments, got ${input.length}`,
      { max: MAX_INPUT_BYTES, got: input.length },
    )
  }
}
