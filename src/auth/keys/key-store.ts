/**
 * The port to what sign-in keeps: keys, sessions, credentials, signing keys. `level-key-store.ts` keeps it in LevelDB; the contract is
 * `test/compliance/key-store-suite.ts`.
 */

/** A key: what tokens are made for. A root key is proved by a wallet or a password; a client key is derived from it. */
export interface KeyRecord {
  /** 64 hexadecimal digits. */
  readonly id: string
  /** The root key a client key was derived from; of a root key its own id. */
  readonly rootKeyId: string
  /** `eth_wallet`, `user_password`, ...; a client key has that of its root key. */
  readonly method: string
  /** What the id is made of, as in `eth:0xabc...`; of a client key empty. */
  readonly subject: string
  /** As the wallet names itself; of a client key empty. */
  readonly publicKey: string
  /** What the client calls itself. For people to read. */
  readonly name: string
  readonly permissions: readonly string[]
  readonly createdAtMs: number
  readonly revokedAtMs?: number | undefined
  /** What the chain is asked at a refresh, where the answer may change. */
  readonly witness?: { readonly value?: unknown } | undefined
}

/** A session: a pair of tokens and all pairs that follow it by refreshing. */
export interface FamilyRecord {
  /** 32 hexadecimal digits. */
  readonly id: string
  readonly keyId: string
  /** `jti` of the one refresh token that was not used yet. */
  readonly refreshId: string
  readonly createdAtMs: number
  /** When the refresh token ends, and the family with it. */
  readonly expiresAtMs: number
  /** A used refresh token came back, or its owner signed out. */
  readonly revokedAtMs?: number | undefined
}

/** A private key that signs tokens. */
export interface SigningKeyRecord {
  /** RFC 7638 thumbprint. */
  readonly kid: string
  /** PKCS #8, DER. Secret: sealed at rest. */
  readonly pkcs8: Uint8Array
  readonly createdAtMs: number
  /** From when on it signs, until the next one does. */
  readonly activeAtMs: number
}

/** A password as it is kept; sealed at rest. */
export interface CredentialRecord {
  readonly keyId: string
  /** scrypt (RFC 7914). */
  readonly cost: ScryptCost
  readonly salt: Uint8Array
  readonly hash: Uint8Array
}

/** Parameters of scrypt: N, r, p of RFC 7914. */
export interface ScryptCost {
  readonly n: number
  readonly r: number
  readonly p: number
}

/** One change; see {@link KeyStore.write}. */
export type KeyChange =
  | { readonly put: 'key'; readonly record: KeyRecord }
  | { readonly put: 'family'; readonly record: FamilyRecord }
  | { readonly put: 'signingKey'; readonly record: SigningKeyRecord }
  | { readonly put: 'credential'; readonly record: CredentialRecord }
  /** From now on nobody becomes the first one any more. */
  | { readonly put: 'bootstrapped' }
  | { readonly del: 'key'; readonly id: string; readonly rootKeyId: string }
  | { readonly del: 'family'; readonly id: string; readonly keyId: string }
  | { readonly del: 'signingKey'; readonly kid: string }

/** All methods reject with AUTH_STORE_CORRUPT when a row is not one, and with what the database rejects with. */
export interface KeyStore {
  key(id: string): Promise<KeyRecord | undefined>
  /** Root keys, by id. */
  rootKeys(): Promise<readonly KeyRecord[]>
  /** Client keys of one root key, by id. */
  clientKeys(rootKeyId: string): Promise<readonly KeyRecord[]>
  /** How many there are, without reading them. */
  countClientKeys(rootKeyId: string): Promise<number>
  family(keyId: string, id: string): Promise<FamilyRecord | undefined>
  /** Families of one key, by id. */
  families(keyId: string): Promise<readonly FamilyRecord[]>
  signingKeys(): Promise<readonly SigningKeyRecord[]>
  credential(keyId: string): Promise<CredentialRecord | undefined>
  isBootstrapped(): Promise<boolean>
  /** All or nothing, and on the disk when it resolves: a power loss does not take it back. */
  write(changes: readonly KeyChange[]): Promise<void>
}
