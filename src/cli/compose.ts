/** Puts a node together from its configuration: logger, metrics, anchors, node, server. The one place that knows all of them. */
import { pino } from 'pino'
import type { Config } from './config/schema.ts'
import type { Node, NodeInit } from '../node/interface.ts'
import { systemClock, systemRandom } from '../node/primitives/clock.ts'
import type { Logger } from '../node/primitives/logger.ts'
import { httpServer, promMetrics } from '../server/index.ts'
import type { PromMetrics, Server } from '../server/index.ts'
import { openSignIn, originsOf, tlsOf } from './auth.ts'
import { toolsOf } from './chains/chains.ts'
import { openRelayer } from './relayer.ts'

/** Fields that never reach the log, wherever they stand in the first two levels. */
const SECRET_FIELDS = [
  'secret',
  'secretKey',
  'privateKey',
  'keypair',
  'token',
  'password',
  'authorization',
]

/** A node with everything around it. */
export interface Composed {
  readonly node: Node
  readonly server: Server
  readonly logger: Logger
  /** The node first, then the server. When the server cannot, the node is stopped again. */
  start(): Promise<void>
  /** The server first, so that what is under way is answered, then the node. Safe to repeat. */
  stop(): Promise<void>
}

export interface ComposeOptions {
  /** Builds the node. @default createNode of src/node */
  readonly createNode?: (init: NodeInit) => Promise<Node>
  /** @default JSON lines on stderr at the configured level */
  readonly logger?: Logger
}

/** A logger that writes JSON lines to stderr, so that stdout stays for results. */
export function stderrLogger(level: string): Logger {
  const paths = SECRET_FIELDS.flatMap((name) => [name, `*.${name}`])
  return pino({ level, redact: { paths, censor: '[hidden]' } }, pino.destination({ dest: 2 }))
}

/** Builds all parts; nothing runs yet. @throws CLI_ANCHOR_UNKNOWN (input), and what createNode(), openRelayer() and openSignIn() throw */
export async function compose(config: Config, options: ComposeOptions = {}): Promise<Composed> {
  const logger = options.logger ?? stderrLogger(config.log.level)
  const createNode = options.createNode ?? (await import('../node/index.ts')).createNode
  const metrics = promMetrics()
  const anchors = await Promise.all(
    Object.entries(config.anchor).map(async ([protocol, entry]) =>
      (await toolsOf(protocol)).openAnchor(entry),
    ),
  )
  const node = await createNode({
    home: config.home,
    anchors,
    network: {
      listen: config.swarm.listen,
      bootstrap: config.bootstrap.nodes,
      mdns: config.discovery.mdns,
      dht: config.discovery.dht,
    },
    dataFolder: config.datastore.path,
    blobFolder: config.blobstore.path,
    install: config.install,
    runtime: config.runtime,
    logger,
    metrics,
    clock: systemClock,
    random: systemRandom,
  })
  const { listen, admin, jsonrpc, websocket, connections } = config.server
  const services = {
    admin: admin.enabled,
    jsonrpc: jsonrpc.enabled,
    websocket: websocket.enabled,
  }
  const { signIn, relayer, tls } = await openBeside(config, { logger, metrics }).catch(
    async (error: unknown) => {
      await node.stop()
      throw error
    },
  )
  const server = httpServer({
    ...{ listen, services, tls, connections },
    allowedOrigins: config.server.allowedOrigins,
    publicOrigins: originsOf(config),
    trustedProxies: config.server.trustedProxies,
    mockTokens: config.auth.mockTokens,
  })({
    node,
    logger,
    metrics,
    relayer: relayer?.relayer,
    auth: signIn?.auth,
    wallets: signIn?.wallets,
    clock: systemClock,
    random: systemRandom,
  })
  return {
    node,
    server,
    logger,
    async start() {
      await node.start()
      try {
        await server.start()
        const ports = server.addresses().map(({ port }) => port)
        signIn?.auth.reachedAt(originsOf(config, ports))
        await signIn?.start()
      } catch (error) {
        await server.stop()
        await signIn?.stop()
        await relayer?.stop()
        await node.stop()
        throw error
      }
    },
    async stop() {
      await server.stop()
      await signIn?.stop()
      await relayer?.stop()
      await node.stop()
    },
  }
}

/** What stands beside the node, all of it or nothing. */
async function openBeside(config: Config, components: { logger: Logger; metrics: PromMetrics }) {
  const tls = await tlsOf(config)
  const relayer = await openRelayer(config, components)
  try {
    return { signIn: await openSignIn(config, components), relayer, tls }
  } catch (error) {
    await relayer?.stop()
    throw error
  }
}
