/** What `merogate chain deploy` tells people of contracts on NEAR. */
import { GAS_PRICE, NEAR, TERA } from '../../../chains/near/constants.ts'
import type { Quote } from '../../../chains/near/deploy/quote.ts'
import { amountText } from '../../../chains/shared/amount.ts'
import type { DeployPlan } from '../chain.ts'

function near(amount: bigint): string {
  return amountText(amount, NEAR)
}

/** The plan: what is there, what is to be made, and what it costs. */
export function quoteLines(
  quote: Quote & { readonly network: string; readonly chainId: string },
): Pick<DeployPlan, 'head' | 'rows' | 'tail'> {
  const { network, chainId, contracts } = quote
  return {
    head: [`network  ${network}, chain ${chainId}`],
    rows: contracts.map(({ name, address, isPresent, storage, deposit, gas }) => ({
      CONTRACT: name,
      ACCOUNT: address,
      STATE: isPresent ? 'is there' : 'to be made',
      BYTES: isPresent ? '' : String(storage),
      STORAGE: isPresent ? '' : near(deposit),
      GAS: isPresent ? '' : `${gas / TERA} Tgas, ${near(gas * GAS_PRICE)} at most`,
    })),
    tail: sumLines(quote),
  }
}

function sumLines({ storageCost, gasCost, totalCost, account }: Quote): string[] {
  if (totalCost === 0n) return ['everything is there: nothing to pay']
  const { address, balance } = account
  const has = balance === undefined ? 'is no account' : `has ${near(balance)}`
  const rest = totalCost - (balance ?? 0n)
  const verdict = rest <= 0n ? 'enough' : `send it ${near(rest)} or more`
  return [
    `total    ${near(totalCost)}: ${near(storageCost)} locked for storage, ${near(gasCost)} at most for gas`,
    `account  ${address} ${has}, needs ${near(totalCost)}: ${verdict}`,
  ]
}
