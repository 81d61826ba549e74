/** A program that runs `merogate node run` around a stub node: what surrounds the node is real. Argument: the node's folder. */
import { loadConfig } from './config.ts'
import { runNode } from '../../src/cli/commands/node.ts'
import { toMerogateError } from '../../src/node/errors.ts'
import { exitCodeOf } from '../../src/cli/errors.ts'
import { output } from '../../src/cli/output.ts'
import { stubNode } from './stub-node.ts'

const out = output('json')
try {
  const config = await loadConfig({ home: process.argv[2] ?? '.', env: process.env })
  await runNode(config, out, {
    createNode: async () => {
      const node = stubNode()
      if (process.env['STUB_HANGS'] !== undefined) {
        node.stop = () => {
          process.stdout.write('{"event":"stopping"}\n')
          // keeps the process alive as an open database would
          return new Promise(() => setInterval(() => {}, 1000))
        }
      }
      return node
    },
  })
} catch (error) {
  out.failure(error)
  process.exitCode = exitCodeOf(toMerogateError(error))
}
