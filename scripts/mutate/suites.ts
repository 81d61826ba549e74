/** Suites of tests that run in a tree, one after the other until one fails. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { createInterface } from 'node:readline'
import type { Killer } from './killers.ts'
import { literal, type Mutation } from './mutation.ts'

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
  /** Where the test is; undefined when no single one is to blame. */
  readonly killer: Killer | undefined
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

/** The part of mocha's `json-stream` that is used here. */
type FailLine = readonly [
  'fail',
  { readonly fullTitle: string; readonly file?: string; readonly err: string },
]

/** What mocha calls a hook that failed before or after a test, with the test's title last. */
const HOOK = /"(?:before|after) (?:each|all)" hook(?:: [^"]*)? (?:for|in) "(.*)"$/

/** A test that failed, as mocha tells it. */
function failureIn(root: string, line: string): Failure | undefined {
  if (!line.startsWith('["fail"')) return undefined
  const [, { fullTitle, file, err }] = JSON.parse(line) as FailLine // mocha's format
  const test = fullTitle.replace(HOOK, '$1')
  const killer = file === undefined ? undefined : { file: relative(root, file), test }
  return { test: fullTitle, message: err.split('\n')[0] ?? '', killer }
}

function filesOf(root: string, { files, except }: Suite): readonly string[] {
  const found = files.flatMap((pattern) => globSync(pattern, { cwd: root }).sort())
  return found.filter((file) => except?.includes(file) !== true)
}

async function runSuite(root: string, suite: Suite): Promise<Failure | undefined> {
  const chosen = filesOf(root, suite)
  const grep = suite.grep === undefined ? [] : ['--grep', suite.grep]
  const options = ['--bail', '--exit', '--timeout', `${TEST_MS}`, '--reporter', 'json-stream']
  const args = [mochaProgram(), ...options, ...grep, ...chosen]
  const { code, lines, isLate } = await runProgram(root, args)
  const failure = lines.map((line) => failureIn(root, line)).find((found) => found !== undefined)
  if (failure !== undefined) return failure
  if (isLate) {
    return { test: chosen.join(' '), message: `no end within ${END_MS} ms`, killer: undefined }
  }
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

/** Whether one of the suites has the test: what is in none of them was not run on the unchanged sources. */
function isIn(root: string, { file, test }: Killer, suites: readonly Suite[]): boolean {
  return suites.some(
    (suite) =>
      (suite.grep === undefined || new RegExp(suite.grep).test(test)) &&
      filesOf(root, suite).includes(file),
  )
}

/** Whether one test of the suites fails, by itself; undefined also when there is no such test. */
export async function failureOf(
  root: string,
  killer: Killer,
  suites: readonly Suite[],
): Promise<Failure | undefined> {
  if (!isIn(root, killer, suites)) return undefined
  const grep = `^${literal(killer.test)}$`
  try {
    return await firstFailure(root, [{ files: [killer.file], grep }])
  } catch (error) {
    if (!(error instanceof BrokenSuite)) throw error
    return undefined
  }
}
