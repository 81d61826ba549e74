/** Runs the simulator in a process of its own, since it takes time and chance away from all code around it. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'

export interface Simulated {
  readonly code: number | null
  /** The lines it printed. */
  readonly lines: readonly string[]
}

/** `npm run simulate -- <args>`, without npm. */
export function simulate(...args: readonly string[]): Promise<Simulated> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts'), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, lines: text.trimEnd().split('\n') }))
  })
}
