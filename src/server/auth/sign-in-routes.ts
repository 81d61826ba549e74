/** `/auth`: ways to sign in, challenges, tokens, and what others need to check them (docs/api.md). */
import type { Request, Response, Router } from 'express'
import { z } from 'zod'
import type { Auth, TokenPair } from '../../auth/index.ts'
import type { Clock } from '../../node/primitives/clock.ts'
import { tokenOf } from '../access/guard.ts'
import { MAX_AUTH_BYTES } from '../limits.ts'
import { isLoopback } from '../loopback.ts'
import { accessIn, query, route, withBody } from '../routes.ts'

/** Headers by which a proxy tells that a request is not its own. */
const PROXY_HEADERS = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via']

const name = z.string().min(1)

const challengeSchema = z.object({
  method: name.nullish(),
  address: name.nullish(),
  chain_id: z.union([name, z.int().min(1).transform(String)]).nullish(),
  origin: name.nullish(),
  permissions: z.array(z.string()).nullish(),
})

const tokenSchema = z.object({
  auth_method: name,
  public_key: name,
  client_name: name,
  // `permissions` and `timestamp` of the original's clients are not read: the key's own permissions go into the token
  provider_data: z.unknown(),
  /** Ours: nonce or text of the challenge, where `provider_data` does not hold the text. */
  challenge: name.nullish(),
  /** Ours: what `merogate node init` printed, for the first sign-in. */
  bootstrap_secret: z.string().nullish(),
})

const refreshSchema = z.object({ access_token: z.string().nullish(), refresh_token: name })

/** Of npm's @calimero-network/calimero-client, which refreshes minutes before its token ends and names that token nowhere. */
const oldRefreshSchema = z.object({ refreshToken: name })

const passwordSchema = z.object({ old_password: name, new_password: name })

const mockSchema = z.object({
  client_name: name,
  permissions: z.array(z.string()).default(['admin']),
})

export interface SignInRoutesComponents {
  readonly auth: Auth
  readonly clock: Clock
  /** Whether tokens are handed out to whoever asks: for development alone. */
  readonly mockTokens: boolean
}

