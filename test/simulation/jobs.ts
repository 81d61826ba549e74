/** Seeds run side by side, each job in a process of its own: time and chance of a process belong to one run at a time. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { SimulateOptions } from './options.ts'
import type { RunLine } from './report.ts'

/** Every job takes each n-th piece of so many seeds. */
const PIECE = 20

/** Calls with each run, in the order in which they end. */
export async function runJobs(
  { seeds, jobs, same }: SimulateOptions,
  onRun: (line: RunLine) => void,
): Promise<void> {
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < seeds.length) {
      const piece = seeds.slice(next, next + PIECE)
      next += PIECE
      await runPiece(['--seed', piece.join(), ...same], onRun)
    }
  }
  await Promise.all(Array.from({ length: jobs }, worker))
}

async function runPiece(args: readonly string[], onRun: (line: RunLine) => void): Promise<void> {
  const script = join(import.meta.dirname, 'main.ts')
  const child = spawn(process.execPath, [script, '--json', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith('{')) onRun(JSON.parse(line) as RunLine) // our own lines
  }
  const code = await ended
  // 1 says that runs failed, and they were told of
  if (code !== 0 && code !== 1) throw new TypeError(`expected a job to end by itself, got ${code}`)
}
