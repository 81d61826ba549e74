/** `[runtime]`: what guests may use of this machine. */
import { z } from 'zod'
import type { OptionGroup } from '../option-group.ts'

export interface RuntimeUser {
  workers?: number | undefined
  deadline_ms?: number | undefined
  fuel?: number | undefined
}

/** Absent members leave the choice to the engine. */
export interface RuntimeConfig {
  /** Worker threads for guests, 1 to 256. */
  readonly workers?: number
  /** Wall clock after which a guest's worker is ended, ms, 1 to 600 000. */
  readonly deadlineMs?: number
  /** Fuel of one call in instrumented units, from 1. Nodes of one context should agree on it. */
  readonly fuel?: bigint
}

export const runtime: OptionGroup<RuntimeUser, RuntimeConfig> = {
  table: 'runtime',
  schema: z.strictObject({
    workers: z.int().min(1).max(256).optional(),
    deadline_ms: z.int().min(1).max(600_000).optional(),
    fuel: z.int().min(1).optional(),
  }),
  options: [
    { key: 'workers', kind: 'integer', text: 'worker threads for guests' },
    { key: 'deadline_ms', kind: 'integer', text: 'wall clock of one guest call, ms' },
    { key: 'fuel', kind: 'integer', text: 'fuel of one guest call' },
  ],
  resolve: ({ workers, deadline_ms: deadlineMs, fuel }) => ({
    ...(workers === undefined ? {} : { workers }),
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
    ...(fuel === undefined ? {} : { fuel: BigInt(fuel) }),
  }),
}
