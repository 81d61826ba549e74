/** Signing in, and the keys of a node (docs/auth.md). */
import { ClientError } from './errors.ts'
import { dataOf, type Http, refusal } from './http.ts'
import type { Tokens, TokenStore } from './tokens.ts'

/** A way to sign in. */
export interface Provider {
  /** `user_password`, `eth_wallet`, ... */
  readonly name: string
  readonly type: 'wallet' | 'credentials'
  readonly description: string
  readonly config: Readonly<Record<string, unknown>>
}

export interface ChallengeOptions {
  /** As {@link Provider.name}. */
  readonly method: string
  /** Account or address that is going to sign. */
  readonly address?: string
  /** The chain's network, where there are several. */
  readonly network?: string
  /** What is asked for: shown by wallets whose text has a place for it. */
  readonly permissions?: readonly string[]
}

/** What a wallet is to sign. */
export interface Challenge {
  readonly challenge: string
  readonly nonce: string
  /** The text to sign. */
  readonly message?: string
  /** The transaction to sign (SEP-10), base64. */
  readonly transaction?: string
  /** What else wallets want to know, by name. */
  readonly parameters: Readonly<Record<string, string>>
}

interface SignInOptions {
  /** Shown in lists of keys. @default merogate-client */
  readonly clientName?: string
  /** The secret of the first sign-in, as `node init` printed it. */
  readonly bootstrapSecret?: string
}

export interface PasswordSignIn extends SignInOptions {
  readonly username: string
  readonly password: string
}

export interface PasswordChange {
  readonly oldPassword: string
  readonly newPassword: string
}

export interface WalletSignIn extends ChallengeOptions, SignInOptions {
  /** Who signs, as the wallet writes it: an address, a principal, `ed25519:<base58>`. @default what `sign` says */
  readonly publicKey?: string
  /** Signs: resolves with `provider_data`, as in `{ message, signature }`. `publicKey` beside it where it was not known before. */
  sign(challenge: Challenge): Promise<{ readonly data: unknown; readonly publicKey?: string }>
}

export interface SignedProof extends SignInOptions {
  readonly method: string
  readonly publicKey: string
  /** `provider_data`, as in `{ message, signature }`. */
  readonly data: unknown
}

export interface NewClientKey {
  readonly permissions: readonly string[]
  /** With it the key is one for this context, as this identity. */
  readonly contextId?: string
  readonly contextIdentity?: string
  /** Shown in lists of keys. @default the node's choice */
  readonly name?: string
}

/** Who the node takes the client for. */
export interface Whoami {
  readonly keyId: string
  readonly permissions: readonly string[]
}

/** A way into the node that a wallet or a password proves. */
export interface RootKey {
  readonly key_id: string
  readonly public_key: string
  readonly auth_method: string
  /** Who signs in with it: a user name, or as in `eth:0xabc...`. */
  readonly subject: string
  readonly name: string
  /** Seconds since 1970. */
  readonly created_at: number
  readonly revoked_at: number | null
  readonly permissions: readonly string[]
  readonly is_valid: boolean
}

/** A narrower key below a root key. */
export interface ClientKey {
  readonly client_id: string
  readonly root_key_id: string
  readonly name: string
  readonly permissions: readonly string[]
  readonly created_at: number
  readonly revoked_at: number | null
  readonly is_valid: boolean
}

export interface NewRootKey {
  /** As {@link Provider.name}. */
  readonly method: string
  /** What a wallet proves, as in `eth:0xabc...` or `near:alice.near`. */
  readonly subject?: string
  /** `{ username, password }` for `user_password`. */
  readonly data?: unknown
  readonly name?: string
  /** @default admin */
  readonly permissions?: readonly string[]
}

/** All functions reject with CLIENT_REFUSED and its like when the node says no, and CLIENT_UNREACHABLE when it does not answer. */
export interface AuthClient {
  providers(): Promise<readonly Provider[]>
  challenge(options: ChallengeOptions): Promise<Challenge>
  /** Keeps the tokens. @throws CLIENT_SIGN_IN_REFUSED (unauthenticated) */
  signInWithPassword(options: PasswordSignIn): Promise<Tokens>
  /** Asks for a challenge, has it signed, and keeps the tokens. @throws CLIENT_SIGN_IN_REFUSED (unauthenticated) */
  signInWithWallet(options: WalletSignIn): Promise<Tokens>
  /** Signs in with what a wallet signed already: its answer to a {@link challenge}. Keeps the tokens. @throws CLIENT_SIGN_IN_REFUSED (unauthenticated) */
  signInWithProof(proof: SignedProof): Promise<Tokens>
  /** Another password for whoever signed in with one; all other sessions of that user end. @throws CLIENT_SIGN_IN_REFUSED (unauthenticated) the old one is wrong */
  changePassword(change: PasswordChange): Promise<void>
  /** Ends the session at the node and forgets the tokens, whatever the node says. */
  signOut(): Promise<void>
  whoami(): Promise<Whoami>
  /** A key with less, below the client's own. Its tokens are not kept. */
  clientKey(options: NewClientKey): Promise<Tokens>
  keys(): Promise<readonly RootKey[]>
  clientKeys(): Promise<readonly ClientKey[]>
  createKey(key: NewRootKey): Promise<{ status: boolean; message: string; key_id?: string }>
  /** Of a root key with all client keys below it. `status` false: it cannot be, `message` says why. */
  revokeKey(keyId: string): Promise<{ status: boolean; message: string }>
  revokeClientKey(clientId: string): Promise<{ success: boolean; message: string }>
}

