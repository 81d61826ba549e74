/** The words of NEAR's protocol: keys, actions, transactions, receipts, accounts. None is changed once it is made. */

/** `ed25519:` or `secp256k1:` and base58. */
export type PublicKey = string

export interface FunctionCallPermission {
  /** Left for gas, in yoctoNEAR; undefined: as much as the account has. */
  readonly allowance: bigint | undefined
  readonly receiverId: string
  /** Empty: all of them. */
  readonly methods: readonly string[]
}

export interface AccessKey {
  readonly nonce: bigint
  readonly permission: 'full' | FunctionCallPermission
}

export interface Signature {
  readonly type: 'ed25519' | 'secp256k1'
  readonly bytes: Uint8Array
}

/** Global code, named by its hash or by the account that deployed it. */
export type GlobalCodeId = { readonly hash: Uint8Array } | { readonly accountId: string }

export interface CallAction {
  readonly type: 'call'
  readonly method: string
  readonly args: Uint8Array
  readonly gas: bigint
  readonly deposit: bigint
}

export type Action =
  | CallAction
  | { readonly type: 'create' }
  | { readonly type: 'deploy'; readonly code: Uint8Array }
  | { readonly type: 'transfer'; readonly deposit: bigint }
  | { readonly type: 'stake'; readonly stake: bigint; readonly publicKey: PublicKey }
  | { readonly type: 'addKey'; readonly publicKey: PublicKey; readonly accessKey: AccessKey }
  | { readonly type: 'deleteKey'; readonly publicKey: PublicKey }
  | { readonly type: 'deleteAccount'; readonly beneficiaryId: string }
  | { readonly type: 'delegate'; readonly delegate: Delegate; readonly signature: Signature }
  | { readonly type: 'deployGlobal'; readonly code: Uint8Array; readonly byAccount: boolean }
  | { readonly type: 'useGlobal'; readonly id: GlobalCodeId }

/** Actions that somebody signed for another to deliver and pay (NEP-366). */
export interface Delegate {
  readonly senderId: string
  readonly receiverId: string
  readonly actions: readonly Action[]
  readonly nonce: bigint
  readonly maxBlockHeight: bigint
  readonly publicKey: PublicKey
  /** What is signed, without its prefix. */
  readonly bytes: Uint8Array
}

export interface Transaction {
  readonly signerId: string
  readonly publicKey: PublicKey
  readonly nonce: bigint
  readonly receiverId: string
  /** Base58 of a recent block's hash. */
  readonly blockHash: string
  readonly actions: readonly Action[]
  /** Base58 of the SHA-256 of what is signed. */
  readonly hash: string
  readonly hashBytes: Uint8Array
  readonly signature: Signature
  readonly size: number
}

/** Where the result of a receipt goes. */
export interface DataReceiver {
  readonly dataId: string
  readonly receiverId: string
}

export interface Receipt {
  /** Base58, 32 bytes. */
  readonly id: string
  readonly predecessorId: string
  readonly receiverId: string
  readonly signerId: string
  readonly signerKey: PublicKey
  readonly gasPrice: bigint
  readonly actions: readonly Action[]
  readonly outputs: readonly DataReceiver[]
  /** Data that it waits for. */
  readonly inputs: readonly string[]
}

/** Which code an account has. */
export type AccountCode =
  | { readonly type: 'none' }
  /** Hexadecimal SHA-256. */
  | { readonly type: 'local'; readonly hash: string; readonly size: number }
  | { readonly type: 'globalHash'; readonly hash: string }
  | { readonly type: 'globalAccount'; readonly accountId: string }

export interface Account {
  readonly amount: bigint
  readonly locked: bigint
  readonly code: AccountCode
  /** Bytes that the account pays for. */
  readonly storage: bigint
}

export type OutcomeStatus =
  | { readonly type: 'value'; readonly value: Uint8Array }
  | { readonly type: 'receipt'; readonly id: string }
  /** As it stands in an answer. */
  | { readonly type: 'failure'; readonly error: unknown }

/** What a transaction or a receipt did. */
export interface Outcome {
  readonly id: string
  readonly blockHash: string
  readonly height: number
  readonly logs: readonly string[]
  readonly receiptIds: readonly string[]
  readonly gasBurnt: bigint
  readonly tokensBurnt: bigint
  readonly executorId: string
  readonly status: OutcomeStatus
}

export interface Block {
  readonly height: number
  readonly hash: string
  readonly previousHash: string
  readonly previousHeight: number
  /** Nanoseconds since the Unix epoch. */
  readonly timestamp: bigint
  readonly seed: Uint8Array
  readonly transactions: readonly string[]
  readonly receipts: readonly string[]
}
