/** A key for `apply` alone, for `merogate chain key`: so that no node holds a full-access key. */
import { randomBytes } from 'node:crypto'
import { resolve } from 'node:path'
import { NEAR } from '../../../chains/near/constants.ts'
import { addKey, type AddedKey } from '../../../chains/near/deploy/add-key.ts'
import { readDeployment } from '../../../chains/near/index.ts'
import { newSecretKey, readKeys, type SecretKey } from '../../../chains/near/key.ts'
import { nearHeights } from '../../../chains/near/rpc/head.ts'
import { nearRpc } from '../../../chains/near/rpc/rpc.ts'
import { SigningKey, signingKeys } from '../../../chains/near/send/account.ts'
import { TransactionSender } from '../../../chains/near/send/sender.ts'
import { POLL_MS } from '../../../chains/near/limits.ts'
import { amountText } from '../../../chains/shared/amount.ts'
import { pollMsFor } from '../../../chains/shared/poll.ts'
import { systemClock } from '../../../node/primitives/clock.ts'
import { silentLogger } from '../../../node/primitives/logger.ts'
import { rpcUrlsArgument, secretReference } from '../../arguments.ts'
import { cliError } from '../../errors.ts'
import type { Report } from '../chain.ts'
import { writeNewKey } from '../shared/key-file.ts'
import { accountArgument, nearArgument } from './arguments.ts'

export interface KeyOptions {
  readonly deployment?: string
  readonly rpcUrl?: string[]
  readonly account?: string
  readonly keyFile?: string
  readonly keyEnv?: string
  readonly out: string
  readonly allowance?: string
  readonly credit?: string
  readonly packages?: true
}

/**
 * Adds a key and writes it down; repeated with the same file it adds what is missing.
 * @throws CLI_USAGE, CLI_FILE, CHAIN_KEY, CHAIN_DEPLOYMENT (input), CHAIN_FUNDS (chain), ANCHOR_UNREACHABLE (transport)
 */
export async function makeKey(options: KeyOptions): Promise<Report> {
  const { account: given, allowance = '1', credit = '0.5' } = options
  const reference = secretReference(options.keyFile, options.keyEnv)
  if (reference === undefined) {
    throw cliError('CLI_USAGE', 'who pays? Name its full-access key with --key-file or --key-env')
  }
  const named = given === undefined ? undefined : accountArgument('--account', given)
  const amounts = {
    allowance: nearArgument('--allowance', allowance),
    credit: nearArgument('--credit', credit),
  }
  const { deployment: file, rpcUrl } = options
  // other chains do without
  if (file === undefined || rpcUrl === undefined) {
    throw cliError('CLI_USAGE', 'expected --deployment and --rpc-url for --chain near')
  }
  const { chainId, contracts } = await readDeployment(file)
  const contract = options.packages === true ? contracts.packages : contracts.contexts
  if (contract === undefined) throw cliError('CLI_USAGE', 'the deployment has no package registry')
  const keys = await readKeys(reference, named)
  const { account } = keys
  const path = resolve(options.out)
  // written first: a key that is on the chain and in no file would be lost
  const added = new SigningKey(await openKeyFile(path, account))
  const rpcUrls = rpcUrlsArgument(rpcUrl)
  const parts = { clock: systemClock, logger: silentLogger }
  const rpc = nearRpc({ urls: rpcUrls, chainId, ...parts })
  try {
    const waiting = {
      rpc,
      heights: nearHeights(rpc, systemClock),
      pollMs: pollMsFor(rpcUrls, POLL_MS),
    }
    const signers = signingKeys(keys)
    const sender = new TransactionSender({ account, signers, ...waiting, ...parts })
    const done = await addKey({ rpc, sender, contract: contract.address, key: added, ...amounts })
    return reportOf(done, { account, contract: contract.address, path, name: added.name })
  } finally {
    rpc.stop()
  }
}

function reportOf(
  { isAdded, paid, allowance, credit }: AddedKey,
  facts: {
    readonly account: string
    readonly contract: string
    readonly path: string
    readonly name: string
  },
): Report {
  const { account, contract, path, name } = facts
  const spend = allowance === undefined ? 'no end' : amountText(allowance, NEAR)
  const lines = [
    `key        ${name} ${isAdded ? 'was added' : 'was there'}: may call apply of ${contract}`,
    `allowance  ${spend}`,
    `credit     ${amountText(credit, NEAR)} for storage${paid > 0n ? `, of which ${amountText(paid, NEAR)} were paid in now` : ''}`,
    `file       ${path}`,
    '',
    'give it to a node:',
    `  merogate node init --chain near --key-file ${path} ...`,
  ]
  return {
    facts: {
      account,
      contract,
      file: path,
      publicKey: name,
      isAdded,
      allowance: String(allowance ?? ''),
      credit: String(credit),
    },
    text: lines.join('\n'),
  }
}

/** The key of a file of ours, which is made where there is none. @throws CLI_FILE (input) */
async function openKeyFile(path: string, account: string): Promise<SecretKey> {
  const key = newSecretKey(randomBytes(32))
  const credentials = {
    account_id: account,
    public_key: new SigningKey(key).name,
    private_key: key,
  }
  if (await writeNewKey(path, `${JSON.stringify(credentials, null, 2)}\n`)) return key
  const { keys } = await readKeys({ file: path }, account)
  return keys[0]
}
