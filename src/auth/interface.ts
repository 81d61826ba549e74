/** What the auth room offers, shapes only: see {@link openAuth} in `auth.ts`. */
import type { Signalled } from '../node/interface.ts'
import type { Metrics } from '../node/metrics.ts'
import type { Clock, Random } from '../node/primitives/clock.ts'
import type { Logger } from '../node/primitives/logger.ts'
import type { Store } from '../node/store/store.ts'
import type { ScryptCost } from './keys/key-store.ts'
import type { PermissionSet } from './permissions/permission-set.ts'
import type { WalletVerifier } from './wallet-verifier.ts'

export interface AuthInit {
  /** The node's public origin, as in `https://node.example`: wallets show it, tokens name it. */
  readonly origin: string
  /** Other origins under which the node is reached; challenges may be asked for these. @default none */
  readonly extraOrigins?: readonly string[]
  /** `iss` of tokens. @default merogate */
  readonly issuer?: string
  /** `aud` of tokens. @default the issuer */
  readonly audience?: string
  /** Life of an access token. @default ACCESS_MS */
  readonly accessMs?: number
  /** Life of a refresh token, and of a session that is not refreshed. @default REFRESH_MS */
  readonly refreshMs?: number
  /** How far clocks may lie apart: an expired token is good for so long, and one from the future. @default LEEWAY_MS */
  readonly leewayMs?: number
  /** After which time another key signs tokens. @default ROTATION_MS */
  readonly rotationMs?: number
  readonly verifiers: readonly WalletVerifier[]
  /** The method of {@link Auth.challenge} when the caller names none, as upstream's clients do. @default near_wallet */
  readonly defaultMethod?: string
  /** Sign-in by user name and password; without it there is none. */
  readonly password?: PasswordInit | undefined
  readonly bootstrap: BootstrapInit
}

export interface PasswordInit {
  /** Characters of a new password, at least. Existing ones are not looked at. @default MIN_PASSWORD_CHARS */
  readonly minLength?: number
  /** What hashing costs; kept with each password. @default SCRYPT_COST */
  readonly cost?: ScryptCost
}

/** Who becomes the first administrator, while there is none. Later unknown accounts are refused. */
export interface BootstrapInit {
  /** SHA-256 of the secret that `node init` printed, hexadecimal: who sends the secret is taken. */
  readonly secretHash?: string | undefined
  /** Whoever comes from this machine is taken. A reverse proxy on this machine makes everybody come from there. */
  readonly allowLoopback: boolean
  /** Anybody is taken, as the original does. For tests. @default false */
  readonly anybody?: boolean
  /** An account that is made at the start, or given this password. Needs {@link AuthInit.password}. */
  readonly admin?: { readonly username: string; readonly password: string } | undefined
}

export interface AuthComponents {
  /** A database of its own; whoever opened it closes it, after {@link Auth.close}. */
  readonly store: Store
  /** The node key's seed, 32 bytes: secrets at rest are sealed under it. */
  readonly seed: Uint8Array
  readonly clock: Clock
  readonly random: Random
  readonly logger?: Logger
  readonly metrics?: Metrics
}

/** Where a request comes from, by the server's word. */
export interface Origin {
  /** IP address, of the connection or as a trusted proxy says. */
  readonly address: string
  /** Whether nobody but this machine can have sent it: a loopback connection that no proxy forwarded. */
  readonly isLoopback: boolean
  /** What the caller sent as secret of the first sign-in. */
  readonly bootstrapSecret?: string | undefined
}

export interface ProviderInfo {
  readonly name: string
  readonly type: 'wallet' | 'credentials'
  readonly description: string
  readonly config: Readonly<Record<string, unknown>>
}

export interface ChallengeRequest {
  /** @default {@link AuthInit.defaultMethod} */
  readonly method?: string | undefined
  /** Account or address that is going to sign. */
  readonly subject?: string | undefined
  /** One of the chain's networks. */
  readonly network?: string | undefined
  /** One of the node's origins. @default {@link AuthInit.origin} */
  readonly origin?: string | undefined
  /** What the application asks for; shown, where the format has a place. */
  readonly permissions?: readonly string[] | undefined
}

