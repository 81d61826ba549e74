/** Programs of this machine that builds need. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { createInterface } from 'node:readline'

export interface RunOptions {
  readonly cwd: string
  /** @default this process's */
  readonly env?: NodeJS.ProcessEnv
  /** Called with each line of its standard error. @default nothing sees it */
  readonly onLine?: ((line: string) => void) | undefined
  /** Ends it. @default nothing does */
  readonly signal?: AbortSignal | undefined
}

/** How a program ended: its exit code, none when it could not be started or was ended, and the lines of its standard output. */
export interface Ran {
  readonly code: number | undefined
  readonly lines: readonly string[]
}

/** Runs one to its end. */
export async function runProgram(
  path: string,
  args: readonly string[],
  { cwd, env = process.env, onLine, signal }: RunOptions,
): Promise<Ran> {
  const child = spawn(path, args, {
    ...{ cwd, env, stdio: ['ignore', 'pipe', 'pipe'] },
    ...(signal === undefined ? {} : { signal }),
  })
  const lines: string[] = []
  const { stdout, stderr } = child
  if (stdout === null || stderr === null) return { code: undefined, lines }
  createInterface({ input: stdout }).on('line', (line) => lines.push(line))
  createInterface({ input: stderr }).on('line', (line) => onLine?.(line))
  const code = await new Promise<number | undefined>((resolve) => {
    child.once('error', () => resolve(undefined))
    child.once('close', (status) => resolve(status ?? undefined))
  })
  return { code, lines }
}

/** Where PATH has a program, the first that counts first. */
export function findPrograms(name: string): readonly string[] {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '')
  return folders.map((folder) => join(folder, name)).filter((path) => existsSync(path))
}
