/** `/auth/stellar`: the routes of SEP-10, for wallets that know nothing of this node. */
import express, { type Router } from 'express'
import type { Auth } from '../../auth/index.ts'
import { authError } from '../../auth/index.ts'
import { MAX_AUTH_BYTES } from '../limits.ts'
import { jsonBody, route } from '../routes.ts'
import { addressOf, originOf } from './sign-in-routes.ts'

/** What the routes need of the wallet's verifier. */
export interface Sep10 {
  readonly networkPassphrase: string
  /** The account that a query asks for. @throws AUTH_BAD_REQUEST (input) */
  accountOf(query: Readonly<Record<string, unknown>>): string
  /** The account that a transaction was made for, as it says. */
  claimedAccount(transaction: unknown): string | undefined
}

const METHOD = 'stellar_wallet'

/** @see https://github.com/stellar/stellar-protocol/blob/master/ecosystem/sep-0010.md */
export function stellarRoutes(router: Router, auth: Auth, sep10: Sep10): void {
  const readJson = jsonBody(MAX_AUTH_BYTES)
  const readForm = express.urlencoded({ extended: false, limit: MAX_AUTH_BYTES, parameterLimit: 4 })

  route(router, '/auth/stellar', {
    get: async (req) => {
      const subject = sep10.accountOf(req.query)
      const issued = await auth.challenge({ method: METHOD, subject }, { address: addressOf(req) })
      return { transaction: issued.transaction, network_passphrase: sep10.networkPassphrase }
    },
    post: async (req, res) => {
      const isForm = req.is('application/x-www-form-urlencoded') !== false
      const body: unknown = isForm
        ? await new Promise((resolve, reject) => {
            readForm(req, res, (error?: Error) => {
              if (error === undefined) resolve(req.body)
              else reject(error)
            })
          })
        : await readJson(req, res)
      const transaction =
        typeof body === 'object' && body !== null && 'transaction' in body
          ? body.transaction
          : undefined
      const account = sep10.claimedAccount(transaction)
      if (account === undefined) {
        throw authError('AUTH_BAD_REQUEST', 'expected a transaction that was signed, in base64')
      }
      const request = { method: METHOD, publicKey: account, data: { transaction } }
      const pair = await auth.signIn({ ...request, clientName: 'SEP-10' }, originOf(req))
      return { token: pair.accessToken }
    },
  })
}
