/** What `merogate chain status` tells people of a NEAR network. */
import { NEAR } from '../../../chains/near/constants.ts'
import type {
  AccountReport,
  ChainReport,
  ChainState,
  ContractReport,
  KeyReport,
} from '../../../chains/near/inspect/inspect.ts'
import type { EndpointReport } from '../../../chains/near/inspect/probe.ts'
import { amountText } from '../../../chains/shared/amount.ts'
import { table } from '../../output.ts'

/** Seconds from which minutes are shown. */
const MINUTES_FROM = 120

export function statusText({ network, chainId, endpoints, state }: ChainReport): string {
  const head = [`near       ${network}, chain ${chainId}`]
  const tail = [
    '',
    table(endpoints, ENDPOINT_COLUMNS, 'no endpoints'),
    ...endpoints.flatMap(({ reason }) => reason ?? []),
  ]
  if (state === undefined) return [...head, ...tail, '', 'no endpoint can be used'].join('\n')
  const contracts = table(state.contracts, CONTRACT_COLUMNS, 'no contracts')
  return [...head, ...stateLines(state), ...tail, '', contracts].join('\n')
}

function stateLines({ head, final, account }: ChainState): string[] {
  const at = ({ number, ageSeconds }: ChainState['head']): string => `${number}, ${age(ageSeconds)}`
  return [`head       ${at(head)}`, `final      ${at(final)}`, ...accountLines(account)]
}

function accountLines(account: AccountReport | undefined): string[] {
  if (account === undefined) return ['account    none']
  const { address, balance, keys, credit } = account
  const has = balance === undefined ? 'is not there' : `has ${amountText(balance, NEAR)}`
  return [
    `account    ${address} ${has}, and ${amountText(credit, NEAR)} of credit for storage`,
    ...keys.map((key) => `key        ${key.name} ${rightsOf(key)}`),
  ]
}

function rightsOf({ permission }: KeyReport): string {
  if (permission === undefined) return 'is no key of the account'
  if (permission === 'full') return 'has full access'
  if (permission === 'other') return 'may do something that this release does not know'
  const { allowance, receiver, methods } = permission
  const left = allowance === undefined ? 'no end' : `${amountText(allowance, NEAR)} left`
  return `may call ${methods.join(', ') || 'anything'} of ${receiver}, allowance: ${left}`
}

function age(seconds: number): string {
  return seconds < MINUTES_FROM ? `${seconds} s ago` : `${Math.round(seconds / 60)} min ago`
}

const ENDPOINT_COLUMNS = {
  ENDPOINT: ({ name }: EndpointReport) => name,
  STATE: ({ state }: EndpointReport) => state,
  CHAIN: ({ chainId }: EndpointReport) => chainId ?? '',
  BLOCK: ({ head }: EndpointReport) => String(head ?? ''),
  LATENCY: ({ latencyMs }: EndpointReport) => (latencyMs === undefined ? '' : `${latencyMs} ms`),
}

const CONTRACT_COLUMNS = {
  CONTRACT: ({ name }: ContractReport) => name,
  ACCOUNT: ({ address }: ContractReport) => address,
  STATE: ({ codeHash, isOurs, keys }: ContractReport) =>
    codeHash === undefined
      ? 'MISSING'
      : !isOurs
        ? 'is there, of another release'
        : keys > 0
          ? `is there, and has ${keys} keys`
          : 'is there',
}
