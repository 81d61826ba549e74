/** What `merogate chain status` tells people of an Ethereum chain. */
import { OPERATION_TEXTS, type OperationCost } from '../../../chains/ethereum/deploy/costs.ts'
import type {
  ChainReport,
  ChainState,
  ContractReport,
} from '../../../chains/ethereum/inspect/inspect.ts'
import { ether, gwei } from '../../../chains/ethereum/deploy/units.ts'
import { table } from '../../output.ts'
import { heightLines, statusText } from '../shared/status-text.ts'

export function textOf(report: ChainReport): string {
  const { network, chainId, finality, subscription } = report
  const rule = typeof finality === 'number' ? `${finality} blocks above` : finality
  return statusText(report, {
    title: `ethereum   ${network}, chain ${chainId}, final when: ${rule}`,
    state: (state) => stateLines(report, state),
    endpoints:
      subscription === undefined
        ? []
        : [`subscription: ${subscription.failure ?? 'new blocks are announced'}`],
    tables: ({ contracts, costs }) => [
      table(contracts, CONTRACT_COLUMNS, 'no contracts'),
      table(costs, COST_COLUMNS, 'no costs'),
    ],
  })
}

function stateLines({ maxFeePerGas }: ChainReport, state: ChainState): readonly string[] {
  const { fees, account } = state
  return [
    ...heightLines(state),
    `fee        ${gwei(fees.baseFee + fees.tip)} per gas (base ${gwei(fees.baseFee)}), ceiling ${gwei(maxFeePerGas)}`,
    account === undefined
      ? 'account    none'
      : `account    ${account.address} has ${ether(account.balance)}, ${account.pending} transactions wait`,
  ]
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
