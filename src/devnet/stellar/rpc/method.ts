/** How methods of the RPC are written down. */
import { z } from 'zod'
import type { Chain } from '../chain/chain.ts'
import { RpcRefused } from './errors.ts'

/** What methods know beside the chain. */
export interface RpcContext {
  readonly chain: Chain
  readonly friendbotUrl: string
}

export type Method = (context: RpcContext, params: unknown) => object

const FORMAT = z.object({ xdrFormat: z.enum(['base64', '']).optional() })

/** A method with the parameters that it takes; XDR goes as base64 alone. */
export function method<T>(
  schema: z.ZodType<T>,
  run: (context: RpcContext, params: T) => object,
): Method {
  return (context, params) => {
    const given = params ?? {}
    if (!FORMAT.safeParse(given).success) {
      throw new RpcRefused('params', 'this local chain serves XDR as base64 alone')
    }
    const parsed = schema.safeParse(given)
    if (parsed.success) return run(context, parsed.data)
    const [issue] = parsed.error.issues
    const at = issue?.path.join('.') ?? ''
    throw new RpcRefused('params', `${at}: ${issue?.message ?? 'invalid parameters'}`)
  }
}

/** Where an answer goes on, and how much of it. */
export function pagination(
  most: number,
): z.ZodType<{ cursor?: string | undefined; limit?: number | undefined } | undefined> {
  return z
    .object({ cursor: z.string().optional(), limit: z.int().min(1).max(most).optional() })
    .optional()
}

/** The window of ledgers that can be asked about, with times as text. */
export function rangeOf({ last, oldest }: Chain): {
  readonly latestLedger: number
  readonly latestLedgerCloseTime: string
  readonly oldestLedger: number
  readonly oldestLedgerCloseTime: string
} {
  return {
    latestLedger: last.sequence,
    latestLedgerCloseTime: String(last.closeTime),
    oldestLedger: oldest.sequence,
    oldestLedgerCloseTime: String(oldest.closeTime),
  }
}

/** @throws RpcRefused where a ledger is outside of the window */
export function checkStart({ last, oldest }: Chain, ledger: number): void {
  if (ledger >= oldest.sequence && ledger <= last.sequence) return
  const range = `${oldest.sequence} - ${last.sequence}`
  throw new RpcRefused('request', `startLedger must be within the ledger range: ${range}`)
}
