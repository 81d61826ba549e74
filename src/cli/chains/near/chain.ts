/** NEAR, before anything of it is loaded. */
import type { Chain, ChainOption } from '../chain.ts'
import { DEPLOYMENT, KEY_ENV, LOOK_DEPLOYMENT, RPC_URL, RUN, runNote } from '../shared/options.ts'

const KEY_FILE: ChainOption = {
  flags: '--key-file <file>',
  text: 'NEAR credentials file of the account that pays, or its keys as ed25519:...',
}
const ACCOUNT: ChainOption = {
  flags: '--account <id>',
  text: 'the account, where the key’s file does not name it',
}

/** Options of `status` and `doctor`. */
const LOOK: readonly ChainOption[] = [
  LOOK_DEPLOYMENT,
  { ...RPC_URL, text: 'its JSON-RPC endpoints' },
  ACCOUNT,
  KEY_FILE,
  KEY_ENV,
]

export const near: Chain = {
  name: 'near',
  words: { anchor: 'the contracts on a local NEAR chain', chain: 'a local NEAR chain' },
  defaultPort: 3030,
  commands: {
    init: {
      options: [RPC_URL, DEPLOYMENT, ACCOUNT, KEY_FILE, KEY_ENV],
      examples: [
        'merogate node init --chain near --rpc-url https://... --deployment testnet.deployment.json --key-file node.json',
      ],
    },
    run: {
      options: RUN,
      examples: ['merogate chain run --chain near --port 3030 --out local.deployment.json'],
      note: runNote('NEAR'),
    },
    deploy: {
      options: [
        {
          flags: '--network <name|url>',
          text: 'testnet, mainnet, local, or an endpoint',
          isRequired: true,
        },
        RPC_URL,
        { ...ACCOUNT, text: 'account that pays, below which the contracts’ accounts are made' },
        KEY_FILE,
        KEY_ENV,
      ],
      about: `The contracts have no owner and their accounts no keys: whoever deploys has no rights over them, and nobody can change them later. One
deployment serves everybody on its network: repeating it changes nothing.`,
      examples: [
        'merogate chain deploy --chain near --network testnet --rpc-url https://... --account you.testnet --dry-run',
        'merogate chain deploy --chain near --network testnet --rpc-url https://... --key-file you.testnet.json',
      ],
    },
    status: {
      options: LOOK,
      examples: [
        'merogate chain status --deployment testnet.deployment.json --rpc-url https://...',
      ],
    },
    doctor: {
      options: LOOK,
      examples: [
        'merogate chain doctor --deployment testnet.deployment.json --rpc-url https://... --key-file node.json',
      ],
    },
    key: {
      options: [
        { ...DEPLOYMENT, isRequired: true },
        { ...RPC_URL, isRequired: true },
        { ...ACCOUNT, text: 'account that pays, where the key’s file does not name it' },
        { ...KEY_FILE, text: 'its full-access key: a NEAR credentials file, or ed25519:...' },
        KEY_ENV,
        { flags: '--out <file>', text: 'file to write the new key to', isRequired: true },
      ],
      details: [
        { flags: '--allowance <near>', text: 'NEAR that the key may spend on gas; default: 1' },
        { flags: '--credit <near>', text: 'NEAR that are to be there for storage; default: 0.5' },
        {
          flags: '--packages',
          text: 'for the package registry, in place of the contract of contexts',
        },
      ],
      about: `A node needs no full-access key: the new one may call \`apply\` of one contract, and spend no more than its allowance. Such a key cannot pay
for storage with an operation, so that is paid in before, as credit of the account.`,
      examples: [
        'merogate chain key --chain near --deployment testnet.deployment.json --rpc-url https://... --key-file you.testnet.json --out node.json',
      ],
    },
    dev: { examples: ['merogate dev --chain near'] },
  },
  settings: async () => (await import('./settings.ts')).settings,
  tools: async () => {
    // nothing of a chain is loaded by naming it
    const { withSdk } = await import('../../../chains/shared/sdk.ts')
    return (await withSdk('near', () => import('./tools.ts'))).tools
  },
}
