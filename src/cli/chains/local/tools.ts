/** What the commands ask of the local anchor. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { HttpService } from '../../../chains/local/client.ts'
import { localAnchor, startLocalChain } from '../../../chains/local/index.ts'
import { toMerogateError } from '../../../node/errors.ts'
import { type ChainTarget, type ChainTools, passed } from '../chain.ts'
import { DEFAULT_URL } from './chain.ts'
import type { LocalEntry } from './settings.ts'

/** What the local anchor showed. */
interface LocalReport {
  readonly url: string
  readonly isReachable: boolean
  readonly reason?: string
}

/** Asks the local anchor who it is; never rejects. */
async function look(url: string): Promise<LocalReport> {
  try {
    await new HttpService(url).readDomain()
    return { url, isReachable: true }
  } catch (error) {
    return { url, isReachable: false, reason: toMerogateError(error).message }
  }
}

function target({ url }: LocalEntry): ChainTarget {
  const protocol = 'local'
  return {
    protocol,
    async inspect() {
      const report = await look(url)
      const { isReachable, reason = '' } = report
      const text = `local      ${url} ${isReachable ? 'answers' : `does not answer: ${reason}`}`
      return { facts: { protocol, ...report }, text }
    },
    async judge() {
      const { isReachable, reason: message = '' } = await look(url)
      if (isReachable) return [passed(protocol, `${url} answers`)]
      return [
        { name: protocol, level: 'fail', message, next: 'start it with `merogate chain run`' },
      ]
    },
  }
}

export const tools: ChainTools = {
  init: async ({ anchorUrl: url = DEFAULT_URL }: { anchorUrl?: string }) => ({ url }),
  openAnchor: async (entry: LocalEntry) => localAnchor(entry),
  configured: (entry: LocalEntry) => target(entry),
  async run({ file }: { file?: string }, { port, home }) {
    if (file === undefined) await mkdir(home, { recursive: true, mode: 0o700 })
    const service = await startLocalChain({ port, file: file ?? join(home, 'local-chain.log') })
    const { url } = service
    return {
      ready: { facts: { url }, text: `local anchor at ${url}` },
      [Symbol.asyncDispose]: () => service.stop(),
    }
  },
  async start() {
    const service = await startLocalChain({ port: 0 })
    const { url } = service
    const stop = (): Promise<void> => service.stop()
    return {
      ...{ url, stop, [Symbol.asyncDispose]: stop },
      text: `local anchor at ${url}`,
      settings: () => [`anchor.local.url=${url}`],
    }
  },
}
