/** Ethereum, before anything of it is loaded. */
import type { Chain, ChainOption } from '../chain.ts'
import { DEPLOYMENT, KEY_ENV, LOOK_DEPLOYMENT, RPC_URL, RUN, runNote } from '../shared/options.ts'

/** Options of `status` and `doctor`. */
const LOOK: readonly ChainOption[] = [
  LOOK_DEPLOYMENT,
  { ...RPC_URL, text: 'its JSON-RPC endpoints' },
  { flags: '--ws-url <url>', text: 'its endpoint for subscriptions' },
  { flags: '--finality <rule>', text: 'finalized, safe, or blocks above one that counts' },
  { flags: '--key-file <file>', text: 'file with the private key of the account' },
  KEY_ENV,
  {
    flags: '--from <address>',
    text: 'the account, in place of its key',
    conflicts: ['keyFile', 'keyEnv'],
  },
  { flags: '--max-fee-gwei <n>', text: 'most that is paid per gas' },
]

export const ethereum: Chain = {
  name: 'ethereum',
  words: { anchor: 'the contracts on a local Ethereum chain', chain: 'a local Ethereum chain' },
  defaultPort: 8545,
  commands: {
    init: {
      options: [
        { ...RPC_URL, text: 'JSON-RPC endpoints, the preferred first' },
        { flags: '--ws-url <url>', text: 'endpoint for subscriptions' },
        DEPLOYMENT,
        {
          flags: '--key-file <file>',
          text: 'file with the private key of the account that pays',
        },
        { ...KEY_ENV, text: 'environment variable with it' },
        { flags: '--finality <rule>', text: 'finalized or safe; default: finalized' },
        {
          flags: '--confirmations <n>',
          text: 'blocks above one that counts',
          conflicts: ['finality'],
        },
      ],
      examples: [
        'merogate node init --chain ethereum --rpc-url https://... --deployment sepolia.deployment.json --key-file account.key',
      ],
    },
    run: {
      options: RUN,
      examples: ['merogate chain run --chain ethereum --port 8545 --out local.deployment.json'],
      note: runNote('Ethereum'),
    },
    deploy: {
      options: [
        {
          flags: '--network <name|url>',
          text: 'sepolia, mainnet, holesky, hoodi, local, or an endpoint',
          isRequired: true,
        },
        RPC_URL,
        {
          flags: '--key-file <file>',
          text: 'file with the private key of the account that pays',
        },
        KEY_ENV,
        {
          flags: '--from <address>',
          text: 'account that would pay, for --dry-run',
          conflicts: ['keyFile', 'keyEnv'],
        },
        {
          flags: '--predecessor <address>',
          text: 'contract of contexts whose groups may move to the new one',
        },
      ],
      details: [
        { flags: '--max-fee-gwei <n>', text: 'most that is paid per gas; default: 200' },
        {
          flags: '--finality <rule>',
          text: 'wait until blocks are finalized, safe or have N above; default: 5, local 0',
        },
      ],
      about: `The contracts have no owner: whoever deploys has no rights over them, and the account needs to hold funds just once. Their addresses follow
from their code, so they are the same on every chain, and one deployment serves everybody on it: repeating it changes nothing.`,
      examples: [
        'merogate chain deploy --network sepolia --rpc-url https://... --dry-run',
        'merogate chain deploy --network sepolia --rpc-url https://... --key-file deployer.key',
        'DEPLOYER_KEY=0x... merogate chain deploy --network https://... --key-env DEPLOYER_KEY --yes',
      ],
    },
    status: {
      options: LOOK,
      examples: [
        'merogate --node bob chain status --chain ethereum',
        'merogate chain status --deployment sepolia.deployment.json --rpc-url https://... --from 0x...',
      ],
    },
    doctor: {
      options: LOOK,
      examples: [
        'merogate chain doctor --deployment sepolia.deployment.json --rpc-url https://a... --rpc-url https://b...',
      ],
    },
    dev: { examples: ['merogate dev --chain ethereum'] },
  },
  settings: async () => (await import('./settings.ts')).settings,
  tools: async () => {
    // nothing of a chain is loaded by naming it
    const { withSdk } = await import('../../../chains/shared/sdk.ts')
    return (await withSdk('ethereum', () => import('./tools.ts'))).tools
  },
}
