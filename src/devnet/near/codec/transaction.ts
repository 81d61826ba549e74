/** Signed transactions as clients send them. */
import { concat, toBase58 } from '../../../node/primitives/bytes.ts'
import { sha256 } from '../../../node/primitives/hash.ts'
import { devnetError } from '../../shared/errors.ts'
import type { AccessKey, Action, PublicKey, Signature, Transaction } from '../types.ts'
import { borshText, BorshReader, u128, u32, u64 } from './borsh.ts'
import { publicKeyText } from './keys.ts'

/** Kinds of actions by their number; those above are not known here. */
const ACTIONS = [
  'create',
  'deploy',
  'call',
  'transfer',
  'stake',
  'addKey',
  'deleteKey',
  'deleteAccount',
  'delegate',
  'deployGlobal',
  'useGlobal',
] as const
/** What is signed of a delegate action begins with this number (NEP-461 of NEP-366). */
const DELEGATE_PREFIX = u32(2 ** 30 + 366)

/** @throws DEVNET_TRANSACTION (input) */
export function decodeTransaction(bytes: Uint8Array): Transaction {
  const r = new BorshReader(bytes)
  const signerId = r.text()
  const publicKey = readKey(r)
  const nonce = r.u64()
  const receiverId = r.text()
  const blockHash = toBase58(r.take(32))
  const actions = r.list(() => readAction(r, false))
  const hashBytes = sha256(bytes.subarray(0, r.at))
  const signature = readSignature(r)
  if (r.at !== bytes.length) {
    throw devnetError('DEVNET_TRANSACTION', 'bytes follow the signature of the transaction')
  }
  return {
    ...{ signerId, publicKey, nonce, receiverId, blockHash, actions, signature, hashBytes },
    ...{ hash: toBase58(hashBytes), size: bytes.length },
  }
}

/** What the sender of a delegate action signs. */
export function delegateHash(bytes: Uint8Array): Uint8Array {
  return sha256(concat(DELEGATE_PREFIX, bytes))
}

/** Bytes of an access key in an account's storage. */
export function accessKeyBytes({ nonce, permission }: AccessKey): Uint8Array {
  if (permission === 'full') return concat(u64(nonce), Uint8Array.of(1))
  const { allowance, receiverId, methods } = permission
  const some = allowance === undefined ? [0] : [1, ...u128(allowance)]
  const names = [u32(methods.length), ...methods.map(borshText)]
  return concat(u64(nonce), Uint8Array.of(0, ...some), borshText(receiverId), ...names)
}

/** A public key in the middle of something. @throws DEVNET_TRANSACTION (input) */
export function readKey(r: BorshReader): PublicKey {
  const type = r.variant(['ed25519', 'secp256k1'] as const)
  const key = r.take(type === 'ed25519' ? 32 : 64)
  return publicKeyText(concat(Uint8Array.of(type === 'ed25519' ? 0 : 1), key)) ?? ''
}

function readSignature(r: BorshReader): Signature {
  const type = r.variant(['ed25519', 'secp256k1'] as const)
  return { type, bytes: r.take(type === 'ed25519' ? 64 : 65) }
}

function readAccessKey(r: BorshReader): AccessKey {
  const nonce = r.u64()
  if (r.variant(['call', 'full'] as const) === 'full') return { nonce, permission: 'full' }
  const allowance = r.option(() => r.u128())
  return {
    nonce,
    permission: { allowance, receiverId: r.text(), methods: r.list(() => r.text()) },
  }
}

function readAction(r: BorshReader, inside: boolean): Action {
  const type = r.variant(ACTIONS)
  switch (type) {
    case 'create':
      return { type }
    case 'deploy':
      return { type, code: r.vector() }
    case 'call': {
      const method = r.text()
      return { type, method, args: r.vector(), gas: r.u64(), deposit: r.u128() }
    }
    case 'transfer':
      return { type, deposit: r.u128() }
    case 'stake':
      return { type, stake: r.u128(), publicKey: readKey(r) }
    case 'addKey':
      return { type, publicKey: readKey(r), accessKey: readAccessKey(r) }
    case 'deleteKey':
      return { type, publicKey: readKey(r) }
    case 'deleteAccount':
      return { type, beneficiaryId: r.text() }
    case 'delegate': {
      if (inside) throw devnetError('DEVNET_TRANSACTION', 'a delegate action holds another')
      const from = r.at
      const senderId = r.text()
      const receiverId = r.text()
      const actions = r.list(() => readAction(r, true))
      const nonce = r.u64()
      const maxBlockHeight = r.u64()
      const publicKey = readKey(r)
      const bytes = r.bytes.slice(from, r.at)
      const delegate = { senderId, receiverId, actions, nonce, maxBlockHeight, publicKey, bytes }
      return { type, delegate, signature: readSignature(r) }
    }
    case 'deployGlobal': {
      const code = r.vector()
      return { type, code, byAccount: r.variant(['hash', 'account'] as const) === 'account' }
    }
    case 'useGlobal': {
      const kind = r.variant(['hash', 'account'] as const)
      return { type, id: kind === 'hash' ? { hash: r.take(32) } : { accountId: r.text() } }
    }
  }
}
