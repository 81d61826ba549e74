import { ADOPT_BATCH } from '../../../src/chains/ethereum/limits.ts'
import { startTestChain } from '../../support/ethereum.ts'
import { migrationSuite } from '../migration-suite.ts'

migrationSuite('ethereum', startTestChain, { batch: ADOPT_BATCH })
