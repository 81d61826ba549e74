/** Functions on the message: its argument and caller, and its answer. */
import { concat, EMPTY, utf8 } from '../../../../node/primitives/bytes.ts'
import { violated } from '../../errors.ts'
import { LIMITS } from '../../parameters.ts'
import { type ApiFunctions, type Machine, readable, type Word } from './machine.ts'

export function messageFunctions(machine: Machine): ApiFunctions {
  const answering = (): void => {
    const { awaitsAnswer, response } = machine.frame
    if (!awaitsAnswer || response !== undefined) {
      throw violated('the call has already been replied to')
    }
  }
  return {
    ...readable(machine, 'msg_arg_data', () => machine.frame.arg),
    ...readable(machine, 'msg_caller', () => machine.frame.caller),
    ...readable(machine, 'msg_method_name', () => utf8(machine.frame.method)),
    ...readable(machine, 'msg_reject_msg', () => utf8(machine.frame.reject?.message ?? '')),
    msg_reject_code: () => machine.frame.reject?.code ?? 0,
    msg_deadline: () => machine.frame.deadline,
    msg_reply_data_append: (pointer: Word, length: Word) => {
      answering()
      const { frame } = machine
      const part = machine.read(pointer, length)
      frame.replyBytes += part.length
      const most = ['NRQ', 'CQ', 'CRy', 'CRt'].includes(frame.mode)
        ? LIMITS.queryReply
        : LIMITS.payload
      if (frame.replyBytes > most) throw violated(`a reply has ${most} bytes at most`)
      frame.replyParts.push(part)
    },
    msg_reply: () => {
      answering()
      machine.frame.response = { type: 'reply', bytes: concat(...machine.frame.replyParts) }
    },
    msg_reject: (pointer: Word, length: Word) => {
      answering()
      const message = machine.readText(pointer, length)
      machine.frame.response = { type: 'reject', code: 4, message, errorCode: 'IC0406' }
    },
    accept_message: () => {
      if (machine.frame.isAccepted) throw violated('the message has already been accepted')
      machine.frame.isAccepted = true
    },
    debug_print: (pointer: Word, length: Word) => {
      const line = machine.read(pointer, length)
      machine.frame.logs.push(line.length > 0 ? line.subarray(0, LIMITS.logBytes) : EMPTY)
    },
  }
}
