/** Tokens as text: JSON Web Tokens (RFC 7519) signed with ES256. Knows nothing of what is stored: whether a token's key is still good is asked elsewhere. */
import jwt from 'jsonwebtoken'
import { z } from 'zod'
import type { Clock } from '../../node/primitives/clock.ts'
import { authError } from '../errors.ts'
import { MAX_TOKEN_BYTES } from '../limits.ts'
import type { Origins } from '../origins.ts'
import type { SigningKeys } from './signing-keys.ts'

export type TokenKind = 'access' | 'refresh'

/** What a token says. */
export interface Claims {
  /** Id of the key. */
  readonly sub: string
  readonly jti: string
  /** The family, see FamilyRecord. */
  readonly fam: string
  readonly token_type: TokenKind
  /** For the client to read: what is allowed stands in the key's row. */
  readonly permissions: readonly string[]
  readonly node_url: string
  /** Seconds since 1970. */
  readonly iat: number
  readonly exp: number
}

export interface TokensInit {
  readonly keys: SigningKeys
  readonly clock: Clock
  readonly issuer: string
  readonly audience: string
  readonly origins: Origins
  readonly leewayMs: number
}

const claimsSchema = z.object({
  sub: z.string().regex(/^[0-9a-f]{64}$/),
  jti: z.string().regex(/^[0-9a-f]{32}$/),
  fam: z.string().regex(/^[0-9a-f]{32}$/),
  token_type: z.enum(['access', 'refresh']),
  permissions: z.array(z.string()),
  node_url: z.string(),
  iat: z.number(),
  exp: z.number(),
})

export class Tokens {
  readonly #init: TokensInit

  constructor(init: TokensInit) {
    this.#init = init
  }

  /** Signs with the key whose turn it is. */
  sign(claims: Omit<Claims, 'node_url'>): string {
    const { keys, issuer, audience, origins } = this.#init
    const { kid, privateKey } = keys.current()
    return jwt.sign({ ...claims, nbf: claims.iat, node_url: origins.first }, privateKey, {
      algorithm: 'ES256',
      keyid: kid,
      issuer,
      audience,
    })
  }

  /**
   * What a token of this kind says, if it is one of ours and its time has come and is not over.
   * @throws AUTH_TOKEN_INVALID, AUTH_TOKEN_EXPIRED (unauthenticated) an access token alone, AUTH_INVALID_NODE (denied)
   */
  read(token: string, kind: TokenKind): Claims {
    const { keys, clock, issuer, audience, origins, leewayMs } = this.#init
    const key = keys.find(kidOf(token))
    if (key === undefined) throw invalid('no key of this node signed it')
    let payload: unknown
    try {
      payload = jwt.verify(token, key.publicKey, {
        algorithms: ['ES256'],
        issuer,
        audience,
        clockTimestamp: clock.nowMs() / 1000,
        clockTolerance: leewayMs / 1000,
      })
    } catch (cause) {
      if (cause instanceof jwt.TokenExpiredError) {
        // whoever is told that a token has expired refreshes, and there is nothing left to refresh with
        if (kind === 'refresh') throw invalid('the refresh token has expired', cause)
        throw authError('AUTH_TOKEN_EXPIRED', 'the token has expired', {}, { cause })
      }
      throw invalid(cause instanceof jwt.JsonWebTokenError ? cause.message : 'unreadable', cause)
    }
    const parsed = claimsSchema.safeParse(payload)
    if (!parsed.success) throw invalid('it lacks a claim')
    const claims = parsed.data
    if (claims.token_type !== kind) {
      throw invalid(`expected a token of type ${kind}, got ${claims.token_type}`)
    }
    if (!origins.has(claims.node_url)) {
      throw authError('AUTH_INVALID_NODE', 'the token was made for another node')
    }
    return claims
  }
}

/** Which key a token names; nothing is verified. */
function kidOf(token: string): string {
  if (token.length > MAX_TOKEN_BYTES) throw invalid('it is too long')
  const [header = ''] = token.split('.', 1)
  try {
    const parsed: unknown = JSON.parse(Buffer.from(header, 'base64url').toString('utf8'))
    const found = z.object({ kid: z.string() }).safeParse(parsed)
    return found.success ? found.data.kid : ''
  } catch (cause) {
    throw invalid('its header is no JSON', cause)
  }
}

function invalid(reason: string, cause?: unknown): Error {
  return authError('AUTH_TOKEN_INVALID', 'the token is not valid here', { reason }, { cause })
}
