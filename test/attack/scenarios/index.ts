/** All that is tried. */
import type { Scenario } from '../scenario.ts'
import { MEMBER_SCENARIOS } from './members.ts'
import { STRANGER_SCENARIOS } from './strangers.ts'

export const SCENARIOS: readonly Scenario[] = [...MEMBER_SCENARIOS, ...STRANGER_SCENARIOS]
