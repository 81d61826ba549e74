/** The network, and ledgers that closed. */
import { z } from 'zod'
import { toHex } from '../../../node/primitives/bytes.ts'
import { toBase64 } from '../codec/text.ts'
import type { Chain } from '../chain/chain.ts'
import { headerEntry } from '../chain/meta.ts'
import { RpcRefused } from './errors.ts'
import { checkStart, type Method, method, pagination, rangeOf } from './method.ts'

const NONE = z.object({})
const MAX_LEDGERS = 200
const DEFAULT_LEDGERS = 5
/** Ledgers whose fees are told. */
const FEE_LEDGERS = 50

export const getHealth: Method = method(NONE, ({ chain }) => ({
  status: 'healthy',
  ...rangeOf(chain),
  ledgerRetentionWindow: chain.retentionLedgers,
}))

export const getNetwork: Method = method(NONE, ({ chain, friendbotUrl }) => ({
  friendbotUrl,
  passphrase: chain.passphrase,
  protocolVersion: chain.parameters.protocol,
}))

export const getVersionInfo: Method = method(NONE, ({ chain }) => ({
  version: 'merogate-devnet',
  commitHash: '',
  buildTimestamp: '',
  captiveCoreVersion: 'none',
  protocolVersion: chain.parameters.protocol,
}))

export const getLatestLedger: Method = method(NONE, ({ chain }) => {
  const { hash, sequence, closeTime, header, meta } = chain.last
  return {
    id: toHex(hash),
    protocolVersion: chain.parameters.protocol,
    sequence,
    closeTime: String(closeTime),
    headerXdr: toBase64(header),
    metadataXdr: toBase64(meta),
  }
})

export const getLedgers: Method = method(
  z.object({ startLedger: z.int().optional(), pagination: pagination(MAX_LEDGERS) }),
  ({ chain }, { startLedger, pagination: page }) => {
    const { cursor, limit = DEFAULT_LEDGERS } = page ?? {}
    if (cursor !== undefined && !/^\d+$/.test(cursor)) {
      throw new RpcRefused('params', 'invalid cursor')
    }
    const from = cursor === undefined ? (startLedger ?? 0) : Number(cursor) + 1
    if (cursor === undefined) checkStart(chain, from)
    const found = chain.ledgers.filter(({ sequence }) => sequence >= from).slice(0, limit)
    const { latestLedger, oldestLedger } = rangeOf(chain)
    return {
      ledgers: found.map(({ hash, sequence, closeTime, header, meta }) => ({
        hash: toHex(hash),
        sequence,
        ledgerCloseTime: String(closeTime),
        headerXdr: toBase64(headerEntry(hash, header)),
        metadataXdr: toBase64(meta),
      })),
      latestLedger,
      latestLedgerCloseTime: chain.last.closeTime,
      oldestLedger,
      oldestLedgerCloseTime: chain.oldest.closeTime,
      cursor: String(found.at(-1)?.sequence ?? from),
    }
  },
)

export const getFeeStats: Method = method(NONE, ({ chain }) => ({
  sorobanInclusionFee: feesOf(chain, true),
  inclusionFee: feesOf(chain, false),
  latestLedger: chain.last.sequence,
}))

/** What transactions of the last ledgers paid for being taken, an operation. */
function feesOf(chain: Chain, hasContracts: boolean): object {
  const { sequence } = chain.last
  const recent = chain.ledgers
    .slice(-FEE_LEDGERS)
    .filter((one) => one.sequence > sequence - FEE_LEDGERS)
  const fees = recent
    .flatMap(({ transactions }) => transactions)
    .filter((one) => one.hasContracts === hasContracts)
    .map(({ inclusionFee }) => inclusionFee)
    .sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
  const least = BigInt(chain.parameters.baseFee)
  const at = (percent: number): string => {
    const index = Math.min(fees.length - 1, Math.floor((fees.length * percent) / 100))
    return String(fees[index] ?? least)
  }
  const percents = [10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 99]
  return {
    max: at(100),
    min: at(0),
    mode: modeOf(fees, least),
    ...Object.fromEntries(percents.map((percent) => [`p${percent}`, at(percent)])),
    transactionCount: String(fees.length),
    ledgerCount: FEE_LEDGERS,
  }
}

/** The fee that was paid most often. */
function modeOf(fees: readonly bigint[], least: bigint): string {
  const counts = new Map<bigint, number>()
  for (const fee of fees) counts.set(fee, (counts.get(fee) ?? 0) + 1)
  const [mode] = [...counts].sort(([, a], [, b]) => b - a)
  return String(mode?.[0] ?? least)
}
