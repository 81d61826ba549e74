/** What `merogate chain status` tells people of a network of the Internet Computer. */
import { CYCLES } from '../../../chains/icp/constants.ts'
import type { ChainReport, ContractReport } from '../../../chains/icp/inspect/inspect.ts'
import { amountText } from '../../../chains/shared/amount.ts'
import { table } from '../../output.ts'
import { statusText } from '../shared/status-text.ts'

export function textOf(report: ChainReport): string {
  return statusText(report, {
    title: `icp        network ${report.network}`,
    state: ({ clockSkewSeconds }) => [
      `time       certified, ${Math.abs(clockSkewSeconds)} s ${clockSkewSeconds < 0 ? 'behind' : 'ahead of'} this machine`,
      'account    none: nobody who calls pays',
    ],
    tables: ({ contracts }) => [
      table(contracts, CONTRACT_COLUMNS, 'no canisters'),
      ...contracts.flatMap(({ name, controllers }) =>
        controllers.map((one) => `${name} is controlled by ${one}`),
      ),
    ],
  })
}

const CONTRACT_COLUMNS = {
  CONTRACT: ({ name }: ContractReport) => name,
  CANISTER: ({ address }: ContractReport) => address,
  STATE: ({ codeHash, isOurs }: ContractReport) =>
    codeHash === undefined ? 'MISSING' : isOurs ? 'is there' : 'is there, of another release',
  CYCLES: ({ cycles }: ContractReport) =>
    cycles === undefined ? 'no answer' : amountText(cycles.balance, CYCLES),
  'FREEZES IN': ({ cycles }: ContractReport) =>
    cycles === undefined ? '' : `${cycles.daysLeft} days`,
  'MADE TODAY': ({ cycles }: ContractReport) =>
    cycles === undefined ? '' : `${cycles.createdToday} of ${cycles.daily}`,
}
