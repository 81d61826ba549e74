/** What `merogate chain status` tells people of a NEAR network. */
import { NEAR } from '../../../chains/near/constants.ts'
import type {
  AccountReport,
  ChainReport,
  ContractReport,
  KeyReport,
} from '../../../chains/near/inspect/inspect.ts'
import { amountText } from '../../../chains/shared/amount.ts'
import { table } from '../../output.ts'
import { heightLines, statusText } from '../shared/status-text.ts'

export function textOf(report: ChainReport): string {
  return statusText(report, {
    title: `near       ${report.network}, chain ${report.chainId}`,
    state: (state) => [...heightLines(state), ...accountLines(state.account)],
    tables: ({ contracts }) => [table(contracts, CONTRACT_COLUMNS, 'no contracts')],
  })
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
