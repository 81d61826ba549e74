/** `sync_status`: how far a context is, for clients that met `Uninitialized` (docs/api.md). */
import { z } from 'zod'
import { MerogateError } from '../../../node/errors.ts'
import type { Node } from '../../../node/interface.ts'
import { toBase58 } from '../../../node/primitives/bytes.ts'
import { encodeFailure } from '../../encode.ts'
import { contextIdSchema, parseBody } from '../../schemas.ts'
import type { RpcMethod } from './method.ts'

const paramsSchema = z.object({ contextId: contextIdSchema })

/** The method over a node. */
export function syncStatusMethod(node: Node): RpcMethod {
  return (params) => {
    const { contextId } = parseBody(paramsSchema, params)
    const id = toBase58(contextId)
    return {
      subject: { contextId: id },
      async run() {
        const context = await node.contexts.get(contextId)
        if (context === undefined) {
          throw new MerogateError(
            'CONTEXT_NOT_FOUND',
            'missing',
            `there is no context ${id} here`,
            {
              context: id,
            },
          )
        }
        return JSON.stringify({
          contextId: id,
          isInitialized: context.status !== 'uninitialized',
          syncState: context.status,
          rootHash: toBase58(context.root),
          deltas: context.deltas,
          waitsFor: context.waitsFor,
          rootMismatches: context.rootMismatches,
          lastFailure:
            context.lastFailure === undefined ? null : encodeFailure(context.lastFailure),
        })
      },
    }
  }
}
