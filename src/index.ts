/**
 * The package's main entry: the node as a library. Its parts have entries of their own: `merogate/client`, `merogate/server`,
 * `merogate/chains/local`.
 *
 * @packageDocumentation
 */
export * from './node/index.ts'
