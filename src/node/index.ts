/**
 * The node as a library: replicated applications in sandboxed WebAssembly, without HTTP, tokens or any chain's SDK. Give it a home folder and an
 * anchor, start it, and use its typed parts: `applications`, `contexts`, `identities`, `blobs`, `peers`, `events`.
 *
 * ```ts
 * const node = await createNode({ home: './node-1', anchors: [anchor] })
 * await node.start()
 * const { id } = await node.applications.installFile('kv-store.mpk')
 * const { context } = await node.contexts.create({ application: id })
 * await node.contexts.execute({ context, method: 'set', input: utf8('{"key":"k","value":"v"}') })
 * await node.stop()
 * ```
 *
 * @packageDocumentation
 */
export { createNode } from './node.ts'
export type * from './interface.ts'
export type * from './anchor/anchor.ts'
export type * from './anchor/packages/registry.ts'
export type { PackageOperation } from './anchor/packages/operations.ts'
export { derivePackageId } from './anchor/packages/envelope.ts'
export type { ModuleInfo } from './runtime/engine.ts'
export type { BlobInfo } from './blobs/blobs.ts'
export type { ErrorCode } from './error-codes.ts'
export { isMerogateError, MerogateError, type ErrorKind } from './errors.ts'
export { fromBase58, fromUtf8, toBase58, utf8 } from './primitives/bytes.ts'
export {
  ApplicationId,
  BlobId,
  ContextId,
  DeltaId,
  GroupId,
  idText,
  PackageId,
  PublicKey,
} from './primitives/ids.ts'
export type { Logger } from './primitives/logger.ts'
export type { Metrics } from './metrics.ts'
