/** `/v1/operations` and `/v1/adoptions`: the relayer over HTTP. */
import type { Request, Response, Router } from 'express'
import { jsonBody, param, route } from '../routes.ts'
import { MAX_RELAY_BYTES } from './limits.ts'
import type { RelayClient } from './quotas.ts'
import type { Relayer } from './relayer.ts'

/** `isGuarded`: who may come in was asked before. */
export function relayerRoutes(router: Router, relayer: Relayer, isGuarded: boolean): void {
  const read = jsonBody(MAX_RELAY_BYTES)
  const answer = <T extends { readonly state: string }>(
    res: Response,
    view: T,
    refusedStatus: number,
  ): T => {
    const { state } = view
    res.status(state === 'pending' ? 202 : state === 'refused' ? refusedStatus : 200)
    return view
  }
  const clientOf = ({ headers: { authorization }, ip = '' }: Request): RelayClient => {
    const key = isGuarded ? relayer.apiKeyOf(authorization) : relayer.authorize(authorization)
    return { key, address: ip }
  }
  route(router, '/v1/operations', {
    post: async (req, res) => {
      const client = clientOf(req)
      return answer(res, await relayer.submit(await read(req, res), client), 422)
    },
  })
  route(router, '/v1/adoptions', {
    post: async (req, res) => {
      const client = clientOf(req)
      return answer(res, await relayer.adopt(await read(req, res), client), 422)
    },
  })
  route(router, '/v1/operations/:id', {
    get: (req, res) => {
      if (!isGuarded) relayer.authorize(req.headers.authorization)
      return answer(res, relayer.find(param(req, 'id')), 200)
    },
  })
}
