/** The checks of `merogate chain doctor`, from reading the configuration to asking the chain. */
import type { Check } from '../../../chains/ethereum/inspect/checks.ts'
import { judge } from '../../../chains/ethereum/inspect/checks.ts'
import { type KeyReference, readDeployment } from '../../../chains/ethereum/index.ts'
import { isMerogateError, toMerogateError } from '../../../node/errors.ts'
import { hintFor } from '../../errors.ts'
import type { Session } from '../../session.ts'
import { accountOf, lookAtEthereum, lookAtLocal } from './look.ts'
import { type EthereumTarget, resolveTargets, type Target, type TargetOptions } from './target.ts'

/** All checks. What keeps later ones from being made is the last. @throws CLI_USAGE */
export async function diagnose(
  session: Pick<Session<TargetOptions>, 'options' | 'folder'>,
  operations: number,
): Promise<readonly Check[]> {
  let targets: readonly Target[]
  try {
    targets = await resolveTargets(session)
  } catch (error) {
    if (isMerogateError(error, 'CLI_USAGE')) throw error
    return [failed('configuration', error)]
  }
  const checks: Check[] = [
    passed('configuration', targets.map(({ protocol }) => protocol).join(', ')),
  ]
  for (const target of targets) {
    if (target.protocol === 'ethereum') checks.push(...(await diagnoseEthereum(target, operations)))
    else {
      const { url, isReachable, reason = '' } = await lookAtLocal(target)
      checks.push(
        isReachable
          ? passed('local', `${url} answers`)
          : {
              name: 'local',
              level: 'fail',
              message: reason,
              next: 'start it with `merogate chain run`',
            },
      )
    }
  }
  return checks
}

async function diagnoseEthereum(target: EthereumTarget, operations: number): Promise<Check[]> {
  const checks: Check[] = []
  let account: string | undefined
  try {
    account = await accountOf(target)
    if (target.key !== undefined) checks.push(passed('key', `${placeOf(target.key)} holds a key`))
  } catch (error) {
    checks.push(failed('key', error))
  }
  try {
    const deployment = await readDeployment(target.deployment)
    checks.push(passed('deployment', `${deployment.network}, chain ${deployment.chainId}`))
    const report = await lookAtEthereum(target, deployment, account)
    const isPaying = target.relayerUrl === undefined
    checks.push(...judge(report, { operations, isPaying }))
  } catch (error) {
    checks.push(
      failed(isMerogateError(error, 'ETHEREUM_DEPLOYMENT') ? 'deployment' : 'chain', error),
    )
  }
  return checks
}

function placeOf(key: KeyReference): string {
  return 'file' in key ? `${key.file}, for its owner only,` : `$${key.env}`
}

function passed(name: string, message: string): Check {
  return { name, level: 'ok', message }
}

function failed(name: string, error: unknown): Check {
  const { code, message } = toMerogateError(error)
  const next = hintFor(code)
  return {
    ...{ name, level: 'fail', message: `${message} (${code})` },
    ...(next === undefined ? {} : { next }),
  }
}
