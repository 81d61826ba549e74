/** Compiles and runs the snippets of the documents with the package as a stranger has it. */
import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { startLocalChain } from '../../src/chains/local/index.ts'
import { findSnippets } from './snippets.ts'
import { compile, ROOT } from './stranger.ts'

const FOLDER = 'snippets'
/** Longest time of one, ms. */
const TIMEOUT_MS = 120_000

/** All of them together, and others. Types of the chains' own SDKs want those of pages. */
export function compileSnippets(folder: string, others: readonly string[]): void {
  mkdirSync(join(folder, FOLDER), { recursive: true })
  const files = findSnippets(ROOT).map(({ name, code }) => {
    const file = join(FOLDER, `${name}.mts`)
    writeFileSync(join(folder, file), code)
    return file
  })
  if (files.length === 0) throw new Error('expected snippets in the documents, found none')
  compile(folder, 'nodenext', ['es2024', 'dom', 'esnext.disposable'], [...others, ...files])
}

/** Those that stand by themselves, with what they ask of their folder: the example application, and a local chain where they expect one. */
export async function runSnippets(folder: string): Promise<void> {
  const cwd = join(folder, FOLDER)
  cpSync(join(ROOT, 'apps/kv-store-rs/dist/kv-store.mpk'), join(cwd, 'kv-store.mpk'))
  await using chain = await startLocalChain({ port: 0 })
  for (const { name, where, code } of findSnippets(ROOT).filter(({ isWhole }) => isWhole)) {
    // ports that are taken on this machine say nothing about the snippet
    const free = code
      .replace('http://127.0.0.1:2540', chain.url)
      .replace(/(home: '\.\/node',)/, "$1 network: { listen: ['/ip4/127.0.0.1/tcp/0'] },")
    const file = `${name}.run.mts`
    writeFileSync(join(cwd, file), free)
    try {
      await promisify(execFile)(process.execPath, [file], { cwd, timeout: TIMEOUT_MS })
    } catch (error) {
      throw new Error(`${where} does not run`, { cause: error })
    }
  }
}
