/** Names of gossip topics. */
import { toBase58 } from '../primitives/bytes.ts'
import { domainTag, taggedHash } from '../primitives/hash.ts'
import type { ContextId } from '../primitives/ids.ts'

const TOPIC_TAG = domainTag('cali/topic/1')

/** The topic of a context. A hash, so that a topic does not reveal the context's id (docs/protocol.md, Gossip). */
export function contextTopic(context: ContextId): string {
  return `cali/1/${toBase58(taggedHash(TOPIC_TAG, context))}`
}
