/** How the contracts are compiled and tested: with the compiler of the npm package `solc`, so that nothing is downloaded. */
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { type HardhatUserConfig, defineConfig } from 'hardhat/config'

const require = createRequire(import.meta.url)
const { version } = require('solc/package.json') as { version: string }

const config: HardhatUserConfig = defineConfig({
  paths: {
    sources: join(import.meta.dirname, 'src'),
    tests: { solidity: join(import.meta.dirname, 'test') },
    artifacts: join(import.meta.dirname, 'artifacts'),
    cache: join(import.meta.dirname, 'cache'),
  },
  solidity: {
    compilers: [
      {
        version,
        path: require.resolve('solc/soljson.js'),
        settings: {
          evmVersion: 'cancun',
          viaIR: true,
          optimizer: { enabled: true, runs: 1_000_000 },
          metadata: { bytecodeHash: 'ipfs' },
          outputSelection: { '*': { '*': ['metadata'] } },
        },
      },
    ],
  },
  test: { solidity: { fuzz: { runs: 64, seed: '0x6d65726f67617465' } } },
})

export default config
