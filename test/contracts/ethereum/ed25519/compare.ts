/**
 * The contracts' ed25519 against node:crypto. Where the contracts are stricter on purpose, the rule is computed here from the curve, and counted:
 * OpenSSL takes keys of small order and keys with y not below p, and some releases of it take R of small order.
 */
import { createPublicKey, verify } from 'node:crypto'
import { abiOf, hex } from '../../../../src/chains/ethereum/contracts/codec.ts'
import { concat } from '../../../../src/node/primitives/bytes.ts'
import { P, pointOf, torsion } from '../../../support/edwards25519.ts'
import type { ContractBench } from '../../../support/ethereum-contracts.ts'
import type { Case, CaseKind } from './cases.ts'

/** SubjectPublicKeyInfo of ed25519 (RFC 8410), before the key. */
const SPKI = Uint8Array.of(48, 42, 48, 5, 6, 3, 43, 101, 112, 3, 33, 0)
const SMALL_Y: ReadonlySet<bigint> = new Set(torsion().map(({ y }) => y))
const GAS = '0x100000'

function yOf(bytes: Uint8Array): bigint {
  const encoded = BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`)
  return encoded & ((1n << 255n) - 1n)
}

/** Why the contracts refuse an encoding whatever it signs; undefined when they do not. */
function weaknessOf(bytes: Uint8Array): string | undefined {
  const y = yOf(bytes)
  if (y >= P) return 'y not below p'
  return SMALL_Y.has(y) ? 'small order' : undefined
}

/** What node:crypto says. */
function opensslSays({ publicKey, message, r, s }: Case): boolean {
  try {
    const der = Buffer.from(concat(SPKI, publicKey))
    const key = createPublicKey({ key: der, format: 'der', type: 'spki' })
    return verify(null, message, key, concat(r, s))
  } catch {
    return false // it is no point
  }
}

/** A case on which they differ. */
export interface Difference extends Case {
  readonly question: 'verify' | 'isStrong'
  readonly expected: boolean
}

export interface Comparison {
  readonly cases: number
  /** How many the contracts take, by kind. */
  readonly taken: ReadonlyMap<CaseKind, number>
  /** How many node:crypto takes and the contracts refuse, by the rule. */
  readonly stricter: ReadonlyMap<string, number>
  readonly differences: readonly Difference[]
}

/** Asks the registry about a signature. */
async function verifies(
  bench: ContractBench,
  { publicKey, message, r, s }: Case,
): Promise<boolean> {
  const args = [publicKey, message, r, s].map(hex)
  const data = abiOf('IdentityRegistry').encodeFunctionData('verifyEd25519', args)
  const call = { to: bench.registry, data, gas: GAS }
  return BigInt(String(await bench.request('eth_call', call, 'latest'))) === 1n
}

/** Whether the registry would bind a key, were it signed: it says first of a weak one that it is. */
async function takesKey(bench: ContractBench, key: Uint8Array, until: bigint): Promise<boolean> {
  const args = [hex(key), `0x${'00'.repeat(20)}`, 1n, until, '0x', '0x']
  const data = abiOf('IdentityRegistry').encodeFunctionData('bind', args)
  const { error } = await bench.call({ to: bench.registry, data })
  if (error !== 'WeakKey' && error !== 'BadSignature') throw new RangeError(`bind: ${error}`)
  return error === 'BadSignature'
}

/** Compares the answers to each case, many calls at a time. */
export async function compare(
  bench: ContractBench,
  list: Iterable<Case>,
  onProgress: (done: number) => void = () => {},
): Promise<Comparison> {
  const taken = new Map<CaseKind, number>()
  const stricter = new Map<string, number>()
  const differences: Difference[] = []
  const until = (await bench.now()) + 600n
  const count = <K>(map: Map<K, number>, key: K): void => {
    map.set(key, (map.get(key) ?? 0) + 1)
  }
  const tryOut = async (one: Case): Promise<void> => {
    const key = weaknessOf(one.publicKey)
    const rule = key ? `key: ${key}` : weaknessOf(one.r) && `R: ${weaknessOf(one.r)}`
    const openssl = opensslSays(one)
    if (openssl && rule !== undefined) count(stricter, rule)
    const expected = openssl && rule === undefined
    const answer = await verifies(bench, one)
    if (answer) count(taken, one.kind)
    if (answer !== expected) differences.push({ ...one, question: 'verify', expected })
    // ordinary keys are strong; asking costs as much again
    if (one.kind === 'honest' || one.kind === 'mixed') return
    const isStrong = key === undefined && pointOf(yOf(one.publicKey)) !== undefined
    if ((await takesKey(bench, one.publicKey, until)) === isStrong) return
    differences.push({ ...one, question: 'isStrong', expected: isStrong })
  }
  let done = 0
  let batch: Promise<void>[] = []
  for (const one of list) {
    batch.push(tryOut(one))
    if (batch.length < 64) continue
    await Promise.all(batch)
    done += batch.length
    batch = []
    onProgress(done)
  }
  await Promise.all(batch)
  return { cases: done + batch.length, taken, stricter, differences }
}