/** What a wallet is to sign. */
export interface IssuedChallenge {
  readonly method: string
  /** What clients of the original call `challenge` and sign: the text, or the transaction. */
  readonly challenge: string
  /** 32 bytes, hexadecimal; base64 where NEP-413 wants it. */
  readonly nonce: string
  readonly message?: string | undefined
  /** SEP-10, base64. */
  readonly transaction?: string | undefined
  readonly parameters: Readonly<Record<string, string>>
  readonly expiresAtMs: number
}

export interface SignInRequest {
  readonly method: string
  /** As the wallet, or the client, names itself: up to MAX_NAME_CHARS. */
  readonly publicKey: string
  /** `provider_data`: of a wallet what its verifier reads, else `{username, password}`. */
  readonly data: unknown
  readonly clientName: string
  /** Nonce or text of the challenge that was signed. @default found by `data.message`, or what the verifier finds */
  readonly challenge?: string | undefined
}

export interface TokenPair {
  readonly accessToken: string
  readonly refreshToken: string
  /** Of the access token, and of the refresh token; ms since 1970. */
  readonly expiresAtMs: number
  readonly refreshExpiresAtMs: number
  readonly keyId: string
  readonly permissions: readonly string[]
}

/** Who sent a good access token. */
export interface Caller {
  readonly keyId: string
  /** The key above it; of a root key its own. */
  readonly rootKeyId: string
  readonly familyId: string
  readonly tokenId: string
  readonly permissions: PermissionSet
  /** When the token ends, without leeway; ms since 1970. */
  readonly expiresAtMs: number
}

export interface KeyInfo {
  readonly id: string
  readonly rootKeyId: string
  readonly method: string
  readonly subject: string
  readonly publicKey: string
  readonly name: string
  readonly permissions: readonly string[]
  readonly createdAtMs: number
  readonly revokedAtMs?: number | undefined
  /** Neither it nor the key above it is revoked. */
  readonly isValid: boolean
}

export interface NewRootKey {
  readonly method: string
  /** What the key is proved by: of a wallet as in `eth:0xabc...` or `near:alice.near`, else ignored. */
  readonly subject?: string | undefined
  readonly publicKey?: string | undefined
  /** `{username, password}` for `user_password`. */
  readonly data?: unknown
  readonly name?: string | undefined
  /** @default admin, as the original does: needs a caller that is admin */
  readonly permissions?: readonly string[] | undefined
}

export interface NewClientKey {
  /** With it the key gets `context[<context>,<identity>]`. */
  readonly contextId?: string | undefined
  readonly contextIdentity?: string | undefined
  readonly permissions: readonly string[]
  readonly name?: string | undefined
}

export interface PermissionChange {
  readonly add?: readonly string[] | undefined
  readonly remove?: readonly string[] | undefined
  /** In place of what the key had; `remove` is then not looked at. */
  readonly all?: readonly string[] | undefined
}

/**
 * Keys, for whoever may see to them. Which permission a method needs is the server's table; here it is held that nobody passes on what he does not
 * hold, and nobody touches a key that may do more than his own: AUTH_PERMISSION_DENIED (denied).
 */
export interface Keys {
  /** Root keys, those included that are revoked. */
  list(): Promise<readonly KeyInfo[]>
  /** @throws AUTH_PERMISSION_DENIED, AUTH_BAD_REQUEST, AUTH_METHOD_UNKNOWN (input), AUTH_KEY_CONFLICT (conflict), AUTH_LIMIT (limit) */
  create(caller: Caller, key: NewRootKey): Promise<KeyInfo>
  /** With all client keys of it. Safe to repeat. @throws AUTH_KEY_NOT_FOUND (missing), AUTH_KEY_CONFLICT the last administrator */
  revoke(caller: Caller, keyId: string): Promise<void>
  /** Client keys of all root keys, or of one. */
  clients(rootKeyId?: string): Promise<readonly KeyInfo[]>
  /** Safe to repeat. `rootKeyId`: where the caller names it as well, it must be the right one. @throws AUTH_KEY_NOT_FOUND */
  revokeClient(caller: Caller, clientId: string, rootKeyId?: string): Promise<void>
  /** @throws AUTH_KEY_NOT_FOUND */
  permissions(keyId: string): Promise<readonly string[]>
  /** Returns what the key has afterwards. Tokens in use follow at once. @throws AUTH_KEY_NOT_FOUND, AUTH_KEY_CONFLICT the last administrator */
  changePermissions(
    caller: Caller,
    keyId: string,
    change: PermissionChange,
  ): Promise<readonly string[]>
}

