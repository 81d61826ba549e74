/** Errors of the command line, exit codes, and what to do next. */
import { MerogateError, type ErrorDetails, type ErrorKind } from '../node/errors.ts'

/**
 * CLI_USAGE the words of the command do not fit; CLI_FILE a file cannot be read or written; CLI_NOT_FOUND what was asked for is not there;
 * CLI_ANCHOR_UNKNOWN the configuration names an anchor this program has no adapter for; CLI_NODE_FAILED a node of `dev` did not start;
 * CLI_RELAYER_CHAIN the relayer has no chain to pay on; CLI_AUTH a secret of sign-in is not where the configuration says; CLI_NODE_UNKNOWN there is no node of that name in the home; CLI_DECLINED a person was asked and said no; CLI_CHECK_FAILED a check of `chain doctor` failed; CLI_BUILD an application cannot be built.
 */
export type CliErrorCode =
  | 'CLI_USAGE'
  | 'CLI_FILE'
  | 'CLI_NOT_FOUND'
  | 'CLI_ANCHOR_UNKNOWN'
  | 'CLI_NODE_FAILED'
  | 'CLI_NODE_UNKNOWN'
  | 'CLI_RELAYER_CHAIN'
  | 'CLI_AUTH'
  | 'CLI_DECLINED'
  | 'CLI_CHECK_FAILED'
  | 'CLI_BUILD'

const KINDS: Readonly<Record<CliErrorCode, ErrorKind>> = {
  CLI_USAGE: 'input',
  CLI_FILE: 'input',
  CLI_NOT_FOUND: 'missing',
  CLI_ANCHOR_UNKNOWN: 'input',
  CLI_NODE_FAILED: 'internal',
  CLI_NODE_UNKNOWN: 'missing',
  CLI_RELAYER_CHAIN: 'input',
  CLI_AUTH: 'input',
  CLI_DECLINED: 'aborted',
  CLI_CHECK_FAILED: 'conflict',
  CLI_BUILD: 'input',
}

/** Builds an error of this room. */
export function cliError(
  code: CliErrorCode,
  message: string,
  details: ErrorDetails = {},
  options?: ErrorOptions,
): MerogateError {
  return new MerogateError(code, KINDS[code], message, details, options)
}

/** How the process ends. */
export const EXIT_OK = 0
export const EXIT_FAILURE = 1
export const EXIT_USAGE = 2
export const EXIT_NOT_FOUND = 3
export const EXIT_AUTH = 4

/** The exit code of an error. */
export function exitCodeOf(error: { readonly code: string; readonly kind: ErrorKind }): number {
  if (error.code === 'CLI_USAGE') return EXIT_USAGE
  if (error.kind === 'missing') return EXIT_NOT_FOUND
  if (error.kind === 'unauthenticated' || error.kind === 'denied') return EXIT_AUTH
  return EXIT_FAILURE
}

/** By code; `{chain}` is the chain that the error names. */
const HINTS: Readonly<Record<string, string>> = {
  CLI_USAGE: 'see the command with --help',
  CLIENT_UNREACHABLE:
    'start a node with `merogate node run`, or say where one is with --api URL or --node NAME',
  CLIENT_NOT_SIGNED_IN: 'sign in with `merogate login`',
  CLIENT_SIGN_IN_REFUSED:
    'check the account; why it was refused stands in the log of the node. A new node takes the first who signs in from its own machine, or with --bootstrap-secret-file',
  CLIENT_PERMISSION_DENIED:
    'see what your key may do with `merogate whoami`, and ask an administrator for a key that may do this',
  CLIENT_ANSWER_INVALID: 'check the address given with --api',
  SERVER_PORT_IN_USE:
    'choose another port: `merogate node config server.listen=\'["/ip4/127.0.0.1/tcp/0"]\'`',
  ANCHOR_UNREACHABLE:
    'see what fails with `merogate chain doctor`; a local anchor is started with `merogate chain run`',
  ANCHOR_FATE_UNKNOWN:
    'ask for the same again, which joins it, or wait for that time; `merogate context intent list` shows it',
  ANCHOR_CLOCK: 'see both clocks with `merogate chain doctor`',
  ANCHOR_NONCE: 'give the anchor a second endpoint of another provider',
  CHAIN_WRONG_NETWORK: 'give endpoints of the chain that --network or the deployment file names',
  CHAIN_NO_CONTRACT:
    'check anchor.{chain}.deployment, or deploy with `merogate chain deploy --network NAME`',
  CHAIN_KEY:
    'name a file with --key-file (anchor.{chain}.key_file) or a variable with --key-env (key_env) that holds the key',
  CHAIN_DEPLOYMENT: 'write one with `merogate chain deploy`, or get the one of your group',
  CHAIN_READ_ONLY:
    '`merogate node config anchor.{chain}.key_file=FILE`, or key_env, or relayer_url',
  CHAIN_FUNDS: 'see balance and costs with `merogate chain status`',
  CHAIN_FEE: 'see the present fee with `merogate chain status`',
  CHAIN_REVERTED: 'try again; when it stays, look the transaction up at a block explorer',
  CHAIN_RELAYER_REFUSED: 'check anchor.{chain}.relayer_url and relayer_key_env, or ask who runs it',
  CHAIN_DEPLOY: 'repeat the command: what was made is kept',
  DEVNET_LISTEN: 'choose another port with --port',
  CONFIG_KEY_UNKNOWN: 'see the settings with `merogate node config`',
}

/** What the reader may do about an error; undefined when the message says it all. */
export function hintFor({
  code,
  details,
}: Pick<MerogateError, 'code' | 'details'>): string | undefined {
  const { chain } = details
  return HINTS[code]?.replaceAll('{chain}', typeof chain === 'string' ? chain : '<chain>')
}
