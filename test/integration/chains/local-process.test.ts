import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect } from 'chai'
import { localAnchor } from '../../../src/chains/local/anchor.ts'
import type { Anchor } from '../../../src/node/anchor/anchor.ts'
import { systemClock, systemRandom } from '../../../src/node/primitives/clock.ts'
import { silentLogger } from '../../../src/node/primitives/logger.ts'
import {
  codeOf,
  contextOf,
  creation,
  keysOf,
  memberKeys,
  ownGroup,
  person,
} from '../../compliance/anchor-support.ts'

const MAIN = join(import.meta.dirname, '../../../src/chains/local/main.ts')
const [a, b] = [person('A'), person('B')]
const context = contextOf(a)
const group = ownGroup(context)
const addB = { kind: 'addMembers', ids: [b.publicKey], role: 'writer' } as const

describe('local chain as a process', () => {
  const processes: ChildProcess[] = []
  const anchors: Anchor[] = []
  let folder: string

  const run = async (...args: string[]): Promise<{ url: string; process: ChildProcess }> => {
    const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
    processes.push(child)
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string] // readline's event
    const { url } = JSON.parse(line) as { url: string } // compared by use
    return { url, process: child }
  }
  const end = async (child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> => {
    const ended = once(child, 'exit')
    child.kill(signal)
    await ended
    return child.exitCode
  }
  const connect = async (url: string): Promise<Anchor> => {
    const components = { clock: systemClock, random: systemRandom, logger: silentLogger }
    const anchor = localAnchor({ url })(components)
    anchors.push(anchor)
    await anchor.start()
    return anchor
  }

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'local-chain-'))
  })

  afterEach(async () => {
    for (const anchor of anchors.splice(0)) await anchor.stop()
    for (const child of processes.splice(0)) {
      if (child.exitCode === null && child.signalCode === null) await end(child, 'SIGKILL')
    }
    rmSync(folder, { recursive: true })
  })

  it('survives a kill: nodes watch on, nothing accepted is lost', async () => {
    const file = join(folder, 'members.log')
    const first = await run('--port', '0', '--file', file)
    const anchor = await connect(first.url)
    await anchor.submit(context, creation(), a)
    await end(first.process, 'SIGKILL')
    expect(await codeOf(anchor.readContext(context))).to.equal('ANCHOR_UNREACHABLE')

    const watcher = await connect(first.url) // began while nobody answered
    const heard = new Promise<void>((resolve) => {
      watcher.watch(() => resolve())
    })
    const stillHeard = new Promise<Uint8Array>((resolve) => {
      anchor.watch(({ subject }) => resolve(subject))
    })
    await run('--port', new URL(first.url).port, '--file', file)
    await anchor.submit(group, addB, a)
    await heard
    expect(new Uint8Array(await stillHeard)).to.deep.equal(new Uint8Array(group))
    expect(await memberKeys(anchor, group)).to.deep.equal(keysOf(a, b))
  })

  it('ends by itself on SIGTERM, also with a watcher connected', async () => {
    const { url, process: child } = await run('--port', '0')
    await connect(url)
    expect(await end(child, 'SIGTERM')).to.equal(0)
  })
})
