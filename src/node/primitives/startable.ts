/** The life of a component: built without side effects, started once, stopped once; both safe to repeat (style of js-libp2p). */
export type Status = 'stopped' | 'starting' | 'started' | 'stopping'

export interface Startable {
  start(): Promise<void>
  stop(): Promise<void>
}
