/** The local anchor, before anything of it is loaded. */
import type { Chain } from '../chain.ts'

/** Where nodes look for it when nothing else is said. */
export const DEFAULT_PORT = 2540
export const DEFAULT_URL: string = `http://127.0.0.1:${DEFAULT_PORT}`

export const local: Chain = {
  name: 'local',
  words: { anchor: 'the local anchor', chain: 'a local chain' },
  defaultPort: DEFAULT_PORT,
  commands: {
    init: {
      options: [{ flags: '--anchor-url <url>', text: `the service; default: ${DEFAULT_URL}` }],
    },
    run: {
      options: [
        { flags: '--file <file>', text: 'file that keeps them; default: <home>/local-chain.log' },
      ],
      examples: ['merogate chain run'],
    },
  },
  settings: async () => (await import('./settings.ts')).settings,
  tools: async () => (await import('./tools.ts')).tools,
}
