/** An honest pair with a context, each a process of its own, and what is measured of one of them while it is attacked. */
import { fork } from 'node:child_process'
import { join } from 'node:path'
import { type ClusterNode, startCluster, shareContext } from '../../scripts/support/cluster.ts'
import { generateSigningKey } from '../../src/node/crypto/sign.ts'
import { toHex } from '../../src/node/primitives/bytes.ts'
import { systemRandom } from '../../src/node/primitives/clock.ts'
import { idText } from '../../src/node/primitives/ids.ts'
import { merogateClient } from '../../src/client/index.ts'
import type { Answer, Order, Reached, Tally, Word } from './order.ts'
import type { Scenario } from './scenario.ts'

const ATTACKER = join(import.meta.dirname, 'run-attacker.ts')
/** Where attackers come from where a machine has many addresses of its own: another network than that of honest nodes, and of each other. */
let networks = 0
const nextAddress = (): string =>
  process.platform === 'linux' ? `127.66.${networks++ % 256}.1` : ''
/** Between two calls of the bystander, ms. */
const CALL_EVERY_MS = 50
/** A call that is not answered by then counts as having taken that long, ms. */
export const CALL_PATIENCE_MS = 10_000
/** How long the attacker may take to make ready, ms. */
const READY_MS = 120_000

/** What a client of each standing may do. */
const PERMISSIONS: Readonly<Record<string, readonly string[]>> = {
  client: ['context', 'application:list', 'blob'],
  application: ['admin'],
}

export interface Pair {
  /** It asks for tokens, and its client has one. */
  readonly victim: ClusterNode
  readonly partner: ClusterNode
  readonly contextId: string
  /** The bystander's, at the victim. */
  readonly token: string
}

/** Latencies of calls, and what the process held meanwhile. */
export interface Measured {
  readonly calls: number
  readonly failed: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
  /** Smallest of what was held in this time: what garbage collection leaves. MiB. */
  readonly heldMib: number
  /** Of a core that the victim used, its guests' threads too: what the attack cost, however busy the machine is. */
  readonly cores: number
}

/** Somebody who calls the victim on schedule, whether or not the last answer has come, and writes where the attacker is a member. */
export class Bystander {
  readonly #pair: Pair
  #count = 0

  constructor(pair: Pair) {
    this.#pair = pair
  }

  /** Calls for so long; or until the signal fires. */
  async measure(ms: number): Promise<Measured> {
    const latencies: number[] = []
    const held: number[] = []
    let failed = 0
    const usedBefore = await this.#seconds()
    const running: Promise<void>[] = []
    const start = performance.now()
    for (let turn = 0; turn * CALL_EVERY_MS < ms; turn++) {
      const dueAt = start + turn * CALL_EVERY_MS
      const waitMs = dueAt - performance.now()
      if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs))
      running.push(
        this.#call()
          .catch(() => void failed++)
          .then(() => void latencies.push(Math.min(performance.now() - dueAt, CALL_PATIENCE_MS))),
      )
      if (turn % 10 === 0) running.push(this.#held().then((mib) => void held.push(mib)))
    }
    await Promise.all(running)
    const cores = ((await this.#seconds()) - usedBefore) / ((performance.now() - start) / 1000)
    latencies.sort((a, b) => a - b)
    const at = (share: number): number =>
      latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? NaN
    return {
      calls: latencies.length,
      failed,
      p50Ms: at(0.5),
      p99Ms: at(0.99),
      maxMs: at(1),
      heldMib: Math.min(...held),
      cores,
    }
  }

  async #call(): Promise<void> {
    const { victim, contextId } = this.#pair
    const key = `k${this.#count++ % 100}`
    await Promise.race([
      victim.client.rpc.execute({ contextId, method: 'set', args: { key, value: key } }),
      new Promise((_, reject) => setTimeout(() => reject(new Error('late')), CALL_PATIENCE_MS)),
    ])
  }

  /** Memory that the victim's process uses for what it knows, MiB. */
  async #held(): Promise<number> {
    const names = ['nodejs_heap_size_used_bytes', 'nodejs_external_memory_bytes']
    const sum = await this.#metrics(names)
    return sum === undefined ? Infinity : sum / (1 << 20)
  }

  /** Time that the victim's process has used, seconds of one core. */
  async #seconds(): Promise<number> {
    return (await this.#metrics(['process_cpu_seconds_total'])) ?? NaN
  }

  /** The sum of some metrics of the victim; undefined when it does not answer. */
  async #metrics(names: readonly string[]): Promise<number | undefined> {
    try {
      const { victim, token } = this.#pair
      const answer = await fetch(`${victim.process.ready.api}/metrics`, {
        headers: { authorization: `Bearer ${token}` },
        signal: AbortSignal.timeout(CALL_PATIENCE_MS),
      })
      const text = await answer.text()
      const of = (name: string): number =>
        Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1] ?? NaN)
      return names.map(of).reduce((a, b) => a + b, 0)
    } catch {
      return undefined
    }
  }
}

