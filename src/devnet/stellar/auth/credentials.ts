/** Who agreed: entries of a transaction, as XDR. */
import { XdrReader, XdrWriter } from '../codec/xdr.ts'
import type { Host } from '../host/host.ts'
import { paidSha256 } from '../host/lifecycle.ts'
import { type Address, compareAddresses, readAddress, writeAddress } from '../value/address.ts'
import { hostError } from '../value/errors.ts'
import { readScVal } from '../value/scval.ts'
import { type Val, VOID } from '../value/word.ts'
import { readInvocation, writeInvocation } from './invocation.ts'
import { Tracker } from './tracker.ts'

/** Kinds of credentials: the transaction's source, an address, one whose signature names it, and one that leaves it to others. */
const CREDENTIALS = { source: 0, address: 1, addressV2: 2, delegates: 3 } as const
/** What is signed. */
const ENVELOPE_AUTH = 9
const ENVELOPE_AUTH_V2 = 10
/** Signers of signers, at most. */
const MAX_DEPTH = 10

/** Somebody who signs for another. */
export interface Delegate {
  readonly address: Address
  readonly signature: Val
  readonly inner: readonly Delegate[]
  isUsed: boolean
}

/** What one address agreed to. */
export interface Agreement {
  readonly address: Address
  readonly tracker: Tracker
  readonly signature: Val
  /** Undefined of the transaction's source. */
  readonly nonce: { readonly value: bigint; readonly liveUntil: number } | undefined
  readonly namesAddress: boolean
  readonly delegates: readonly Delegate[] | undefined
  isVerified: boolean
  /** Whether its signature is being checked, while it agrees to nothing. */
  isBusy: boolean
}

/** @throws HostError, XdrInvalid */
export function readAgreement({ objects, source }: Host, entry: Uint8Array): Agreement {
  const r = new XdrReader(entry)
  const kind = r.u32()
  const fresh = { isVerified: false, isBusy: false }
  if (kind === CREDENTIALS.source) {
    const tracker = new Tracker(readInvocation(objects, r))
    const rest = { nonce: undefined, namesAddress: false, delegates: undefined, ...fresh }
    return { address: source, tracker, signature: VOID, ...rest }
  }
  if (kind > CREDENTIALS.delegates) throw hostError('Auth', 'InvalidInput', 'bad credentials')
  const address = readAddress(r)
  const nonce = { value: r.i64(), liveUntil: r.u32() }
  const signature = readScVal(objects, r)
  const delegates = kind === CREDENTIALS.delegates ? readDelegates(objects, r) : undefined
  const tracker = new Tracker(readInvocation(objects, r))
  const namesAddress = kind !== CREDENTIALS.address
  return { address, tracker, signature, nonce, namesAddress, delegates, ...fresh }
}

function readDelegates(objects: Host['objects'], r: XdrReader, depth = 0): readonly Delegate[] {
  const all: Delegate[] = []
  if (depth > MAX_DEPTH) throw hostError('Auth', 'InvalidInput', 'too many signers of signers')
  for (let left = r.count(); left > 0; left--) {
    const address = readAddress(r)
    const signature = readScVal(objects, r)
    all.push({ address, signature, inner: readDelegates(objects, r, depth + 1), isUsed: false })
  }
  const isSorted = all.every(({ address }, i) => {
    const before = all[i - 1]
    return before === undefined || compareAddresses(before.address, address) < 0
  })
  if (isSorted) return all
  throw hostError('Auth', 'InvalidInput', 'delegated signers are not sorted or not unique')
}

/** An entry that was recorded, without signature; `isNamed`: what is to be signed names the address. */
export function recordedEntry(host: Host, agreement: Agreement, isNamed: boolean): Uint8Array {
  const w = new XdrWriter()
  const { address, nonce, tracker } = agreement
  if (nonce === undefined) w.u32(CREDENTIALS.source)
  else {
    writeAddress(w.u32(isNamed ? CREDENTIALS.addressV2 : CREDENTIALS.address), address)
    w.u64(nonce.value).u32(0).u32(1)
  }
  return writeInvocation(host.objects, w, tracker.root).done()
}

/** The hash that is signed. */
export function signedPayload(host: Host, agreement: Agreement): Uint8Array {
  const { address, nonce, namesAddress, tracker } = agreement
  const w = new XdrWriter().u32(namesAddress ? ENVELOPE_AUTH_V2 : ENVELOPE_AUTH)
  w.raw(host.info.networkId)
    .u64(nonce?.value ?? 0n)
    .u32(nonce?.liveUntil ?? 0)
  if (namesAddress) writeAddress(w, address)
  return paidSha256(host, writeInvocation(host.objects, w, tracker.root).done())
}
