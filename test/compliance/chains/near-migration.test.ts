import { ADOPT_BATCH } from '../../../src/chains/near/limits.ts'
import { startNearTestChain } from '../../support/near.ts'
import { migrationSuite } from '../migration-suite.ts'

migrationSuite('near', startNearTestChain, { batch: ADOPT_BATCH })
