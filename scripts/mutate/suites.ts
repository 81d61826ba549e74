/** Suites of tests that run in a tree, one after the other until one fails. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Mutation } from './mutation.ts'

/** Some tests. */
export interface Suite {
  /** Files by glob, below the tree. */
  readonly files: readonly string[]
  readonly except?: readonly string[]
  /** Only tests whose titles match. */
  readonly grep?: string
}

/** What can be broken, and what must notice. */
export interface Target {
  readonly mutations: readonly Mutation[]
  /** Suites in the order in which they are likely to notice a mutation of a file. */
  suitesFor(file: string): readonly Suite[]
}

/** Why a tree is not as it should be: a test, and what it said. */
export interface Failure {
  readonly test: string
  readonly message: string
}

/** A suite that came to no result: its tests cannot be loaded. */
export class BrokenSuite extends Error {}

/** A suite that runs for longer has come into an endless loop, ms. */
const END_MS = 15 * 60_000
/** Of one test, ms: a busy machine is no test that fails. */
const TEST_MS = 60_000

interface Ended {
  readonly code: number | null
  readonly lines: readonly string[]
  readonly isLate: boolean
}

async function runProgram(root: string, args: readonly string[]): Promise<Ended> {
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
  const lines: string[] = []
  for (const stream of [child.stdout, child.stderr]) {
    createInterface(stream).on('line', (line) => lines.push(line))
  }
  let isLate = false
  const timer = setTimeout(() => {
    isLate = true
    child.kill('SIGKILL')
  }, END_MS)
  const [code] = (await once(child, 'close')) as [number | null] // Node's own event
  clearTimeout(timer)
  return { code, lines, isLate }
}

/** Path of mocha's program. */
function mochaProgram(): string {
  const path = createRequire(import.meta.url).resolve('mocha/package.json')
  return join(dirname(path), 'bin/mocha.js')
}

/** A test that failed, as mocha's `json-stream` tells it. */
function failureIn(line: string): Failure | undefined {
  if (!line.startsWith('["fail"')) return undefined
  const [, { fullTitle, err }] = JSON.parse(line) as [string, { fullTitle: string; err: string }] // mocha's format
  return { test: fullTitle, message: err.split('\n')[0] ?? '' }
}

async function runSuite(root: string, suite: Suite): Promise<Failure | undefined> {
  const files = suite.files.flatMap((pattern) => globSync(pattern, { cwd: root }).sort())
  const chosen = files.filter((file) => suite.except?.includes(file) !== true)
  const grep = suite.grep === undefined ? [] : ['--grep', suite.grep]
  const options = ['--bail', '--exit', '--timeout', `${TEST_MS}`, '--reporter', 'json-stream']
  const args = [mochaProgram(), ...options, ...grep, ...chosen]
  const { code, lines, isLate } = await runProgram(root, args)
  const failure = lines.map(failureIn).find((found) => found !== undefined)
  if (failure !== undefined) return failure
  if (isLate) return { test: chosen.join(' '), message: `no end within ${END_MS} ms` }
  const passed = lines.filter((line) => line.startsWith('["pass"')).length
  if (code !== 0 || passed === 0) throw new BrokenSuite(lines.slice(-30).join('\n'))
  return undefined
}

/** The first failure; undefined when everything passes. A test that was only slow is run once more: the machine may be. */
export async function firstFailure(
  root: string,
  suites: readonly Suite[],
): Promise<Failure | undefined> {
  for (const suite of suites) {
    let failure = await runSuite(root, suite)
    if (failure?.message.includes('Timeout of') === true) failure = await runSuite(root, suite)
    if (failure !== undefined) return failure
  }
  return undefined
}
