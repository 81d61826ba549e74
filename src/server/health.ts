/** Whether the process lives, whether it can be used, and its figures (docs/api.md). */
import type { Router } from 'express'
import type { Node } from '../node/interface.ts'
import { BUSY_FOR_READERS_MS } from './limits.ts'
import type { Load } from './load.ts'
import type { PromMetrics } from './prom-metrics.ts'
import { route } from './routes.ts'
import type { Handler } from './routes.ts'

export interface HealthComponents {
  readonly node: Node
  readonly metrics: PromMetrics | undefined
  readonly load: Pick<Load, 'delayMs'>
  readonly isDraining: () => boolean
}

/** `/health`, `/ready` and `/metrics`, and the first two below `/admin-api` as well. */
export function healthRoutes(router: Router, components: HealthComponents): void {
  const { node, metrics, load, isDraining } = components
  const alive: Handler = () => ({ data: { status: 'alive' } })
  const ready: Handler = async (_req, res) => {
    const { checks: own, reasons: ofNode } = await node.health()
    const delayMs = Math.round(load.delayMs)
    const responsive = delayMs < BUSY_FOR_READERS_MS
    const checks: Record<string, boolean> = { ...own, accepting: !isDraining(), responsive }
    const late = `what comes waits for ${delayMs} ms, for there is more to do than the node can`
    const reasons = responsive ? ofNode : { ...ofNode, responsive: late }
    const passed = Object.values(checks).every(Boolean)
    const status = passed ? 'ready' : checks['accepting'] === true ? 'not ready' : 'draining'
    res.status(passed ? 200 : 503)
    return { data: { status, checks, ...(Object.keys(reasons).length > 0 ? { reasons } : {}) } }
  }
  for (const prefix of ['', '/admin-api']) {
    route(router, `${prefix}/health`, { get: alive })
    route(router, `${prefix}/ready`, { get: ready })
  }
  route(router, '/admin-api/is-authed', { get: alive })
  if (metrics === undefined) return
  route(router, '/metrics', {
    get: async (_req, res) => {
      res.set('content-type', metrics.contentType)
      res.end(await metrics.render())
      return undefined
    },
  })
}
