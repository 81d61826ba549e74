/** `/v1/operations`: the relayer over HTTP. */
import type { Response, Router } from 'express'
import { jsonBody, param, route } from '../routes.ts'
import { MAX_RELAY_BYTES } from './limits.ts'
import type { OperationView } from './operations.ts'
import type { Relayer } from './relayer.ts'

/** `isGuarded`: who may come in was asked before. */
export function relayerRoutes(router: Router, relayer: Relayer, isGuarded: boolean): void {
  const read = jsonBody(MAX_RELAY_BYTES)
  const answer = (res: Response, view: OperationView, refusedStatus: number): OperationView => {
    const { state } = view
    res.status(state === 'pending' ? 202 : state === 'refused' ? refusedStatus : 200)
    return view
  }
  route(router, '/v1/operations', {
    post: async (req, res) => {
      const { authorization } = req.headers
      const key = isGuarded ? relayer.apiKeyOf(authorization) : relayer.authorize(authorization)
      const client = { key, address: req.ip ?? '' }
      return answer(res, await relayer.submit(await read(req, res), client), 422)
    },
  })
  route(router, '/v1/operations/:id', {
    get: (req, res) => {
      if (!isGuarded) relayer.authorize(req.headers.authorization)
      return answer(res, relayer.find(param(req, 'id')), 200)
    },
  })
}
