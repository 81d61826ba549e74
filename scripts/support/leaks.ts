/** Names of the machine that built something, which no committed artefact may carry. */
import { homedir, hostname } from 'node:os'
import { join, resolve } from 'node:path'

const REPOSITORY = join(import.meta.dirname, '../..')

/** Folders of a builder, as panic messages would carry them, and the name of a registry's folder. */
const LEAK_PATTERNS: readonly RegExp[] = [
  /\/(?:root|home|Users|usr|work|workspace|builds?|opt|srv|mnt|tmp)\//,
  /registry\/src/,
  /index\.[a-z.]+-[0-9a-f]{16}/,
]
/** A shorter host name would be found by accident. */
const MIN_HOST_NAME_LENGTH = 6

/** Names of this machine. `ours` is a text that its host name may be a part of without telling anything. */
function machineNames(ours: string): string[] {
  const folders = [REPOSITORY, homedir(), process.env['CARGO_HOME']]
  const names = folders.filter((path) => path !== undefined).map((path) => `${resolve(path)}/`)
  const host = hostname()
  const isTelling = host.length >= MIN_HOST_NAME_LENGTH && !ours.includes(host)
  return isTelling ? [...names, host] : names
}

/** Names of folders or machines inside one artefact, one line each. What is packed has to be unpacked before. */
export function findLeaks(name: string, bytes: Buffer, ours: string = ''): string[] {
  const text = bytes.toString('latin1')
  const matches = LEAK_PATTERNS.map((pattern) => pattern.exec(text)?.[0])
  const leaks = [...matches, ...machineNames(ours).filter((word) => text.includes(word))]
  return leaks
    .filter((leak) => leak !== undefined)
    .map((leak) => `${name} contains "${leak}", a name of the machine that built it`)
}
