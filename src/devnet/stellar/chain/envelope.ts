/** Transactions as they are sent. */
import { xdr } from '@stellar/stellar-sdk'
import { sha256 } from '../../../node/primitives/hash.ts'
import { toHex } from '../../../node/primitives/bytes.ts'
import { toBase64 } from '../codec/text.ts'
import { XdrWriter } from '../codec/xdr.ts'
import type { Footprint } from '../storage/storage.ts'

export interface Signature {
  /** The last four bytes of the key. */
  readonly hint: Uint8Array
  readonly bytes: Uint8Array
}

/** What a transaction with contracts declares. */
export interface Declared {
  readonly footprint: Footprint
  readonly instructions: number
  readonly readBytes: number
  readonly writeBytes: number
  /** Stroops. */
  readonly fee: bigint
  /** Whether it says of archived entries what the footprint does not have. */
  readonly isMisshapen: boolean
}

/** A transaction in an envelope. */
export interface Signed {
  readonly hash: Uint8Array
  readonly signatures: readonly Signature[]
  /** Public key of the account that pays. */
  readonly source: Uint8Array
}

export interface Transaction extends Signed {
  /** XDR of the envelope as it was sent. */
  readonly envelope: Uint8Array
  /** Hexadecimal hash, of the outer one where the fee is another's. */
  readonly id: string
  /** That of the inner one, by which it is known as well; the same where there is no outer one. */
  readonly innerId: string
  readonly body: xdr.Transaction
  /** The most that it pays, stroops. */
  readonly fee: bigint
  readonly declared: Declared | undefined
  /** The one around it, whose source pays. */
  readonly outer: Signed | undefined
}

const ENVELOPE_TX = 2
const ENVELOPE_FEE_BUMP = 5

/** @throws what the SDK says of what it does not understand; undefined of the first form of envelopes, which is not taken any more */
export function readEnvelope(base64: string, networkId: Uint8Array): Transaction | undefined {
  const parsed = xdr.TransactionEnvelope.fromXdr(base64, 'base64')
  const envelope = parsed.toXdr()
  if (parsed.type === 'envelopeTypeTxV0') return undefined
  if (parsed.type === 'envelopeTypeTx') {
    const inner = signed(networkId, ENVELOPE_TX, parsed.v1.tx, parsed.v1.signatures)
    const { tx: body } = parsed.v1
    const common = { ...inner, source: publicKeyOf(body.sourceAccount), envelope, body }
    const declared = declaredBy(body)
    const id = toHex(inner.hash)
    return { ...common, id, innerId: id, fee: BigInt(body.fee), declared, outer: undefined }
  }
  const { tx, signatures } = parsed.feeBump
  const outer = {
    ...signed(networkId, ENVELOPE_FEE_BUMP, tx, signatures),
    source: publicKeyOf(tx.feeSource),
  }
  const { tx: body, signatures: own } = tx.innerTx.value
  const inner = signed(networkId, ENVELOPE_TX, body, own)
  const common = { ...inner, source: publicKeyOf(body.sourceAccount), envelope, body }
  const ids = { id: toHex(outer.hash), innerId: toHex(inner.hash) }
  return { ...common, ...ids, fee: tx.fee, declared: declaredBy(body), outer }
}

function signed(
  networkId: Uint8Array,
  kind: number,
  tx: { toXdr(): Uint8Array },
  signatures: readonly xdr.DecoratedSignature[],
): Omit<Signed, 'source'> {
  return {
    hash: sha256(networkId, new XdrWriter().u32(kind).done(), tx.toXdr()),
    signatures: signatures.map(({ hint, signature }) => ({
      hint: hint.value,
      bytes: signature.value,
    })),
  }
}

/** Of an account, muxed or not. */
export function publicKeyOf(account: xdr.MuxedAccount): Uint8Array {
  const bytes = account.toXdr()
  return bytes.slice(bytes.length - 32)
}

/** Public key of an account's id. */
export function keyOfAccount(account: { toXdr(): Uint8Array }): Uint8Array {
  return account.toXdr().slice(4)
}

function declaredBy({ ext }: xdr.Transaction): Declared | undefined {
  return ext.type === 'sorobanData' ? readDeclared(ext.value) : undefined
}

export function readDeclared(data: xdr.SorobanTransactionData): Declared {
  const { footprint, instructions, diskReadBytes, writeBytes } = data.resources
  const readOnly = footprint.readOnly.map((key) => toBase64(key.toXdr()))
  const readWrite = footprint.readWrite.map((key) => toBase64(key.toXdr()))
  const archived = data.ext.type === 'resourceExt' ? data.ext.value.archivedSorobanEntries : []
  const restored = archived.flatMap((index) => readWrite[index] ?? [])
  const isAscending = archived.every((index, i) => i === 0 || (archived[i - 1] ?? 0) < index)
  const keys = [...readOnly, ...readWrite]
  return {
    footprint: { readOnly, readWrite, restored: new Set(restored) },
    ...{ instructions, readBytes: diskReadBytes, writeBytes, fee: data.resourceFee },
    isMisshapen:
      !isAscending || restored.length !== archived.length || new Set(keys).size !== keys.length,
  }
}

/** Seconds since the Unix epoch, 0 for none; ledgers likewise. */
export interface Bounds {
  readonly minTime: bigint
  readonly maxTime: bigint
  readonly minLedger: number
  readonly maxLedger: number
  readonly minSequence: bigint | undefined
  /** Whether there are conditions that this chain does not know. */
  readonly isForeign: boolean
}

export function boundsOf({ cond }: xdr.Transaction): Bounds {
  const time = cond.type === 'precondTime' ? cond.value : undefined
  const all = cond.type === 'precondV2' ? cond.value : undefined
  const { minTime = 0n, maxTime = 0n } = time ?? all?.timeBounds ?? {}
  const { minLedger = 0, maxLedger = 0 } = all?.ledgerBounds ?? {}
  const isForeign =
    all !== undefined &&
    (all.minSeqAge > 0n || all.minSeqLedgerGap > 0 || all.extraSigners.length > 0)
  const minSequence = all?.minSeqNum ?? undefined
  return { minTime, maxTime, minLedger, maxLedger, minSequence, isForeign }
}
