/** What became of each operation that was taken, by its id. */
import { LRUCache } from 'lru-cache'
import type { Refusal } from '../../node/anchor/errors.ts'
import type { Submission } from '../../node/anchor/service.ts'
import { MAX_OPERATIONS } from './limits.ts'

/** How an operation stands. */
export type OperationState =
  | { readonly state: 'pending' }
  | {
      readonly state: 'mined' | 'final'
      /** Hash of the transaction. */
      readonly transaction: string
      readonly block: bigint
    }
  | ({ readonly state: 'refused' } & Refusal)
  | {
      readonly state: 'failed'
      /** Error code of what went wrong; it may be sent again. */
      readonly code: string
    }

/** An operation as clients see it. 64-bit numbers are decimal text. */
export interface OperationView {
  readonly id: string
  readonly state: OperationState['state']
  readonly [field: string]: unknown
}

/** The state that a submission comes to. */
export function stateOf(submission: Submission, state: 'mined' | 'final'): OperationState {
  if (!submission.accepted) return { state: 'refused', ...submission.refusal }
  return { state, transaction: submission.transaction, block: submission.height }
}

/** An operation for clients. */
export function viewOf(id: string, operation: OperationState): OperationView {
  const { state } = operation
  switch (state) {
    case 'pending':
      return { id, state }
    case 'mined':
    case 'final':
      return { id, state, transaction: operation.transaction, block: String(operation.block) }
    case 'refused': {
      const { number, name, expected } = operation
      return {
        ...{ id, state, number, name },
        ...(expected === undefined ? {} : { expected: String(expected) }),
      }
    }
    case 'failed':
      return { id, state, code: operation.code }
  }
}

/** The newest operations. */
export class Operations {
  readonly #states = new LRUCache<string, OperationState>({ max: MAX_OPERATIONS })

  get(id: string): OperationState | undefined {
    return this.#states.get(id)
  }

  /** One that is under way or done. What was refused or failed may be tried again. */
  taken(id: string): OperationState | undefined {
    const found = this.#states.get(id)
    return found?.state === 'refused' || found?.state === 'failed' ? undefined : found
  }

  set(id: string, state: OperationState): void {
    this.#states.set(id, state)
  }
}
