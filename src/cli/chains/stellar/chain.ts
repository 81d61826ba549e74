/** Stellar, before anything of it is loaded. */
import type { Chain, ChainOption } from '../chain.ts'
import { DEPLOYMENT, KEY_ENV, LOOK_DEPLOYMENT, RPC_URL, RUN, runNote } from '../shared/options.ts'

const KEY_FILE: ChainOption = {
  flags: '--key-file <file>',
  text: 'secret key S... of the account that pays',
}
const ACCOUNT: ChainOption = {
  flags: '--account <id>',
  text: 'the account G..., where there is no key: to look only',
}
const NETWORK = 'testnet, futurenet, mainnet, local, or an endpoint'

/** Options of `status` and `doctor`. */
const LOOK: readonly ChainOption[] = [
  LOOK_DEPLOYMENT,
  { ...RPC_URL, text: 'its JSON-RPC endpoints' },
  ACCOUNT,
  KEY_FILE,
  KEY_ENV,
]

/** The same, beside the configuration of a node, too. */
const LOOK_DETAILS: readonly ChainOption[] = [
  { flags: '--context <id...>', text: 'contexts or groups whose entries are looked at, too' },
]

export const stellar: Chain = {
  name: 'stellar',
  words: { anchor: 'the contracts on a local Stellar network', chain: 'a local Stellar network' },
  defaultPort: 8000,
  commands: {
    init: {
      options: [RPC_URL, DEPLOYMENT, KEY_FILE, KEY_ENV],
      examples: [
        'merogate node init --chain stellar --rpc-url https://... --deployment testnet.deployment.json --key-file node.key',
      ],
    },
    run: {
      options: RUN,
      examples: ['merogate chain run --chain stellar --port 8000 --out local.deployment.json'],
      note: runNote('Stellar'),
    },
    deploy: {
      options: [
        { flags: '--network <name|url>', text: NETWORK, isRequired: true },
        RPC_URL,
        { ...ACCOUNT, text: 'account that would pay, to look without its key' },
        KEY_FILE,
        KEY_ENV,
      ],
      about: `On Stellar a contract's address follows from the account that makes it and from its code, so whoever repeats a deployment with the same account finds the
first, and pays for what is missing. Code and contracts are paid for 120 days; \`chain keep-alive\` pays for more.`,
      examples: [
        'merogate chain deploy --chain stellar --network testnet --rpc-url https://... --account G... --dry-run',
        'merogate chain deploy --chain stellar --network testnet --rpc-url https://... --key-file deployer.key',
      ],
    },
    key: {
      options: [
        {
          flags: '--network <name|url>',
          text: `where accounts are looked for, or made: ${NETWORK}`,
        },
        RPC_URL,
        { flags: '--out <file>', text: 'file to write the new key to', isRequired: true },
      ],
      details: [
        { flags: '--channels <n>', text: 'accounts that lend their numbers, up to 16; default: 4' },
        {
          flags: '--fund',
          text: 'make the account, by the friendbot of a test network, and its channels',
        },
      ],
      about: `On Stellar transactions of one account wait for each other. So a node's account has channels: accounts that follow from its key, keep 1 XLM each and lend their
sequence numbers, while the account itself pays for everything. A key may do everything with its account: keep little on it.`,
      examples: [
        'merogate chain key --chain stellar --out node.key',
        'merogate chain key --chain stellar --out node.key --network testnet --rpc-url https://... --fund',
      ],
    },
    status: {
      options: LOOK,
      details: LOOK_DETAILS,
      examples: [
        'merogate chain status --deployment testnet.deployment.json --rpc-url https://... --key-file node.key',
      ],
    },
    doctor: {
      options: LOOK,
      details: LOOK_DETAILS,
      examples: ['merogate chain doctor --chain stellar --context <id>'],
    },
    'keep-alive': {
      options: [
        { ...DEPLOYMENT, text: 'deployment, in place of the configuration of a node' },
        { ...RPC_URL, text: 'its JSON-RPC endpoints' },
        KEY_FILE,
        KEY_ENV,
      ],
      details: [
        {
          flags: '--no-code',
          text: 'leave contracts and their code out, which anybody may pay for',
        },
        {
          flags: '--calls <n>',
          text: 'calls for entries of groups in one run, 50 entries each; default: 20',
        },
      ],
      about: `Stellar archives entries that nobody pays for. Nothing is lost by that: whoever uses one next pays for having it back. What is used lives on by itself; this pays for
what is not: code and contracts, the group of each context, its members and their places, where less than 90 days are left, for 120. Repeat it from a timer.`,
      examples: [
        'merogate chain keep-alive --chain stellar --dry-run',
        'merogate chain keep-alive --deployment testnet.deployment.json --rpc-url https://... --key-file node.key --context <id> --yes',
      ],
    },
    dev: { examples: ['merogate dev --chain stellar'] },
  },
  settings: async () => (await import('./settings.ts')).settings,
  tools: async () => {
    // nothing of a chain is loaded by naming it
    const { withSdk } = await import('../../../chains/shared/sdk.ts')
    return (await withSdk('stellar', () => import('./tools.ts'))).tools
  },
}
