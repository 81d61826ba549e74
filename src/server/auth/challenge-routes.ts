/** `/auth/:wallet`: routes that wallets of a kind expect, which know nothing of this node. */
import express, { type Request, type Response, type Router } from 'express'
import type { Auth, IssuedChallenge } from '../../auth/index.ts'
import { MAX_AUTH_BYTES } from '../limits.ts'
import { routeUnknownError } from '../request.ts'
import { jsonBody, route } from '../routes.ts'
import { addressOf, originOf } from './sign-in-routes.ts'

/** A pair of routes: `GET` asks for a challenge, `POST` brings it back signed, as JSON or as a form, and gets `{ token }`. */
export interface ChallengeRoutes {
  /** Below `/auth`: `/auth/<name>`. */
  readonly name: string
  /** `auth_method` of the wallet's verifier. */
  readonly method: string
  /** Whose keys are listed so. */
  readonly clientName: string
  /** The account that a query asks for. @throws AUTH_BAD_REQUEST (input) */
  subjectOf(query: Readonly<Record<string, unknown>>): string
  /** The answer with a challenge. */
  answerOf(challenge: IssuedChallenge): Readonly<Record<string, unknown>>
  /** What a body brings: who signed, as it says, and the data for the verifier. @throws AUTH_BAD_REQUEST (input) */
  proofOf(body: unknown): { readonly publicKey: string; readonly data: unknown }
}

/** Serves them; to be registered behind all other routes below `/auth`. */
export function challengeRoutes(
  router: Router,
  auth: Auth,
  wallets: readonly ChallengeRoutes[],
): void {
  const readJson = jsonBody(MAX_AUTH_BYTES)
  const readForm = express.urlencoded({ extended: false, limit: MAX_AUTH_BYTES, parameterLimit: 4 })
  const read = async (req: Request, res: Response): Promise<unknown> => {
    if (req.is('application/x-www-form-urlencoded') === false) return readJson(req, res)
    return new Promise((resolve, reject) => {
      readForm(req, res, (error?: Error) => {
        if (error === undefined) resolve(req.body)
        else reject(error)
      })
    })
  }
  const walletOf = (req: Request): ChallengeRoutes => {
    const found = wallets.find(({ name }) => name === req.params['wallet'])
    if (found !== undefined) return found
    throw routeUnknownError(req)
  }
  route(router, '/auth/:wallet', {
    get: async (req) => {
      const { method, subjectOf, answerOf } = walletOf(req)
      const subject = subjectOf(req.query)
      return answerOf(await auth.challenge({ method, subject }, { address: addressOf(req) }))
    },
    post: async (req, res) => {
      const { method, clientName, proofOf } = walletOf(req)
      const proof = proofOf(await read(req, res))
      const pair = await auth.signIn({ method, clientName, ...proof }, originOf(req))
      return { token: pair.accessToken }
    },
  })
}