export interface PasswordChange {
  readonly oldPassword: string
  readonly newPassword: string
}

export interface Auth {
  /** Ways to sign in, in the order of the configuration. */
  providers(): readonly ProviderInfo[]
  /** @throws AUTH_METHOD_UNKNOWN, AUTH_BAD_REQUEST (input), AUTH_LOCKED (limit) */
  challenge(request: ChallengeRequest, from: Pick<Origin, 'address'>): Promise<IssuedChallenge>
  /** @throws AUTH_REFUSED (unauthenticated), AUTH_LOCKED (limit), AUTH_BAD_REQUEST, AUTH_METHOD_UNKNOWN (input), AUTH_CHAIN_UNAVAILABLE (transport) */
  signIn(request: SignInRequest, from: Origin, options?: Signalled): Promise<TokenPair>
  /**
   * The next pair of a session; the refresh token is used up. `early`: though the access token
   * is still good. The access token may be left out.
   * @throws AUTH_TOKEN_STILL_VALID, AUTH_TOKEN_REUSED, AUTH_TOKEN_INVALID (a refresh token that has expired among them), AUTH_REFUSED (unauthenticated),
   * AUTH_TOKEN_REVOKED, AUTH_INVALID_NODE (denied), AUTH_CHAIN_UNAVAILABLE (transport)
   */
  refresh(
    tokens: { readonly accessToken?: string | undefined; readonly refreshToken: string },
    options?: Signalled & { readonly early?: boolean },
  ): Promise<TokenPair>
  /**
   * Who an access token is for. At once when it was seen before; what is refused always rejects.
   * @throws AUTH_TOKEN_INVALID, AUTH_TOKEN_EXPIRED (unauthenticated), AUTH_TOKEN_REVOKED, AUTH_INVALID_NODE (denied)
   */
  verify(accessToken: string): Promise<Caller> | Caller
  /** A narrower key below the caller's root key, which must be admin. @throws AUTH_PERMISSION_DENIED (denied), AUTH_BAD_REQUEST (input), AUTH_LIMIT (limit) */
  clientKey(caller: Caller, request: NewClientKey): Promise<TokenPair>
  /**
   * Another password for the caller's own user name. Wrong old ones count as failed sign-ins; all other sessions of the user end, keys below stay.
   * @throws AUTH_REFUSED (unauthenticated) the old one is wrong, AUTH_LOCKED (limit), AUTH_BAD_REQUEST (input) the new one is none,
   * AUTH_PERMISSION_DENIED (denied) the caller did not sign in with a password
   */
  changePassword(
    caller: Caller,
    change: PasswordChange,
    from: Pick<Origin, 'address'>,
  ): Promise<void>
  /** Ends the caller's session: its tokens are worth nothing. */
  signOut(caller: Caller): Promise<void>
  /** A session for whoever operates the node, made on the machine itself: no wallet, no password, `name` keeps it apart. */
  mint(request: { name: string; permissions: readonly string[] }): Promise<TokenPair>
  readonly keys: Keys
  /** Says under which origins clients reach the node from now on, in place of those of {@link AuthInit}: where the system chose the port. @throws AUTH_BAD_REQUEST (input) */
  reachedAt(origins: readonly [string, ...string[]]): void
  /** Public keys that tokens are signed with: those before, this one, the next one (RFC 7517). */
  jwks(): { readonly keys: readonly Readonly<Record<string, unknown>>[] }
  /**
   * Calls whenever tokens stopped being good, or allow less: those of a key, with those of its client keys each by a call of its own; with a family only
   * those of that session. Open sockets of theirs are closed. Returns what removes the listener.
   */
  onRevoked(listener: (keyId: string, familyId: string | undefined) => void): () => void
  /** Whether rows can be read, for a health check. */
  isHealthy(): Promise<boolean>
  /** Ends timers and waits for what is under way. The store stays open. */
  close(): Promise<void>
}
