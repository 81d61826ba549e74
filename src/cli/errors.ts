/** Errors of the command line, exit codes, and what to do next. */
import { MerogateError } from '../node/errors.ts'
import type { ErrorDetails, ErrorKind } from '../node/errors.ts'

/**
 * CLI_USAGE the words of the command do not fit; CLI_FILE a file cannot be read or written; CLI_NOT_FOUND what was asked for is not there;
 * CLI_ANCHOR_UNKNOWN the configuration names an anchor this program has no adapter for; CLI_NODE_FAILED a node of `dev` did not start.
 */
export type CliErrorCode =
  'CLI_USAGE' | 'CLI_FILE' | 'CLI_NOT_FOUND' | 'CLI_ANCHOR_UNKNOWN' | 'CLI_NODE_FAILED'

const KINDS: Readonly<Record<CliErrorCode, ErrorKind>> = {
  CLI_USAGE: 'input',
  CLI_FILE: 'input',
  CLI_NOT_FOUND: 'missing',
  CLI_ANCHOR_UNKNOWN: 'input',
  CLI_NODE_FAILED: 'internal',
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

/** How the process ends (node-api.md 5.3). */
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

const HINTS: Readonly<Record<string, string>> = {
  CLI_USAGE: 'see the command with --help',
  CLIENT_UNREACHABLE:
    'start a node with `merogate node run`, or say where one is with --api URL or --node NAME',
  CLIENT_ANSWER_INVALID: 'check the address given with --api',
  SERVER_PORT_IN_USE:
    'choose another port: `merogate node config server.listen=\'["/ip4/127.0.0.1/tcp/0"]\'`',
  ANCHOR_UNREACHABLE: 'start the local anchor with `merogate chain run`, or check anchor.*.url',
  CONFIG_KEY_UNKNOWN: 'see the settings with `merogate node config`',
}

/** What the reader may do about an error; undefined when the message says it all. */
export function hintFor(code: string): string | undefined {
  return HINTS[code]
}
