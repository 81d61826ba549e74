/** What `merogate chain deploy` and `upgrade` tell people of canisters on the Internet Computer. */
import { CYCLES, FREEZING_DAYS } from '../../../chains/icp/constants.ts'
import type { Plan, PlannedCanister } from '../../../chains/icp/deploy/plan.ts'
import type { UpgradableCanister } from '../../../chains/icp/deploy/upgrade.ts'
import { amountText } from '../../../chains/shared/amount.ts'
import type { DeployPlan } from '../chain.ts'

type Lines = Pick<DeployPlan, 'head' | 'rows' | 'tail' | 'consent'>

const STATES: Readonly<Record<PlannedCanister['state'], string>> = {
  missing: 'to be made',
  empty: 'is empty, to be filled',
  present: 'is there',
}

/** The plan: what is there, what is to be made, what it costs, and who can change it afterwards. */
export function planLines(network: string, plan: Plan): Lines {
  const { canisters, controllers } = plan
  const isDropping =
    controllers === 'drop' &&
    canisters.some((each) => each.state !== 'present' || each.controllers.length > 0)
  return {
    head: [`network      ${network}`],
    rows: canisters.map(({ name, canister = '', state, codeHash }) => ({
      CONTRACT: name,
      CANISTER: canister,
      STATE: STATES[state],
      'SHA-256': codeHash.slice(0, 16),
    })),
    tail: [...costLines(plan), ...controllerLines(plan)],
    consent: isDropping
      ? 'Nobody can upgrade, stop or mend these canisters afterwards, you included.'
      : undefined,
  }
}

function costLines({ canisters, totalCost, account }: Plan): string[] {
  if (canisters.every(({ state }) => state === 'present')) {
    return ['everything is there: nothing to pay']
  }
  const lines =
    totalCost === 0n
      ? ['nothing is made, so nothing is paid: the canisters pay with what they have']
      : [
          `total        ${amountText(totalCost, CYCLES)} of the cycles ledger, which the canisters have then, less what making them takes`,
        ]
  const kept = `each freezes when its cycles would not last ${FREEZING_DAYS} days, and can be topped up by anybody`
  if (account === undefined) return [...lines, kept]
  const { principal, balance } = account
  const rest = totalCost - balance
  const verdict = rest <= 0n ? 'enough' : `send it ${amountText(rest, CYCLES)} or more`
  return [
    ...lines,
    `account      ${principal} has ${amountText(balance, CYCLES)}: ${verdict}`,
    kept,
  ]
}

function controllerLines({ canisters, controllers, account }: Plan): string[] {
  if (controllers === 'drop') {
    return [
      'controllers  dropped at the end, when all is checked: nobody upgrades, stops or mends the canisters after that, not even for a fault that is found later',
    ]
  }
  const there = canisters.filter(({ state }) => state !== 'missing')
  if (there.length === canisters.length && there.every((each) => each.controllers.length === 0)) {
    return ['controllers  none: nobody can upgrade, stop or mend the canisters']
  }
  const found = [...new Set(there.flatMap((each) => each.controllers))]
  const made = account?.principal ?? 'whoever deploys'
  const who = found.length > 0 ? found.join(', ') : made
  return [
    `controllers  ${who}: can upgrade the canisters, and whoever has the key can stop, replace and delete them`,
    '             --controllers drop gives that up, for ever',
  ]
}

/** What an upgrade would do. */
export function upgradeLines(network: string, canisters: readonly UpgradableCanister[]): Lines {
  const older = canisters.filter(({ isOlder }) => isOlder).length
  return {
    head: [`network      ${network}`],
    rows: canisters.map(({ name, canister, before, after, isOlder }) => ({
      CONTRACT: name,
      CANISTER: canister,
      STATE: isOlder ? 'to be upgraded' : 'has this release',
      FROM: before.slice(0, 16),
      TO: isOlder ? after.slice(0, 16) : '',
    })),
    tail: [
      older === 0
        ? 'nothing to do'
        : 'everything that they keep stays, and so does all that they offer',
    ],
  }
}
