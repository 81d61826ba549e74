/**
 * `npm run bench [name] [arguments]`: runs one benchmark, or all of them one after the other, each in a process of its own. A benchmark is a
 * file of this folder that prints one JSON line per figure; those pass through. `npm run bench -- --list` names them.
 */
import { spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'

/** Files here that are no benchmarks. */
const HELPERS = ['run', 'support']

const names = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.slice(0, -'.ts'.length))
  .filter((name) => !HELPERS.includes(name))
  .sort()

function run(name: string, args: readonly string[]): Promise<number> {
  const file = join(import.meta.dirname, `${name}.ts`)
  const child = spawn(process.execPath, [file, ...args], {
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  return new Promise((resolve) => child.once('exit', (code) => resolve(code ?? 1)))
}

const [name, ...args] = process.argv.slice(2)
if (name === '--list') {
  for (const each of names) console.log(each)
} else if (name !== undefined && !names.includes(name)) {
  console.error(`no benchmark ${name}; there are ${names.join(', ')}`)
  process.exitCode = 2
} else {
  for (const each of name === undefined ? names : [name]) {
    const code = await run(each, args)
    if (code === 0) continue
    console.error(`benchmark ${each} ended with code ${code}`)
    process.exitCode = 1
  }
}
