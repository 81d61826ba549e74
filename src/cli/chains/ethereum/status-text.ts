/** What `merogate chain status` tells people of an Ethereum chain. */
import { OPERATION_TEXTS, type OperationCost } from '../../../chains/ethereum/deploy/costs.ts'
import type {
  ChainReport,
  ChainState,
  ContractReport,
} from '../../../chains/ethereum/inspect/inspect.ts'
import type { EndpointReport } from '../../../chains/ethereum/inspect/probe.ts'
import { ether, gwei } from '../../../chains/ethereum/deploy/units.ts'
import { table } from '../../output.ts'

/** Seconds from which minutes are shown. */
const MINUTES_FROM = 120

export function statusText(report: ChainReport): string {
  const { network, chainId, finality, endpoints, subscription, state } = report
  const rule = typeof finality === 'number' ? `${finality} blocks above` : finality
  const head = [`ethereum   ${network}, chain ${chainId}, final when: ${rule}`]
  const tail = [
    '',
    table(endpoints, ENDPOINT_COLUMNS, 'no endpoints'),
    ...endpoints.flatMap(({ reason }) => reason ?? []),
    ...(subscription === undefined
      ? []
      : [`subscription: ${subscription.failure ?? 'new blocks are announced'}`]),
  ]
  if (state === undefined) return [...head, ...tail, '', 'no endpoint can be used'].join('\n')
  return [
    ...head,
    ...stateLines(report, state),
    ...tail,
    '',
    table(state.contracts, CONTRACT_COLUMNS, 'no contracts'),
    '',
    table(state.costs, COST_COLUMNS, 'no costs'),
  ].join('\n')
}

function stateLines({ maxFeePerGas }: ChainReport, state: ChainState): string[] {
  const { head, final, fees, account } = state
  const at = ({ number, ageSeconds }: ChainState['head']): string => `${number}, ${age(ageSeconds)}`
  return [
    `head       ${at(head)}`,
    `final      ${at(final)}`,
    `fee        ${gwei(fees.baseFee + fees.tip)} per gas (base ${gwei(fees.baseFee)}), ceiling ${gwei(maxFeePerGas)}`,
    ...(account === undefined
      ? ['account    none']
      : [
          `account    ${account.address} has ${ether(account.balance)}, ${account.pending} transactions wait`,
        ]),
  ]
}

function age(seconds: number): string {
  return seconds < MINUTES_FROM ? `${seconds} s ago` : `${Math.round(seconds / 60)} min ago`
}

const ENDPOINT_COLUMNS = {
  ENDPOINT: ({ name }: EndpointReport) => name,
  STATE: ({ state }: EndpointReport) => state,
  CHAIN: ({ chainId }: EndpointReport) => String(chainId ?? ''),
  BLOCK: ({ head }: EndpointReport) => String(head ?? ''),
  LATENCY: ({ latencyMs }: EndpointReport) => (latencyMs === undefined ? '' : `${latencyMs} ms`),
}

const CONTRACT_COLUMNS = {
  CONTRACT: ({ name }: ContractReport) => name,
  ADDRESS: ({ address }: ContractReport) => address,
  STATE: ({ isPresent, isOurs }: ContractReport) =>
    isPresent ? (isOurs ? 'is there' : 'is there, of another release') : 'MISSING',
}

const COST_COLUMNS = {
  OPERATION: ({ operation }: OperationCost) => OPERATION_TEXTS[operation],
  GAS: ({ gas }: OperationCost) => String(gas),
  'COSTS NOW': ({ wei }: OperationCost) => ether(wei),
}