export function signInRoutes(router: Router, components: SignInRoutesComponents): void {
  const { auth, clock, mockTokens } = components
  const startedMs = clock.monotonicMs()

  route(router, '/auth/providers', {
    get: () => {
      const providers = auth.providers().map((each) => ({ ...each, configured: true }))
      return answer({ providers, count: providers.length })
    },
  })
  const challenge = async (
    body: z.infer<typeof challengeSchema>,
    req: Request,
    isOriginal: boolean,
  ): Promise<unknown> => {
    const { method, address, chain_id: network, origin, permissions } = body
    const issued = await auth.challenge(
      {
        method: method ?? undefined,
        subject: address ?? undefined,
        network: network ?? undefined,
        origin: origin ?? undefined,
        permissions: permissions ?? undefined,
      },
      { address: addressOf(req) },
    )
    const { parameters, message, transaction } = issued
    return answer({
      method: issued.method,
      challenge: issued.challenge,
      // clients of the original sign it as NEP-413 has it
      nonce: isOriginal ? Buffer.from(issued.nonce, 'hex').toString('base64') : issued.nonce,
      ...(message === undefined ? {} : { message }),
      ...(transaction === undefined ? {} : { transaction }),
      ...(parameters['network_passphrase'] === undefined
        ? {}
        : { network_passphrase: parameters['network_passphrase'] }),
      parameters,
      expires_at: Math.floor(issued.expiresAtMs / 1000),
    })
  }
  route(router, '/auth/challenge', {
    get: (req) => {
      const [method, address, network] = ['method', 'address', 'chain_id'].map((field) =>
        query(req, field),
      )
      const permissions = query(req, 'permissions')?.split(/[\s]+/).filter(Boolean)
      const body = { method, address, chain_id: network, origin: query(req, 'origin'), permissions }
      return challenge(body, req, method === undefined)
    },
    post: withBody(challengeSchema, (body, req) => challenge(body, req, false), MAX_AUTH_BYTES),
  })
  route(router, '/auth/token', {
    post: withBody(
      tokenSchema,
      async (body, req, res) => {
        const request = {
          method: body.auth_method,
          publicKey: body.public_key,
          clientName: body.client_name,
          data: body.provider_data,
          challenge: body.challenge ?? undefined,
        }
        const from = originOf(req, body.bootstrap_secret ?? undefined)
        return answer(pairBody(await auth.signIn(request, from, { signal: goneSignal(res) })))
      },
      MAX_AUTH_BYTES,
    ),
  })
  route(router, '/auth/refresh', {
    post: withBody(
      refreshSchema,
      async ({ access_token: accessToken, refresh_token: refreshToken }, req) => {
        const early = req.headers['calimero-refresh'] === 'early'
        const tokens = { accessToken: accessToken ?? undefined, refreshToken }
        return answer(pairBody(await auth.refresh(tokens, { early })))
      },
      MAX_AUTH_BYTES,
    ),
  })
  route(router, '/admin-api/refresh-jwt-token', {
    post: withBody(
      oldRefreshSchema,
      async (tokens) => answer(pairBody(await auth.refresh(tokens, { early: true }))),
      MAX_AUTH_BYTES,
    ),
  })
  const validate = async (req: Request, res: Response): Promise<unknown> => {
    const caller = await auth.verify(tokenOf(req.headers.authorization, forwardedToken(req)))
    tellCaller(res, caller.keyId, caller.permissions.texts)
    return answer('')
  }
  route(router, '/auth/validate', { get: validate, post: validate })
  route(router, '/auth/logout', {
    post: async (_req, res) => {
      const { caller } = accessIn(res)
      if (caller !== undefined) await auth.signOut(caller)
      return answer({ success: true })
    },
  })
  route(router, '/auth/password', {
    post: withBody(
      passwordSchema,
      async ({ old_password: oldPassword, new_password: newPassword }, req, res) => {
        const { caller } = accessIn(res)
        if (caller !== undefined) {
          await auth.changePassword(caller, { oldPassword, newPassword }, originOf(req))
        }
        return answer({ success: true })
      },
      MAX_AUTH_BYTES,
    ),
  })
  route(router, '/auth/health', {
    get: async (_req, res) => {
      const storage = await auth.isHealthy()
      res.status(storage ? 200 : 503)
      const uptime = Math.floor((clock.monotonicMs() - startedMs) / 1000)
      const status = storage ? 'healthy' : 'unhealthy'
      return answer({ status, storage, uptime_seconds: uptime })
    },
  })
  for (const path of ['/auth/jwks', '/.well-known/jwks.json']) {
    route(router, path, { get: () => auth.jwks() })
  }
  if (!mockTokens) return
  route(router, '/auth/mock-token', {
    post: withBody(
      mockSchema,
      async ({ client_name: clientName, permissions }, _req, res) => {
        const pair = await auth.mint({ name: `mock:${clientName}`, permissions })
        res.set({ 'X-Mock-Token': 'true', 'X-Key-Id': pair.keyId, 'X-Warning': 'development only' })
        return answer(pairBody(pair))
      },
      MAX_AUTH_BYTES,
    ),
  })
}

/** The envelope of these routes. */
export function answer(data: unknown): unknown {
  return { data, error: null }
}

/** A pair of tokens as the original has it, and when each of them ends, Unix seconds. */
export function pairBody(pair: TokenPair): unknown {
  return {
    access_token: pair.accessToken,
    refresh_token: pair.refreshToken,
    expires_at: Math.floor(pair.expiresAtMs / 1000),
    refresh_expires_at: Math.floor(pair.refreshExpiresAtMs / 1000),
    error: null,
  }
}

/** Says whose token it was. Permissions are printable and have no spaces: the grammar sees to it. */
export function tellCaller(res: Response, keyId: string, permissions: readonly string[]): void {
  res.set({ 'x-auth-user': keyId, 'x-auth-permissions': permissions.join(',') })
}

/** Where a request comes from. */
export function originOf(
  req: Request,
  bootstrapSecret?: string,
): { address: string; isLoopback: boolean; bootstrapSecret: string | undefined } {
  const isForwarded = PROXY_HEADERS.some((header) => req.headers[header] !== undefined)
  const isHere = isLoopback(req.socket.remoteAddress ?? '') && !isForwarded
  return { address: addressOf(req), isLoopback: isHere, bootstrapSecret }
}

/** The connection's, or what a trusted proxy says. */
export function addressOf(req: Request): string {
  return req.ip ?? ''
}

/** Fires when the client has left: nobody waits for a chain any more. */
function goneSignal(res: Response): AbortSignal {
  const gone = new AbortController()
  res.once('close', () => gone.abort())
  return gone.signal
}

/** The token in the address that a reverse proxy asks about. */
function forwardedToken(req: Request): string | undefined {
  const header = req.headers['x-forwarded-uri']
  if (typeof header !== 'string' || !URL.canParse(header, 'http://proxy')) return undefined
  return new URL(header, 'http://proxy').searchParams.get('token') ?? undefined
}
