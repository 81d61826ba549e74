/** `/peers`: who this node is connected to, itself, and dialing (docs/api.md). */
import type { Router } from 'express'
import { z } from 'zod'
import type { Node } from '../../node/interface.ts'
import { MAX_DIAL_ADDRESSES, MAX_LIST_ROWS } from '../limits.ts'
import { route, withBody } from '../routes.ts'

const dialSchema = z.object({
  addresses: z.array(z.string().min(1).max(512)).min(1).max(MAX_DIAL_ADDRESSES),
})

/** Dialing gives up after this long, ms. */
const DIAL_TIMEOUT_MS = 30_000

export function peerRoutes(router: Router, node: Node): void {
  route(router, '/peers', {
    get: () => {
      const peers = node.peers.list()
      const answer = {
        count: peers.length,
        peers: peers.slice(0, MAX_LIST_ROWS),
        self: { id: node.peerId, addresses: node.addresses() },
      }
      return { ...answer, data: answer }
    },
  })
  route(router, '/peers/dial', {
    post: withBody(dialSchema, async ({ addresses }) => {
      const signal = AbortSignal.timeout(DIAL_TIMEOUT_MS)
      return { data: { peerId: await node.peers.dial(addresses, { signal }) } }
    }),
  })
}
