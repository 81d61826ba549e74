/** What `merogate chain status` tells people of a Stellar network. */
import { XLM } from '../../../chains/stellar/constants.ts'
import type {
  AccountReport,
  ChainReport,
  ContractReport,
  GroupReport,
  Life,
} from '../../../chains/stellar/inspect/inspect.ts'
import { amountText } from '../../../chains/shared/amount.ts'
import { table } from '../../output.ts'
import { heightLines, statusText } from '../shared/status-text.ts'

export function textOf(report: ChainReport): string {
  return statusText(report, {
    title: `stellar    ${report.network}, "${report.chainId}"`,
    state: (state) => [...heightLines(state), ...accountLines(state.account)],
    tables: ({ contracts, groups }) => [
      table(contracts, CONTRACT_COLUMNS, 'no contracts'),
      ...(groups.length === 0 ? [] : [table(groups, GROUP_COLUMNS, '')]),
    ],
  })
}

function accountLines(account: AccountReport | undefined): string[] {
  if (account === undefined) return ['account    none']
  const { address, balance, channels } = account
  const has = balance === undefined ? 'is not there' : `can spend ${amountText(balance, XLM)}`
  return [
    `account    ${address} ${has}`,
    ...(channels === undefined ? [] : [`channels   ${channels.length}`]),
  ]
}

function daysText(life: Life | undefined): string {
  if (life === undefined) return ''
  return life.daysLeft < 0 ? 'archived' : `${life.daysLeft} days`
}

const CONTRACT_COLUMNS = {
  CONTRACT: ({ name }: ContractReport) => name,
  ADDRESS: ({ address }: ContractReport) => address,
  STATE: ({ codeHash, isOurs }: ContractReport) =>
    codeHash === undefined ? 'MISSING' : isOurs ? 'is there' : 'is there, of another release',
  LIVES: ({ life }: ContractReport) => daysText(life),
  'CODE LIVES': ({ codeLife }: ContractReport) => daysText(codeLife),
}

const GROUP_COLUMNS = {
  CONTEXT: ({ subject }: GroupReport) => subject,
  MEMBERS: ({ members }: GroupReport) => String(members),
  ENTRIES: ({ entries }: GroupReport) => String(entries),
  'FIRST LAPSES IN': ({ life }: GroupReport) => daysText(life),
}
