/** The checks of `merogate chain doctor` on NEAR, from reading the deployment file to asking the chain. */
import { readDeployment } from '../../../chains/near/index.ts'
import { judge } from '../../../chains/near/inspect/checks.ts'
import type { Check } from '../../../chains/shared/checks.ts'
import { isMerogateError } from '../../../node/errors.ts'
import { failed, type JudgeOptions, passed } from '../chain.ts'
import { accountOf, lookAtNear } from './look.ts'
import type { NearPlace } from './target.ts'

/** All checks. What keeps later ones from being made is the last. */
export async function diagnose(
  place: NearPlace,
  { operations, account }: JudgeOptions,
): Promise<readonly Check[]> {
  const checks: Check[] = []
  try {
    const deployment = await readDeployment(place.deployment)
    checks.push(passed('deployment', `${deployment.network}, chain ${deployment.chainId}`))
    // a key that cannot be read was told of already
    const looked = account === undefined ? undefined : await accountOf(place)
    const report = await lookAtNear(place, deployment, looked)
    checks.push(...judge(report, { operations, isPaying: place.relayerUrl === undefined }))
  } catch (error) {
    checks.push(failed(isMerogateError(error, 'CHAIN_DEPLOYMENT') ? 'deployment' : 'chain', error))
  }
  return checks
}
