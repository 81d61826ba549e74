/** Calls from outside, as they are looked up and as certificates have them. */
import { fromHex, utf8 } from '../../../node/primitives/bytes.ts'
import { labels } from '../certification/certificates.ts'
import type { StateNode } from '../certification/tree.ts'
import { leb128 } from '../codec/hash.ts'
import type { ChainState, IngressRequest } from './state.ts'

export function putRequest(state: ChainState, request: IngressRequest): void {
  state.requests.set(request.id, request)
  state.requestTree = state.requestTree.put(fromHex(request.id), labels(statusOf(request)))
}

export function dropRequest(state: ChainState, id: string): void {
  state.requests.delete(id)
  state.requestTree = state.requestTree.drop(fromHex(id))
}

function statusOf({ status, response }: IngressRequest): Record<string, StateNode> {
  if (response === undefined) return { status: utf8(status) }
  if (response.type === 'reply') return { status: utf8('replied'), reply: response.bytes }
  return {
    status: utf8('rejected'),
    reject_code: leb128(BigInt(response.code)),
    reject_message: utf8(response.message),
    ...(response.errorCode === undefined ? {} : { error_code: utf8(response.errorCode) }),
  }
}