const CLIENT_NAME = 'merogate-client'

export function auth(http: Http, store: TokenStore): AuthClient {
  const get = async <T>(path: string): Promise<T> =>
    dataOf<T>(await http.json({ method: 'GET', path }))
  const post = async <T>(path: string, json: unknown): Promise<T> =>
    dataOf<T>(await http.json({ method: 'POST', path, json }))
  const remove = async <T>(path: string): Promise<T> =>
    dataOf<T>(await http.json({ method: 'DELETE', path }))
  const challenge = async (options: ChallengeOptions): Promise<Challenge> => {
    const { method, address, network, permissions } = options
    const json = { method, address, chain_id: network, permissions }
    const path = '/auth/challenge'
    const told = dataOf<Challenge>(await http.json({ method: 'POST', path, json, isOpen: true }))
    return { ...told, parameters: told.parameters ?? {} }
  }
  const signIn = async (
    { clientName = CLIENT_NAME, bootstrapSecret }: SignInOptions,
    proof: { readonly method: string; readonly publicKey: string; readonly data: unknown },
  ): Promise<Tokens> => {
    const json = {
      auth_method: proof.method,
      public_key: proof.publicKey,
      client_name: clientName,
      // the original wants it and looks at it no further
      timestamp: Math.round(performance.timeOrigin + performance.now()),
      provider_data: proof.data,
      bootstrap_secret: bootstrapSecret,
    }
    const request = { method: 'POST', path: '/auth/token', json, isOpen: true } as const
    const tokens = tokensOf(await http.json(request).catch(signInRefused))
    await store.save(tokens)
    return tokens
  }

  return {
    async providers() {
      const path = '/auth/providers'
      const answer = await http.json({ method: 'GET', path, isOpen: true })
      return dataOf<{ providers: readonly Provider[] }>(answer).providers
    },
    challenge,
    signInWithPassword: ({ username, password, ...options }) =>
      signIn(options, {
        method: 'user_password',
        publicKey: username,
        data: { username, password },
      }),
    async signInWithWallet(options) {
      const { method, publicKey = '', sign } = options
      const signed = await sign(await challenge(options))
      return signIn(options, {
        method,
        publicKey: signed.publicKey ?? publicKey,
        data: signed.data,
      })
    },
    signInWithProof: ({ method, publicKey, data, ...options }) =>
      signIn(options, { method, publicKey, data }),
    async changePassword({ oldPassword, newPassword }) {
      const json = { old_password: oldPassword, new_password: newPassword }
      await http.json({ method: 'POST', path: '/auth/password', json }).catch(signInRefused)
    },
    async signOut() {
      try {
        await post('/auth/logout', {})
      } finally {
        await store.save(undefined)
      }
    },
    async whoami() {
      const response = await http.send({ method: 'GET', path: '/auth/validate' })
      if (!response.ok) throw await refusal(response)
      const permissions = response.headers.get('x-auth-permissions') ?? ''
      return {
        keyId: response.headers.get('x-auth-user') ?? '',
        permissions: splitPermissions(permissions),
      }
    },
    async clientKey({ permissions, contextId, contextIdentity, name }) {
      const json = { context_id: contextId, context_identity: contextIdentity, permissions, name }
      return tokensOf(await http.json({ method: 'POST', path: '/admin/client-key', json }))
    },
    keys: () => get('/admin/keys'),
    clientKeys: () => get('/admin/keys/clients'),
    createKey: ({ method, subject, data = {}, name, permissions }) =>
      post('/admin/keys', {
        auth_method: method,
        subject,
        public_key: subject,
        provider_data: data,
        name,
        permissions,
      }),
    revokeKey: (keyId) => remove(`/admin/keys/${encodeURIComponent(keyId)}`),
    revokeClientKey: (clientId) => post('/admin/revoke', { client_id: clientId }),
  }
}

/** The next tokens, for {@link storedTokens}. */
export function refreshWith(http: Http): (tokens: Tokens) => Promise<Tokens> {
  return async ({ accessToken, refreshToken }) => {
    const json = { access_token: accessToken, refresh_token: refreshToken }
    return tokensOf(await http.json({ method: 'POST', path: '/auth/refresh', json, isOpen: true }))
  }
}

/** A list with commas; those within brackets belong to a permission. */
export function splitPermissions(text: string): readonly string[] {
  return text
    .split(/,(?![^[]*\])/)
    .map((permission) => permission.trim())
    .filter((permission) => permission !== '')
}

/** @throws CLIENT_ANSWER_INVALID (protocol) */
function tokensOf(answer: unknown): Tokens {
  const data = dataOf<{ access_token?: unknown; refresh_token?: unknown } | null>(answer)
  const { access_token, refresh_token } = data ?? {}
  if (typeof access_token === 'string' && typeof refresh_token === 'string') {
    return { accessToken: access_token, refreshToken: refresh_token }
  }
  const message = 'expected an answer with access_token and refresh_token'
  throw new ClientError('CLIENT_ANSWER_INVALID', 'protocol', message)
}

function signInRefused(error: unknown): never {
  if (!(error instanceof ClientError) || error.details.status !== 401) throw error
  const { message, details } = error
  throw new ClientError('CLIENT_SIGN_IN_REFUSED', 'unauthenticated', message, details)
}
