/**
 * What a guest of the baseline era may ask of its node beside changing state: members, contexts, proposals, announced blobs. Carried out
 * after the call's state is stored, as the caller; a failure is logged and changes nothing.
 */
import { isMerogateError, MerogateError } from '../errors.ts'
import { fromUtf8, utf8 } from '../primitives/bytes.ts'
import { ApplicationId, BlobId, idText, PublicKey } from '../primitives/ids.ts'
import type { GuestRequest } from '../runtime/engine.ts'
import { createContext } from './creation.ts'
import { submit } from './membership.ts'
import type { ContextRegistry } from './registry.ts'
import type { ContextReplica } from './replica/replica.ts'

/** Carries out the requests of one call in order. */
export async function carryOut(
  registry: ContextRegistry,
  replica: ContextReplica,
  requests: readonly GuestRequest[],
  executor: PublicKey,
): Promise<void> {
  for (const request of requests) {
    try {
      await carryOutOne(registry, replica, request, executor)
    } catch (error) {
      const code = isMerogateError(error) ? error.code : 'INTERNAL'
      registry.c.logger.warn(
        { err: error, code, request: request.kind, context: idText(replica.state.id) },
        'request of an application failed',
      )
    }
  }
}

async function carryOutOne(
  registry: ContextRegistry,
  replica: ContextReplica,
  request: GuestRequest,
  executor: PublicKey,
): Promise<void> {
  switch (request.kind) {
    case 'addMember':
    case 'removeMember': {
      const ids = [PublicKey.from(request.member)]
      const operation =
        request.kind === 'addMember'
          ? ({ kind: 'addMembers', ids, role: 'writer' } as const)
          : ({ kind: 'removeMembers', ids } as const)
      await submit(registry, replica, operation, { as: executor })
      return
    }
    case 'createContext': {
      const application = ApplicationId.from(request.application)
      const params = request.params.length === 0 ? utf8('{}') : request.params
      fromUtf8(params)
      await createContext(registry, { application, params }, request.protocol)
      return
    }
    case 'deleteContext':
      // an application may end its own context here, not another's
      if (idText(request.contextId) === idText(replica.state.id)) await registry.forget(replica)
      return
    case 'announceBlob': {
      const { store } = registry.c
      await store.batch([registry.link(replica.state.ref.number, BlobId.from(request.blob))])
      return
    }
    case 'propose':
    case 'approve':
      throw new MerogateError(
        'CONTEXT_NO_PROPOSALS',
        'chain',
        'the anchor of this context knows no proposals',
      )
  }
}
