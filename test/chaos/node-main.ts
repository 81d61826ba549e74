/**
 * A node as `merogate node run` starts it, with the same arguments, and two things that only a test wants: its wall clock can be stepped over IPC, and its
 * connections to other nodes go by way of proxies. Everything else is the real thing.
 */
import { Socket } from 'node:net'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { runNode } from '../../src/cli/commands/node.ts'
import { output } from '../../src/cli/output.ts'
import { loadConfig } from '../support/config.ts'
import { createNode } from '../../src/node/index.ts'
import { type Clock, systemClock } from '../../src/node/primitives/clock.ts'
import { type NodeOrder, ROUTES_VARIABLE, type Routes } from './orders.ts'

/** The machine's clock, ahead or behind by what the driver says. */
function steppedClock(): Clock {
  let aheadMs = 0
  process.on('message', (order: NodeOrder) => {
    if (order.kind === 'clock') aheadMs = order.aheadMs
  })
  return {
    ...systemClock,
    nowMs: () => systemClock.nowMs() + aheadMs,
    nowNs: () => systemClock.nowNs() + BigInt(aheadMs) * 1_000_000n,
  }
}

/** From now on connections to these ports of this machine are made to others. */
function route(ports: Routes): void {
  const connect = Reflect.get(Socket.prototype, 'connect') as (...args: unknown[]) => Socket
  Socket.prototype.connect = function (this: Socket, ...args: unknown[]) {
    // Node's own functions pass [options, listener] as the first argument
    const [first] = args
    const options: unknown = Array.isArray(first) ? first[0] : first
    if (typeof options === 'object' && options !== null && 'port' in options) {
      const other = ports[Number(options.port)]
      if (other !== undefined) options.port = other
    }
    return connect.apply(this, args)
  }
}

route(JSON.parse(process.env[ROUTES_VARIABLE] ?? '{}') as Routes) // the driver's own
const clock = steppedClock()
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    create: { type: 'boolean' },
    home: { type: 'string', default: '' },
    node: { type: 'string', default: '' },
    'output-format': { type: 'string' },
    'server-port': { type: 'string', default: '0' },
    set: { type: 'string', default: '' },
  },
})
const assignments = [values.set, ...positionals.filter((one) => one.includes('='))]
const flags: Record<string, string> = {}
for (const one of assignments) {
  const at = one.indexOf('=')
  flags[one.slice(0, at)] = one.slice(at + 1)
}
const config = await loadConfig({
  home: join(values.home, values.node),
  env: {},
  flags: { ...flags, 'server.listen': [`/ip4/127.0.0.1/tcp/${values['server-port']}`] },
})
await runNode(config, output('json'), {
  createNode: (init) => createNode({ ...init, clock }),
})
