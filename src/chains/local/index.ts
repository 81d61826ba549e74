/**
 * Membership without a chain: the reference model of the membership contract behind a small HTTP service, and the anchor that nodes use
 * to reach it. Good for development, tests, and groups that trust whoever runs the service to keep it running; nobody has to trust it
 * with keys or data, for every operation is signed by a member.
 *
 * ```ts
 * import { createNode } from 'merogate/node'
 * import { localAnchor, startLocalChain } from 'merogate/chains/local'
 *
 * await using chain = await startLocalChain({ port: 0, file: 'members.log' })
 * await using node = await createNode({ home: '.node', anchors: [localAnchor({ url: chain.url })] })
 * await node.start()
 * ```
 *
 * @packageDocumentation
 */
export { localAnchor, type LocalAnchorInit } from './anchor.ts'
export { startLocalChain, DEFAULT_HOST, type LocalChain, type LocalChainInit } from './server.ts'
