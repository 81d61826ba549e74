/** What the driver tells the processes of nodes. */

/** Said over IPC. */
export type NodeOrder = { readonly kind: 'clock'; readonly aheadMs: number }

/** Ports that peers are known by, and those of the proxies to use instead; JSON in {@link ROUTES_VARIABLE}. */
export type Routes = Readonly<Record<number, number>>

export const ROUTES_VARIABLE = 'MEROGATE_CHAOS_ROUTES'
