/**
 * Sign-in without HTTP and without any chain: keys, tokens, permissions, over a database of its own and a verifier per wallet.
 *
 * ```ts
 * const auth = await openAuth({
 *   origin: 'https://node.example',
 *   verifiers: [],
 *   password: {},
 *   bootstrap: { allowLoopback: true },
 * })({ store, seed, clock: systemClock, random: systemRandom })
 * const data = { username: 'alice', password: 'correct horse' }
 * const from = { address: '127.0.0.1', isLoopback: true }
 * const pair = await auth.signIn(
 *   { method: 'user_password', publicKey: 'alice', clientName: 'desk', data },
 *   from,
 * )
 * const caller = await auth.verify(pair.accessToken)
 * caller.permissions.allows(required('context:execute', [context, identity, 'set'], application))
 * await auth.close()
 * ```
 *
 * @packageDocumentation
 */
export { openAuth } from './auth.ts'
export type * from './interface.ts'
export { authError, type AuthErrorCode } from './errors.ts'
export { bootstrapHash } from './sign-in/bootstrap.ts'
export { parsePermission, type Permission } from './permissions/grammar.ts'
export { PermissionSet, required, type Required, type Scope } from './permissions/permission-set.ts'
export type * from './wallet-verifier.ts'
