/**
 * Membership without a chain: the reference model of the membership contract behind a small HTTP service, and the anchor that nodes use
 * to reach it. Good for development, tests, and groups that trust whoever runs the service: every operation is signed by a member, but
 * what the service answers is not proven, so its operator could name itself a member and be given the keys.
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
export { memoryAnchor, type MemoryAnchorInit } from './memory-anchor.ts'
export { localAuthority, type LocalAuthority, type LocalAuthorityInit } from './model/authority.ts'
