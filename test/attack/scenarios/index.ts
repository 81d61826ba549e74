/** All that is tried. */
import type { Scenario } from '../scenario.ts'
import { APPLICATION_SCENARIOS } from './applications.ts'
import { CLIENT_SCENARIOS } from './clients.ts'
import { CONNECTION_SCENARIOS } from './connections.ts'
import { MEMBER_SCENARIOS } from './members.ts'
import { STRANGER_SCENARIOS } from './strangers.ts'

export const SCENARIOS: readonly Scenario[] = [
  ...MEMBER_SCENARIOS,
  ...STRANGER_SCENARIOS,
  ...CLIENT_SCENARIOS,
  ...CONNECTION_SCENARIOS,
  ...APPLICATION_SCENARIOS,
]
