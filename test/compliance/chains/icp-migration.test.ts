import { ADOPT_BATCH } from '../../../src/chains/icp/limits.ts'
import { startIcpTestChain } from '../../support/icp-chain.ts'
import { migrationSuite } from '../migration-suite.ts'

migrationSuite('icp', startIcpTestChain, { batch: ADOPT_BATCH, isFree: true })
