/** Whether a context may call a method of another. */
import { equalBytes } from '../../primitives/bytes.ts'
import { type ContextId, idText } from '../../primitives/ids.ts'
import { printable } from '../../primitives/text.ts'
import type { ModuleInfo } from '../../runtime/engine.ts'
import { entryPointsOf } from '../../runtime/entry-points.ts'
import { contextError } from '../errors.ts'
import { MAX_METHOD_LENGTH } from '../limits.ts'
import type { CrossOrigin } from './owed-calls.ts'

/** Makes the state: only whoever makes the context runs it. */
const INIT = 'init'

/**
 * What the application declares is callable, by whom it says, from every context of the node. One that declares nothing, as those built before there was
 * such a declaration, can be called by contexts of the same group, whose members are its members.
 * @throws CALL_NOT_DECLARED, CALL_OTHER_APPLICATION, CALL_OTHER_GROUP (denied)
 */
export function checkEntry(
  target: { readonly context: ContextId; readonly application: Uint8Array },
  module: Pick<ModuleInfo, 'abi'>,
  method: string,
  from: CrossOrigin,
): void {
  const declared = entryPointsOf(module.abi)
  const callers = declared?.get(method)
  const named = JSON.stringify(printable(method, MAX_METHOD_LENGTH))
  const details = { context: idText(target.context), origin: idText(from.context) }
  if (method === INIT || (declared !== undefined && callers === undefined)) {
    throw contextError(
      'CALL_NOT_DECLARED',
      `expected a method that the application declares as an entry point for other contexts, got ${named}`,
      details,
    )
  }
  if (callers === 'sameApplication' && !equalBytes(target.application, from.application)) {
    throw contextError(
      'CALL_OTHER_APPLICATION',
      `${named} is an entry point for contexts that run the same application, the calling context runs another`,
      details,
    )
  }
  if (declared === undefined && !from.isSameGroup) {
    throw contextError(
      'CALL_OTHER_GROUP',
      'the application declares no entry points for other contexts: only contexts of the same group may call it',
      details,
    )
  }
}
