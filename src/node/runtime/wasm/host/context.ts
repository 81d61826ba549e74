/** Host functions for apps of older eras: members and contexts are read or asked for, never changed here. */
import { concat, equalBytes } from '../../../primitives/bytes.ts'
import type { GuestRequest } from '../../engine.ts'
import { aliasError, sizedHostError } from '../../errors.ts'
import {
  MAX_ALIAS_BYTES,
  MAX_EVENT_DATA_BYTES,
  MAX_PROPOSAL_BYTES,
  MAX_REQUESTS,
} from '../../limits.ts'
import type { Call } from '../call.ts'
import { type Frame, host, type HostFunction } from './define.ts'

/** No bound: the width of an id. */
const ID_BYTES = 32

function request({ call }: Frame, asked: GuestRequest): undefined {
  if (call.requests.length >= MAX_REQUESTS) {
    throw sizedHostError('RequestsOverflow', { max: MAX_REQUESTS })
  }
  call.requests.push(asked)
}

function aliasOf({ init }: Call, name: string | undefined): Uint8Array | undefined {
  return init.aliases?.find((each) => each.name === name)?.id
}

function u32(value: number): Uint8Array {
  return Uint8Array.of(value, value >>> 8, value >>> 16, value >>> 24)
}

export const CONTEXT_FUNCTIONS: readonly HostFunction[] = [
  host('context_add_member', ['buffer'], undefined, (frame, key) =>
    request(frame, { kind: 'addMember', member: frame.memory.fixed(key, ID_BYTES) }),
  ),
  host('context_remove_member', ['buffer'], undefined, (frame, key) =>
    request(frame, { kind: 'removeMember', member: frame.memory.fixed(key, ID_BYTES) }),
  ),
  host('context_is_member', ['buffer'], 'i32', ({ call, memory }, key) => {
    const asked = memory.fixed(key, ID_BYTES)
    return call.init.members.some((member) => equalBytes(member, asked)) ? 1 : 0
  }),
  // borsh Vec<[u8; 32]>
  host('context_members', ['register'], undefined, ({ call }, id) => {
    const { members } = call.init
    call.setRegister(id, concat(u32(members.length), ...members))
    return undefined
  }),
  host(
    'context_create',
    ['buffer', 'buffer', 'buffer', 'optional'],
    undefined,
    (frame, protocol, application, params, name) => {
      const { call, memory } = frame
      if (params.length > MAX_EVENT_DATA_BYTES) {
        throw sizedHostError('ProposalSizeOverflow', {
          size: params.length,
          max: MAX_EVENT_DATA_BYTES,
        })
      }
      if (name !== undefined && name.length > MAX_ALIAS_BYTES) {
        throw aliasError('AliasTooLong', name.length)
      }
      const alias = name === undefined ? undefined : memory.text(name)
      const isAskedFor = call.requests.some(
        (one) => one.kind === 'createContext' && one.alias === alias,
      )
      const isTaken = isAskedFor || aliasOf(call, alias) !== undefined
      if (alias !== undefined && isTaken) throw aliasError('AliasAlreadyExists', alias)
      return request(frame, {
        kind: 'createContext',
        protocol: memory.text(protocol),
        application: memory.fixed(application, ID_BYTES),
        params: memory.copy(params),
        ...(alias === undefined ? {} : { alias }),
      })
    },
  ),
  host('context_delete', ['buffer'], undefined, (frame, id) =>
    request(frame, { kind: 'deleteContext', contextId: frame.memory.fixed(id, ID_BYTES) }),
  ),
  // a context has its alias from the moment on that it is made: what this very call asked for has no id yet
  host('context_resolve_alias', ['buffer', 'register'], 'i32', ({ call, memory }, name, id) => {
    if (name.length > MAX_ALIAS_BYTES) return 0
    const known = aliasOf(call, memory.text(name))
    if (known === undefined) return 0
    call.setRegister(id, known)
    return 1
  }),
  host('send_proposal', ['buffer', 'buffer'], undefined, (frame, actions, to) => {
    const { call, memory } = frame
    if (actions.length > MAX_PROPOSAL_BYTES) {
      throw sizedHostError('ProposalSizeOverflow', {
        size: actions.length,
        max: MAX_PROPOSAL_BYTES,
      })
    }
    memory.fixed(to, ID_BYTES)
    const proposal = call.init.random(ID_BYTES)
    request(frame, { kind: 'propose', proposal, actions: memory.copy(actions) })
    memory.write(to.at, proposal)
    return undefined
  }),
  host('approve_proposal', ['buffer'], undefined, (frame, id) =>
    request(frame, { kind: 'approve', proposal: frame.memory.fixed(id, ID_BYTES) }),
  ),
]
