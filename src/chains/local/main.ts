#!/usr/bin/env node
/**
 * The local service as a process: `node src/chains/local/main.ts --port 0 [--host 127.0.0.1] [--file members.log]`. Prints one JSON line
 * `{"url": "..."}` when it answers, and ends on SIGTERM or SIGINT, or with the
 * program that started it over a channel.
 */
import { parseArgs } from 'node:util'
import { toMerogateError } from '../../node/errors.ts'
import { startLocalChain } from './server.ts'

/** Port when none is given. */
const DEFAULT_PORT = '2540'

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: DEFAULT_PORT },
      host: { type: 'string' },
      file: { type: 'string' },
    },
  })
  const chain = await startLocalChain({
    port: Number(values.port),
    host: values.host,
    file: values.file,
  })
  process.stdout.write(`${JSON.stringify({ url: chain.url })}\n`)
  const stop = (): void => {
    void chain.stop().then(() => process.exit(0))
  }
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
  process.once('disconnect', stop) // started by another program, and that one is gone
}

try {
  await main()
} catch (error) {
  const { code, message } = toMerogateError(error)
  process.stderr.write(`${JSON.stringify({ code, message })}\n`)
  process.exitCode = 1
}
