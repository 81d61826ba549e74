/** Items of the list that `chain doctor` shows, and those that every chain has. Pure. */

/** How an item of the list came out. Only `fail` keeps a node from working. */
export type Level = 'ok' | 'warn' | 'fail'

/** An item of the list. */
export interface Check {
  /** Stable, for scripts: `endpoint`, `balance`, ... */
  readonly name: string
  readonly level: Level
  readonly message: string
  /** What the reader may do. */
  readonly next?: string
}

/** What an endpoint showed. What is undefined could not be read. */
export interface EndpointReport {
  /** Address without credentials. */
  readonly name: string
  /** `wrong-chain` when it serves another; `failed` when it answers but not what is needed. */
  readonly state: 'ok' | 'unreachable' | 'wrong-chain' | 'failed'
  /** Time of one question, ms. */
  readonly latencyMs?: number
  readonly head?: number
  /** Newest final block by the node's rule. */
  readonly final?: number
  /** Why it is not ok. */
  readonly reason?: string
}

/** Hash of the same final block, by endpoint. */
export interface FinalHash {
  readonly endpoint: string
  readonly hash: string
}

/** Blocks that an endpoint may lie behind the foremost. */
const MAX_LAG_BLOCKS = 5
/** Seconds between this machine's clock and the chain's: requests are valid for minutes. */
const WARN_SKEW_SECONDS = 60
const MAX_SKEW_SECONDS = 300

/** An item; what to do is told where it is not ok. */
export function check(name: string, level: Level, message: string, next?: string): Check {
  return { name, level, message, ...(next === undefined || level === 'ok' ? {} : { next }) }
}

/** An item for each endpoint. `network`: what those that are ok serve, in words. */
export function endpointChecks(
  endpoints: readonly EndpointReport[],
  network: string,
): readonly Check[] {
  const isAnyOk = endpoints.some(({ state }) => state === 'ok')
  return endpoints.map(({ name, state, reason = '', latencyMs = 0, head = 0 }) => {
    if (state === 'ok') {
      return check('endpoint', 'ok', `${name}: ${network}, block ${head}, ${latencyMs} ms`)
    }
    if (state === 'wrong-chain') {
      const next = 'take it out of rpc_urls, or use the deployment file of its chain'
      return check('endpoint', 'fail', reason, next)
    }
    const next = 'check the address and the key in it; it is passed over while others answer'
    return check('endpoint', isAnyOk ? 'warn' : 'fail', reason, next)
  })
}

/** Whether endpoints are as far as each other, and on one history. */
export function agreementChecks(
  endpoints: readonly EndpointReport[],
  finalHashes: readonly FinalHash[],
): readonly Check[] {
  const heads = endpoints.flatMap(({ name, head }) => (head === undefined ? [] : [{ name, head }]))
  const foremost = Math.max(...heads.map(({ head }) => head))
  const late = heads.filter(({ head }) => foremost - head > MAX_LAG_BLOCKS)
  const checks = late.map(({ name, head }) =>
    check(
      'lag',
      'warn',
      `${name} is ${foremost - head} blocks behind`,
      'put it last in rpc_urls, or replace it',
    ),
  )
  if (heads.length < 2) return checks
  const isAgreed = new Set(finalHashes.map(({ hash }) => hash)).size <= 1
  const shown = finalHashes.map(({ endpoint, hash }) => `${endpoint} ${hash.slice(0, 10)}`)
  return [
    ...checks,
    isAgreed
      ? check('agreement', 'ok', 'the endpoints agree on the newest final block')
      : check(
          'agreement',
          'fail',
          `the endpoints have different final blocks: ${shown.join(', ')}`,
          'one of them is on a fork or lies: keep those you trust',
        ),
  ]
}

/** What the chain expects the time to be, less what this machine says. */
export function clockCheck(clockSkewSeconds: number): Check {
  const off = Math.abs(clockSkewSeconds)
  const level = off > MAX_SKEW_SECONDS ? 'fail' : off > WARN_SKEW_SECONDS ? 'warn' : 'ok'
  const where = clockSkewSeconds > 0 ? 'behind' : 'ahead of'
  const message = `this machine is ${off} s ${where} the chain`
  return check(
    'clock',
    level,
    message,
    'set the clock (NTP); or the endpoint has stopped following',
  )
}
