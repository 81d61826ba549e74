/** The checks of `merogate chain doctor`, from reading the configuration to asking the chain. */
import type { Check } from '../../../chains/shared/checks.ts'
import { isMerogateError } from '../../../node/errors.ts'
import type { SecretReference } from '../../../node/secret.ts'
import { type ChainTarget, failed, passed } from '../../chains/chain.ts'
import type { Session } from '../../session.ts'
import { resolveTargets, type TargetOptions } from './target.ts'

/** All checks. What keeps later ones from being made is the last. @throws CLI_USAGE */
export async function diagnose(
  session: Pick<Session<TargetOptions>, 'options' | 'folder'>,
  operations: number,
): Promise<readonly Check[]> {
  let targets: readonly ChainTarget[]
  try {
    targets = await resolveTargets(session, 'doctor')
  } catch (error) {
    if (isMerogateError(error, 'CLI_USAGE')) throw error
    return [failed('configuration', error)]
  }
  const checks: Check[] = [
    passed('configuration', targets.map(({ protocol }) => protocol).join(', ')),
  ]
  for (const target of targets) {
    let account: string | undefined
    try {
      account = await target.account?.()
      if (target.key !== undefined) checks.push(passed('key', `${placeOf(target.key)} holds a key`))
    } catch (error) {
      checks.push(failed('key', error))
    }
    checks.push(...(await target.judge({ operations, account })))
  }
  return checks
}

function placeOf(key: SecretReference): string {
  return 'file' in key ? `${key.file}, for its owner only,` : `$${key.env}`
}
