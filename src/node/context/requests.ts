/**
 * What a guest of the baseline era may ask of its node beside changing state: members, contexts, proposals, announced blobs. Carried out
 * after the call's state is stored, as the caller; a failure is logged and changes nothing.
 */
import type { Operation } from '../anchor/operations.ts'
import { isMerogateError, MerogateError } from '../errors.ts'
import { fromUtf8, utf8 } from '../primitives/bytes.ts'
import { ApplicationId, BlobId, idText, PublicKey } from '../primitives/ids.ts'
import type { Logger } from '../primitives/logger.ts'
import type { GuestRequest } from '../runtime/engine.ts'
import type { ContextAlias } from './creation.ts'
import type { ContextReplica } from './replica/replica.ts'

export interface RequestComponents {
  create(
    options: { application: ApplicationId; params: Uint8Array; alias?: ContextAlias | undefined },
    protocol: string,
  ): Promise<unknown>
  submit(replica: ContextReplica, operation: Operation, options: { as: PublicKey }): Promise<void>
  /** Forgets a context here. */
  forget(replica: ContextReplica): Promise<void>
  /** Lets a context's members fetch a blob from us. */
  linkBlob(replica: ContextReplica, blob: BlobId): Promise<void>
  readonly logger: Logger
}

/** Carries out the requests of one call in order. */
export async function carryOut(
  components: RequestComponents,
  replica: ContextReplica,
  requests: readonly GuestRequest[],
  executor: PublicKey,
): Promise<void> {
  for (const request of requests) {
    try {
      await carryOutOne(components, replica, request, executor)
    } catch (error) {
      const code = isMerogateError(error) ? error.code : 'INTERNAL'
      components.logger.warn(
        { err: error, code, request: request.kind, context: idText(replica.state.id) },
        'request of an application failed',
      )
    }
  }
}

async function carryOutOne(
  components: RequestComponents,
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
          : ({ kind: 'removeMembers', ids, mayReturn: false } as const)
      await components.submit(replica, operation, { as: executor })
      return
    }
    case 'createContext': {
      const application = ApplicationId.from(request.application)
      const params = request.params.length === 0 ? utf8('{}') : request.params
      fromUtf8(params)
      const { alias: name } = request
      const alias = name === undefined ? undefined : { scope: replica.state.id, name }
      await components.create({ application, params, alias }, request.protocol)
      return
    }
    case 'deleteContext':
      // an application may end its own context here, not another's
      if (idText(request.contextId) === idText(replica.state.id)) await components.forget(replica)
      return
    case 'announceBlob': {
      await components.linkBlob(replica, BlobId.from(request.blob))
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