/** Two honest nodes, each a process of its own, on which one attack after the other can be tried: each in a context of its own. */
export interface Stage extends AsyncDisposable {
  newPair(): Promise<Pair>
  /** Starts another node. */
  another(): Promise<ClusterNode>
}

export async function openStage(): Promise<Stage> {
  const cluster = await startCluster()
  const settings = ['auth.enabled=true', 'auth.mock_tokens=true']
  const [open, partner] = await Promise.all([cluster.node('a', { settings }), cluster.node('b')])
  const url = open.process.ready.api
  const token = await tokenAt(url, ['admin'])
  const victim = { ...open, client: merogateClient({ url, token }) }
  let others = 0
  return {
    async newPair() {
      const { contextId } = await shareContext([victim, partner])
      return { victim, partner, contextId, token }
    },
    another: () => cluster.node(`newcomer ${++others}`),
    [Symbol.asyncDispose]: () => cluster.stop(),
  }
}

/** A token of a key of its own. */
async function tokenAt(url: string, permissions: readonly string[]): Promise<string> {
  const answer = await fetch(`${url}/auth/mock-token`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ client_name: `somebody ${++tokens}`, permissions }),
  })
  const body = (await answer.json()) as { data: { access_token: string } } // as docs/auth.md has it
  return body.data.access_token
}
let tokens = 0

/** The attacker's process, let in as far as its scenario says. */
export class Attacker {
  readonly #child: ReturnType<typeof fork>
  readonly #answers: Answer[] = []
  #wake: () => void = () => {}
  #isGone = false

  private constructor(order: Order) {
    this.#child = fork(ATTACKER, [JSON.stringify(order)], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    this.#child.on('message', (answer: Answer) => {
      this.#answers.push(answer)
      this.#wake()
    })
    this.#child.once('exit', () => {
      this.#isGone = true
      this.#wake()
    })
  }

  /** Resolves when it is ready to begin. */
  static async start(
    scenario: Scenario,
    { victim, partner, contextId }: Pair,
    attackMs: number,
  ): Promise<Attacker> {
    const seed = systemRandom.bytes(32)
    const { standing } = scenario
    if (standing === 'reader' || standing === 'writer') {
      const invitee = idText(generateSigningKey(seed).publicKey)
      await victim.client.admin.invite({ contextId, invitee, role: standing })
    }
    const { groupId, applicationId, membersRevision } = await victim.client.admin.context(contextId)
    const permissions = PERMISSIONS[standing]
    const api = victim.process.ready.api
    const attacker = new Attacker({
      api,
      token: permissions === undefined ? '' : await tokenAt(api, permissions),
      scenario: scenario.name,
      attackMs,
      seed: toHex(seed),
      from: nextAddress(),
      standing,
      context: contextId,
      group: groupId,
      application: applicationId,
      membersRevision,
      victim: reached(victim),
      partner: reached(partner),
    })
    await attacker.#hear('ready', READY_MS)
    return attacker
  }

  begin(): void {
    this.#say({ say: 'begin' })
  }

  /** Ends the attack. */
  async end(): Promise<Tally> {
    this.#say({ say: 'end' })
    const answer = await this.#hear('done', 10_000).catch(() => undefined)
    this.#child.kill('SIGKILL')
    return answer?.say === 'done' ? answer.tally : {}
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }

  #say(word: Word): void {
    if (!this.#isGone) this.#child.send(word)
  }

  async #hear(say: Answer['say'], ms: number): Promise<Answer> {
    const late = Promise.withResolvers<never>()
    late.promise.catch(() => {}) // it may come when nobody waits any more
    const timer = setTimeout(() => late.reject(new Error(`the attacker is not ${say}`)), ms)
    try {
      for (;;) {
        const answer = this.#answers.find((one) => one.say === say)
        if (answer !== undefined) return answer
        if (this.#isGone) throw new Error(`the attacker ended before it was ${say}`)
        await Promise.race([new Promise<void>((resolve) => (this.#wake = resolve)), late.promise])
      }
    } finally {
      clearTimeout(timer)
    }
  }
}

function reached({ process: { ready } }: ClusterNode): Reached {
  return { peer: ready.peerId, addresses: ready.addresses }
}
