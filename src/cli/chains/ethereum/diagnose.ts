/** The checks of `merogate chain doctor` on Ethereum, from reading the deployment file to asking the chain. */
import { judge } from '../../../chains/ethereum/inspect/checks.ts'
import { readDeployment } from '../../../chains/ethereum/index.ts'
import type { Check } from '../../../chains/shared/checks.ts'
import { isMerogateError } from '../../../node/errors.ts'
import { failed, type JudgeOptions, passed } from '../chain.ts'
import { lookAtEthereum } from './look.ts'
import type { EthereumPlace } from './target.ts'

/** All checks. What keeps later ones from being made is the last. */
export async function diagnose(
  place: EthereumPlace,
  { operations, account }: JudgeOptions,
): Promise<readonly Check[]> {
  const checks: Check[] = []
  try {
    const deployment = await readDeployment(place.deployment)
    checks.push(passed('deployment', `${deployment.network}, chain ${deployment.chainId}`))
    const report = await lookAtEthereum(place, deployment, account)
    const isPaying = place.relayerUrl === undefined
    checks.push(...judge(report, { operations, isPaying }))
  } catch (error) {
    checks.push(failed(isMerogateError(error, 'CHAIN_DEPLOYMENT') ? 'deployment' : 'chain', error))
  }
  return checks
}
