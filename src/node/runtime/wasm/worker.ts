/**
 * Entry of a worker thread: runs guests one call after the other. It holds no state that cannot be read again, so it may be terminated at
 * any moment.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { COLUMN, rowKey } from '../../store/keys.ts'
import { monotonicNs, systemClock, systemRandom } from '../../primitives/clock.ts'
import { logsOf } from '../errors.ts'
import { fileGuestBlobs } from './guest-blobs.ts'
import { GuestHost } from './guest-host.ts'
import { openLevelReader } from './level-reader.ts'
import {
  packError,
  packOutcome,
  type PackedJob,
  type Reply,
  type Request,
  unpackJob,
  type WorkerStart,
} from './messages.ts'

const start = workerData as WorkerStart // set by the pool

const reader = await openLevelReader(start.location)
let offsetNs = 0n
const host = new GuestHost(
  { fuel: start.fuel },
  {
    reader,
    // the machine's wall clock may be set while a call runs
    wallNs: () => monotonicNs(systemClock) + offsetNs,
    random: (length) => systemRandom.bytes(length),
    blobs:
      start.blobs === undefined
        ? undefined
        : fileGuestBlobs(start.blobs, (blob) => reader.row(rowKey(COLUMN.blob, blob))),
  },
)
for (const module of start.modules) host.load(module)

function reply(message: Reply, transfer: readonly ArrayBuffer[] = []): void {
  parentPort?.postMessage(message, transfer)
}

/** Runs a call. Async only when rows must be loaded first: the next message must not overtake it. */
function run(message: PackedJob): Promise<void> | undefined {
  const job = unpackJob(message)
  const { id } = message
  const call = (): void => {
    offsetNs = job.offsetNs
    const outcome = job.kind === 'execute' ? host.execute(job.call) : host.apply(job.call)
    const packed = packOutcome(outcome)
    // packOutcome() allocates the buffer, so it is a plain ArrayBuffer
    reply({ kind: 'done', id, outcome: packed }, [packed.bytes.buffer as ArrayBuffer])
  }
  const fail = (error: unknown): void =>
    reply({ kind: 'failed', id, error: packError(error), logs: logsOf(error) })
  try {
    const prepared = host.prepare(job.call)
    if (prepared !== undefined) return prepared.then(call).catch(fail)
    call()
  } catch (error) {
    fail(error)
  }
  return undefined
}

function handle(request: Request): Promise<void> | undefined {
  switch (request.kind) {
    case 'load':
      host.load(request.module)
      return undefined
    case 'forget':
      host.forget(request.context)
      reply({ kind: 'forgotten', id: request.id })
      return undefined
    default:
      return run(request)
  }
}

let busy: Promise<void> | undefined
parentPort?.on('message', (request: Request) => {
  if (busy !== undefined) {
    busy = busy.then(() => handle(request))
    return
  }
  const pending = handle(request)
  if (pending === undefined) return
  const mine: Promise<void> = pending.then(() => {
    if (busy === mine) busy = undefined
  })
  busy = mine
})
reply({ kind: 'ready' })
