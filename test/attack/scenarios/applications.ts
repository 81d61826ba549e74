/** Applications that somebody was allowed to install, and that mean no good. */
import { writeFileSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemRandom } from '../../../src/node/primitives/clock.ts'
import { toBase58 } from '../../../src/node/primitives/bytes.ts'
import { manyFunctions, WatData, watModule } from '../../support/wat.ts'
import type { HostileClient } from '../hostile-client.ts'
import { type ClientScenario, overAndOver } from '../scenario.ts'

const LOOP = '(loop $l (br $l))'

/** Writes a module to where the node, which is on the same machine, can read it. */
async function planted(name: string, bytes: Uint8Array): Promise<string> {
  const file = join(await mkdtemp(join(tmpdir(), 'merogate-attack-')), name)
  writeFileSync(file, bytes)
  return file
}

async function installed(hostile: HostileClient, functions: string): Promise<string> {
  const file = await planted('app.wasm', watModule([], new WatData(), functions))
  return (await hostile.client.admin.installFile(file)).applicationId
}

export const APPLICATION_SCENARIOS: readonly ClientScenario[] = [
  {
    name: 'loop-in-init',
    standing: 'application',
    does: 'creates contexts of an application whose init never ends, four at once',
    takesCore: true,
    async prepare(hostile) {
      const applicationId = await installed(hostile, `(func (export "init") ${LOOP})`)
      return (signal) =>
        overAndOver(4, signal, () => {
          const contextSeed = toBase58(systemRandom.bytes(32))
          const body = JSON.stringify({ applicationId, contextSeed, initializationParams: [] })
          return hostile.send('POST', '/admin-api/contexts', { body, signal })
        })
    },
  },
  {
    name: 'loops-beside',
    standing: 'application',
    does: 'calls a method that never ends in eight contexts of its own, beside those of others',
    takesCore: true,
    async prepare(hostile) {
      const applicationId = await installed(
        hostile,
        `(func (export "init")) (func (export "f") ${LOOP})`,
      )
      const contexts = await Promise.all(
        Array.from({ length: 8 }, () => hostile.client.admin.createContext({ applicationId })),
      )
      const bodies = contexts.map(({ contextId }) => hostile.call(contextId, 'f'))
      return (signal) =>
        overAndOver(bodies.length, signal, (lane) =>
          hostile.send('POST', '/jsonrpc', { body: bodies[lane] ?? '', signal }),
        )
    },
  },
  {
    name: 'modules-of-many-functions',
    standing: 'application',
    does: 'installs modules of a million functions, and of as many as there may be, over and over',
    takesCore: true,
    async prepare(hostile) {
      const files = await Promise.all(
        [1_000_000, 50_000].map((count) => planted(`${count}.wasm`, manyFunctions(count))),
      )
      return (signal) =>
        overAndOver(2, signal, (lane) => {
          const body = JSON.stringify({ path: files[lane], metadata: [] })
          return hostile.send('POST', '/admin-api/install-dev-application', { body, signal })
        })
    },
  },
]
