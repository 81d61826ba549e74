/** A node as a child process of this program, for `merogate dev`. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { cliError } from './errors.ts'

/** How long a node may take until it can be used, and until it has ended, ms. */
const START_TIMEOUT_MS = 30_000
/** How long a node may take until it has ended, ms. */
const STOP_TIMEOUT_MS = 15_000

/** This program's main file, as TypeScript in a checkout and as JavaScript in the package. */
const MAIN = join(
  import.meta.dirname,
  `main${import.meta.filename.endsWith('.ts') ? '.ts' : '.js'}`,
)

/** What `node run` prints when it is ready. */
export interface Ready {
  readonly api: string
  readonly peerId: string
  readonly addresses: readonly string[]
}

export interface NodeProcess {
  readonly name: string
  readonly pid: number
  readonly ready: Ready
  /** Resolves with the exit code when the process has ended, for whatever reason. */
  readonly ended: Promise<number>
  /** Asks it to end, and makes it when it does not. */
  stop(): Promise<void>
  /** Ends it at once, as a crash would. Resolves when it is gone. */
  kill(): Promise<void>
  /** Halts it where it is, or lets it go on. */
  halt(isHalted: boolean): void
  /** Says something to it, where its main file listens. */
  send(message: Readonly<Record<string, unknown>>): void
}

export interface NodeProcessOptions {
  readonly name: string
  readonly home: string
  readonly serverPort: number
  /** Settings as KEY=VALUE. */
  readonly settings: readonly string[]
  /** Variables beside this process's own: what its settings name, such as a key. @default none */
  readonly env?: Readonly<Record<string, string>>
  /** Called with each line of its log. @default nothing sees it */
  readonly onLog?: (line: string) => void
  /** A main file that takes the same arguments. @default this program's */
  readonly main?: string
}

/** Starts a node and waits until it is ready. @throws CLI_NODE_FAILED with the last words of the process */
export async function startNodeProcess(options: NodeProcessOptions): Promise<NodeProcess> {
  const { name, home, serverPort, settings, env, onLog, main = MAIN } = options
  const child = spawn(
    process.execPath,
    [
      main,
      ...['--home', home, '--node', name, '--output-format', 'json'],
      ...['node', 'run', '--create', '--server-port', String(serverPort), '--set', ...settings],
    ],
    // a process group of its own: Ctrl-C reaches us, and we end the nodes in order; the channel tells them when we are gone
    {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      detached: true,
      env: { ...process.env, ...env },
    },
  )
  const { stdout, stderr } = child
  if (stdout === null || stderr === null) {
    throw cliError('CLI_NODE_FAILED', `node ${name} did not start`, { node: name })
  }
  let lastWords = ''
  stderr.setEncoding('utf8')
  stderr.on('data', (text: string) => {
    lastWords = (lastWords + text).slice(-2000)
  })
  if (onLog !== undefined) createInterface({ input: stderr }).on('line', onLog)
  const ended = new Promise<number>((resolve) => {
    child.once('exit', (code) => resolve(code ?? 1))
    child.once('error', () => resolve(1))
  })
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS)
    await ended
    clearTimeout(timer)
  }
  const ready = await new Promise<Ready | undefined>((resolve) => {
    const timer = setTimeout(() => resolve(undefined), START_TIMEOUT_MS)
    const finish = (value: Ready | undefined): void => {
      clearTimeout(timer)
      resolve(value)
    }
    createInterface({ input: stdout }).on('line', (line) => {
      const event = JSON.parse(line) as Ready & { event?: string } // our own program wrote it
      if (event.event === 'ready') finish(event)
    })
    void ended.then(() => finish(undefined))
  })
  if (ready === undefined) {
    await stop()
    const message = `node ${name} did not start: ${lastWords.trim()}`
    throw cliError('CLI_NODE_FAILED', message, { node: name })
  }
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL')
    await ended
  }
  return {
    name,
    pid: child.pid ?? 0,
    ready,
    ended,
    stop,
    kill,
    halt: (isHalted) => void child.kill(isHalted ? 'SIGSTOP' : 'SIGCONT'),
    send: (message) => void child.send(message),
  }
}
