/** Errors of the config room. */
import { type ErrorDetails, type ErrorKind, MerogateError } from '../../node/errors.ts'

/**
 * CONFIG_INVALID a value of the wrong type or out of range; CONFIG_KEY_UNKNOWN a setting nobody knows, with its path;
 * CONFIG_SYNTAX text that is not TOML, or an assignment that is not KEY=VALUE; CONFIG_UNREADABLE the file cannot be read or written.
 */
export type ConfigErrorCode =
  'CONFIG_INVALID' | 'CONFIG_KEY_UNKNOWN' | 'CONFIG_SYNTAX' | 'CONFIG_UNREADABLE'

const KINDS: Record<ConfigErrorCode, ErrorKind> = {
  CONFIG_INVALID: 'input',
  CONFIG_KEY_UNKNOWN: 'input',
  CONFIG_SYNTAX: 'input',
  CONFIG_UNREADABLE: 'input',
}

export function configError(
  code: ConfigErrorCode,
  message: string,
  details: ErrorDetails = {},
  options?: ErrorOptions,
): MerogateError {
  return new MerogateError(code, KINDS[code], message, details, options)
}
