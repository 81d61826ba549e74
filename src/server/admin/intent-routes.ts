/** `/intents` and `/identities`: what the node goes on with by itself, and the keys it holds. */
import type { Router } from 'express'
import type { Node } from '../../node/interface.ts'
import { equalBytes, toBase58 } from '../../node/primitives/bytes.ts'
import { encodeIntent } from '../encode.ts'
import { MAX_LIST_ROWS } from '../limits.ts'
import { accessIn, pageOf, param, route } from '../routes.ts'
import { visible, visibleIntents } from './context-routes.ts'

export function intentRoutes(router: Router, node: Node): void {
  const { contexts, identities } = node

  route(router, '/intents', {
    get: (req, res) => {
      const { rows, next } = pageOf(req, visibleIntents(res, contexts.intents()))
      return { data: { intents: rows.map(encodeIntent), ...next } }
    },
  })
  route(router, '/intents/:id', {
    delete: async (req) => ({
      data: { isWithdrawn: await contexts.withdraw(param(req, 'id')) },
    }),
  })
  route(router, '/identities', {
    get: async (req, res) => {
      const all = visible(res, await contexts.list()).slice(0, MAX_LIST_ROWS)
      const owners = await Promise.all(
        all.map(async ({ id }) => ({ id, owned: await identities.owned(id) })),
      )
      const intents = visibleIntents(res, contexts.intents())
      const known = (await identities.owned()).map((key) => ({
        publicKey: toBase58(key),
        contextIds: owners
          .filter(({ owned }) => owned.some((each) => equalBytes(each, key)))
          .map(({ id }) => toBase58(id)),
        intents: intents
          .filter(({ identity }) => identity !== undefined && equalBytes(identity, key))
          .map(encodeIntent),
      }))
      // an identity without a context is for those to see who may see all
      const showsAll = accessIn(res).allowsAll('context:list')
      const seen = known.filter(
        (each) => showsAll || each.contextIds.length > 0 || each.intents.length > 0,
      )
      const { rows, next } = pageOf(req, seen)
      return { data: { identities: rows, ...next } }
    },
  })
}
