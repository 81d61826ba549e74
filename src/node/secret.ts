/** Secrets by reference: a file or an environment variable holds them, never the configuration itself. */
import { readFile, stat } from 'node:fs/promises'

/** Where a secret is. `from` stands in for the variables of this process. */
export type SecretReference =
  | { readonly file: string }
  | { readonly env: string; readonly from?: NodeJS.ProcessEnv | undefined }

/** Permissions of a file for others than its owner. */
const OTHERS = 0o077

/** Why there is no secret, for messages: `expected a key in <where>, got <got>`. Never repeats what was found. */
export type NoSecret = (where: string, got: string, cause?: unknown) => Error

/** Where a secret is, for people. */
export function placeOf(reference: SecretReference): string {
  return 'file' in reference ? reference.file : `$${reference.env}`
}

/** The text that is there, without space around it. @throws what `fail` makes when there is none, or when others can read the file */
export async function readSecret(
  reference: SecretReference,
  maxChars: number,
  fail: NoSecret,
): Promise<string> {
  const where = placeOf(reference)
  const text =
    'file' in reference
      ? await readPrivate(where, fail)
      : ((reference.from ?? process.env)[reference.env] ?? '')
  const found = text.slice(0, maxChars).trim()
  if (found === '') throw fail(where, 'nothing')
  return found
}

async function readPrivate(file: string, fail: NoSecret): Promise<string> {
  let mode: number
  let text: string
  try {
    mode = (await stat(file)).mode
    text = await readFile(file, 'utf8')
  } catch (cause) {
    throw fail(file, 'nothing that can be read', cause)
  }
  if ((mode & OTHERS) !== 0) throw fail(file, 'a file that others can read: chmod 600')
  return text
}
