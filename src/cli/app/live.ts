/** An application under development: built, given to running contexts, and built again when its sources change. */
import type { Admin } from '../../client/index.ts'
import { isMerogateError } from '../../node/errors.ts'
import { systemClock } from '../../node/primitives/clock.ts'
import { cliError } from '../errors.ts'
import type { Output } from '../output.ts'
import { buildApplication, type Built } from './build.ts'
import { changesOf, changesText } from './changes.ts'
import { SourceWatch } from './watch.ts'

/** How long the other nodes may take until they run a new version, ms, and how often they are asked. */
const UPDATE_WAIT_MS = 60_000
/** Between two looks whether an update has arrived, ms. */
const UPDATE_POLL_MS = 100

export interface Source {
  /** Folder of its Cargo.toml. */
  readonly folder: string
  /** Where bundles go. */
  readonly out: string
  readonly output: Output
}

/** What runs it. */
export interface Running {
  /** One for each node; the first is whose member changes what a context runs. */
  readonly nodes: readonly Admin[]
  readonly contextIds: readonly string[]
}

/** Builds it under a version of its own. @throws CLI_BUILD, CLI_FILE */
export function buildLive({ folder, out, output }: Source, signal?: AbortSignal): Promise<Built> {
  return buildApplication({
    ...{ folder, out, isForDevelopment: true, signal },
    onLine: (line) => output.log({ event: 'building', line }, line),
  })
}

/** Builds again at every change and updates what runs, until the signal. A build that fails changes nothing. */
export async function follow(
  source: Source,
  running: Running,
  first: Built,
  signal: AbortSignal,
): Promise<void> {
  const { output, folder } = source
  using changes = new SourceWatch(folder)
  const ended = new Promise<void>((resolve) =>
    signal.addEventListener('abort', () => resolve(), { once: true }),
  )
  output.event({ event: 'watching', folder }, `watching ${folder}`)
  let current = first
  for (;;) {
    await Promise.race([changes.next(), ended])
    if (signal.aborted) return
    try {
      const built = await buildLive(source, signal)
      if (built.version !== current.version) await update(output, running, current, built)
      else output.event({ event: 'unchanged' }, 'built: nothing changed in the module')
      current = built
    } catch (error) {
      if (signal.aborted) return
      if (!isMerogateError(error)) throw error
      output.failure(error)
      const { code, message } = error
      const words = `not updated: ${current.package} ${current.version} goes on`
      output.event({ event: 'not-updated', version: current.version, code, message }, words)
    }
  }
}

/** Makes all contexts run another build, and waits until all nodes do. */
async function update(
  output: Output,
  { nodes, contextIds }: Running,
  before: Built,
  built: Built,
): Promise<void> {
  const [first, ...others] = nodes
  if (first === undefined) return
  const { applicationId } = await first.installFile(built.file)
  for (const contextId of contextIds) {
    await first.updateApplication(contextId, applicationId)
    for (const other of others) await untilRuns(other, contextId, applicationId)
  }
  const changes = changesOf(before, built)
  const { version, package: name } = built
  output.event(
    { event: 'updated', applicationId, version, changes },
    [`updated to ${name} ${version}`, ...changesText(changes, built.abi.methods)].join('\n'),
  )
}

async function untilRuns(node: Admin, contextId: string, applicationId: string): Promise<void> {
  const endMs = systemClock.monotonicMs() + UPDATE_WAIT_MS
  for (;;) {
    const context = await node.refresh(contextId)
    if (context.applicationId === applicationId) return
    if (systemClock.monotonicMs() > endMs) {
      const message = `a node does not run the new version of context ${contextId} after ${UPDATE_WAIT_MS / 1000} s`
      throw cliError('CLI_NODE_FAILED', message)
    }
    await new Promise<void>((resolve) => void systemClock.after(UPDATE_POLL_MS, resolve))
  }
}
