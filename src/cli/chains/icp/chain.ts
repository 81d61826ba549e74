/** The Internet Computer, before anything of it is loaded. */
import type { Chain, ChainOption } from '../chain.ts'
import { DEPLOYMENT, KEY_ENV, LOOK_DEPLOYMENT, RPC_URL, RUN, runNote } from '../shared/options.ts'

const KEY_FILE: ChainOption = {
  flags: '--key-file <file>',
  text: 'PEM of the key of whoever deploys: ed25519, or secp256k1',
}

/** Options of `status` and `doctor`. */
const LOOK: readonly ChainOption[] = [LOOK_DEPLOYMENT, { ...RPC_URL, text: 'its endpoints' }]

export const icp: Chain = {
  name: 'icp',
  words: {
    anchor: 'the canisters on a local Internet Computer',
    chain: 'a local Internet Computer',
  },
  defaultPort: 4943,
  commands: {
    init: {
      options: [RPC_URL, DEPLOYMENT],
      examples: [
        'merogate node init --chain icp --rpc-url https://icp-api.io --deployment ic.deployment.json',
      ],
    },
    run: {
      options: RUN,
      examples: ['merogate chain run --chain icp --port 4943 --out local.deployment.json'],
      note: runNote('Internet Computer'),
    },
    deploy: {
      options: [
        { flags: '--network <name|url>', text: 'ic, local, or an endpoint', isRequired: true },
        RPC_URL,
        KEY_FILE,
        KEY_ENV,
        {
          flags: '--root-key <hex>',
          text: 'key of a network that is neither the main one nor on this machine, DER',
        },
        {
          flags: '--canister <name=id...>',
          text: 'empty canister to fill, in place of a new one: contexts=<id>, packages=<id>',
        },
        {
          flags: '--controllers <keep|drop>',
          text: 'whether whoever deploys can upgrade the canisters later; default: keep',
        },
        {
          flags: '--predecessor <address>',
          text: 'canister of contexts whose groups may move here',
        },
      ],
      details: [
        { flags: '--cycles <n>', text: 'T (10^12) of cycles for each new canister; default: 5' },
      ],
      about: `Canisters are made through the cycles ledger, by requests that are written down first: repeating a deployment that was interrupted gets the same
ones. Whoever deploys controls them until that is given up with --controllers drop; after that nobody can upgrade, stop or mend them.`,
      examples: [
        'merogate chain deploy --chain icp --network ic --key-file deployer.pem --dry-run',
        'merogate chain deploy --chain icp --network ic --key-file deployer.pem --controllers drop',
        'merogate chain deploy --chain icp --network ic --key-file deployer.pem --canister contexts=aaaaa-... --canister packages=bbbbb-...',
      ],
    },
    upgrade: {
      options: [
        { ...DEPLOYMENT, isRequired: true },
        { ...RPC_URL, isRequired: true },
        { ...KEY_FILE, text: 'PEM of the key of a controller: ed25519, or secp256k1' },
        KEY_ENV,
      ],
      about: `Everything that the canisters keep stays. A module whose interface takes something away from those who call, a canister that the deployment file
does not know, and one that the key does not control are refused before anything is sent.`,
      examples: [
        'merogate chain upgrade --chain icp --deployment ic.deployment.json --rpc-url https://icp-api.io --key-file deployer.pem',
      ],
    },
    status: {
      options: LOOK,
      examples: [
        'merogate chain status --deployment ic.deployment.json --rpc-url https://icp-api.io',
      ],
    },
    doctor: { options: LOOK },
    dev: { examples: ['merogate dev --chain icp'] },
  },
  settings: async () => (await import('./settings.ts')).settings,
  tools: async () => {
    // nothing of a chain is loaded by naming it
    const { withSdk } = await import('../../../chains/shared/sdk.ts')
    return (await withSdk('icp', () => import('./tools.ts'))).tools
  },
}
