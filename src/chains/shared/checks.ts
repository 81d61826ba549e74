/** Items of the list that `chain doctor` shows, and those that every chain has. Pure. */
import type { CommonReport, CommonState, EndpointReport, FinalHash } from './inspect.ts'

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

/** Blocks that an endpoint may lie behind the foremost. */
const MAX_LAG_BLOCKS = 5
/** Seconds between this machine's clock and the chain's: requests are valid for minutes. */
const WARN_SKEW_SECONDS = 60
/** From here on that is a fault. */
const MAX_SKEW_SECONDS = 300

/** An item; what to do is told where it is not ok. */
export function check(name: string, level: Level, message: string, next?: string): Check {
  return { name, level, message, ...(next === undefined || level === 'ok' ? {} : { next }) }
}

/** An item for each endpoint. `network`: what those that are ok serve, in words. */
function endpointChecks(endpoints: readonly EndpointReport[], network: string): readonly Check[] {
  const isAnyOk = endpoints.some(({ state }) => state === 'ok')
  return endpoints.map(({ name, state, reason = '', latencyMs = 0, head }) => {
    if (state === 'ok') {
      const block = head === undefined ? '' : `, block ${head}`
      return check('endpoint', 'ok', `${name}: ${network}${block}, ${latencyMs} ms`)
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
function agreementChecks(
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
function clockCheck(clockSkewSeconds: number): Check {
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

/** What is expected of an account. */
export interface JudgeOptions {
  /** Operations, each adding a member, that it should be able to pay. */
  readonly operations: number
  /** Whether the node pays by itself, and so needs an account with funds. */
  readonly isPaying: boolean
}

/** The list of a chain, in the order in which problems are best solved. @param own what only this chain has; `before`: asked of no endpoint that answers */
export function checksOf<S extends CommonState>(
  { endpoints, chainId, state }: CommonReport<string | number, S>,
  own: { readonly before?: readonly Check[]; readonly rest: (state: S) => readonly Check[] },
): readonly Check[] {
  const first = [...endpointChecks(endpoints, `chain ${chainId}`), ...(own.before ?? [])]
  if (state === undefined) return first
  return [
    ...first,
    ...agreementChecks(endpoints, state.finalHashes),
    clockCheck(state.clockSkewSeconds),
    ...own.rest(state),
  ]
}

/** Nothing lies where a contract should be. */
export function missingContract(name: string, address: string, network: string): Check {
  const next = `deploy with \`merogate chain deploy\`, or use the deployment file of ${network}`
  return check('contracts', 'fail', `no ${name} at ${address}`, next)
}

/** Something else than this release lies there. */
export function otherRelease(message: string): Check {
  const next =
    'use the deployment file of your group’s network, or the release that made it; see UPGRADING.md'
  return check('release', 'fail', `${message}: the node sends it nothing`, next)
}

/** What there is to say of a node without an account. */
export function noAccountChecks({ isPaying }: JudgeOptions): readonly Check[] {
  if (!isPaying) return []
  const next = 'set key_file, key_env or relayer_url, unless this node only ever reads'
  return [check('account', 'warn', 'this node has no account to pay with', next)]
}

/** How many operations an amount pays, and how that is judged. */
export function enough(
  amount: bigint,
  one: bigint,
  operations: number,
): { readonly left: bigint; readonly level: Level } {
  const left = one === 0n ? BigInt(operations) : amount / one
  return { left, level: left < 1n ? 'fail' : left < BigInt(operations) ? 'warn' : 'ok' }
}
