/** The functions of the system: their types, from where they may be called, and what calling them costs. */

/**
 * What runs: installing, the hooks of an upgrade, an update, a query as an update, a query, a composite query, callbacks for replies and rejections
 * and the same of composite queries, clean-up and the same, looking at a message, a task of the system, the module's start function.
 */
export type Mode =
  'I' | 'G' | 'U' | 'RQ' | 'NRQ' | 'CQ' | 'Ry' | 'Rt' | 'CRy' | 'CRt' | 'C' | 'CC' | 'F' | 'T' | 's'

export interface ApiFunction {
  /** Parameters and results: `p` as wide as memory, `i` 32 bits, `l` 64 bits. */
  readonly type: string
  readonly modes: ReadonlySet<Mode>
  /** Instructions of a call, beside one for each byte that is copied. */
  readonly instructions: number
}

/** Everything but the start function. */
const MESSAGES = 'I G U RQ NRQ CQ Ry Rt CRy CRt C CC F T'
const ALL = `${MESSAGES} s`
const ARGUMENT = 'I U RQ NRQ CQ Ry CRy F'
const REJECT = 'Rt CRt'
const RESPOND = 'U RQ NRQ CQ Ry Rt CRy CRt'
const CALL = 'U CQ Ry Rt CRy CRt T'

function define(modes: string, instructions: number, type: string): ApiFunction {
  return { type, modes: new Set(modes.split(' ') as Mode[]), instructions } // letters of Mode, above
}

export const SYSTEM_API: Readonly<Record<string, ApiFunction>> = {
  msg_arg_data_size: define(ARGUMENT, 500, ':p'),
  msg_arg_data_copy: define(ARGUMENT, 500, 'ppp:'),
  msg_caller_size: define(MESSAGES, 500, ':p'),
  msg_caller_copy: define(MESSAGES, 500, 'ppp:'),
  msg_reject_code: define('Ry Rt CRy CRt C CC', 500, ':i'),
  msg_reject_msg_size: define(REJECT, 500, ':p'),
  msg_reject_msg_copy: define(REJECT, 500, 'ppp:'),
  msg_deadline: define('U RQ NRQ CQ Ry Rt CRy CRt', 500, ':l'),
  msg_reply_data_append: define(RESPOND, 500, 'pp:'),
  msg_reply: define(RESPOND, 500, ':'),
  msg_reject: define(RESPOND, 500, 'pp:'),
  msg_method_name_size: define('F', 500, ':p'),
  msg_method_name_copy: define('F', 500, 'ppp:'),
  accept_message: define('F', 500, ':'),
  msg_cycles_available: define('U RQ Rt Ry', 500, ':l'),
  msg_cycles_available128: define('U RQ Rt Ry', 500, 'p:'),
  msg_cycles_refunded: define('Rt Ry', 500, ':l'),
  msg_cycles_refunded128: define('Rt Ry', 500, 'p:'),
  msg_cycles_accept: define('U RQ Rt Ry', 500, 'l:l'),
  msg_cycles_accept128: define('U RQ Rt Ry', 500, 'llp:'),
  cycles_burn128: define('I G U Ry Rt C T', 100, 'llp:'),
  canister_cycle_balance: define(MESSAGES, 500, ':l'),
  canister_cycle_balance128: define(MESSAGES, 500, 'p:'),
  canister_liquid_cycle_balance128: define(MESSAGES, 500, 'p:'),
  canister_self_size: define(MESSAGES, 500, ':p'),
  canister_self_copy: define(MESSAGES, 500, 'ppp:'),
  subnet_self_size: define(MESSAGES, 500, ':p'),
  subnet_self_copy: define(MESSAGES, 500, 'ppp:'),
  canister_status: define(MESSAGES, 500, ':i'),
  canister_version: define(MESSAGES, 500, ':l'),
  call_new: define(CALL, 1_500, 'pppppppp:'),
  call_on_cleanup: define(CALL, 500, 'pp:'),
  call_data_append: define(CALL, 500, 'pp:'),
  call_with_best_effort_response: define(CALL, 500, 'i:'),
  call_cycles_add: define('U Ry Rt T', 500, 'l:'),
  call_cycles_add128: define('U Ry Rt T', 500, 'll:'),
  call_perform: define(CALL, 5_000, ':i'),
  stable_size: define(ALL, 20, ':i'),
  stable_grow: define(ALL, 100, 'i:i'),
  stable_read: define(ALL, 20, 'iii:'),
  stable_write: define(ALL, 20, 'iii:'),
  stable64_size: define(ALL, 20, ':l'),
  stable64_grow: define(ALL, 100, 'l:l'),
  stable64_read: define(ALL, 20, 'lll:'),
  stable64_write: define(ALL, 20, 'lll:'),
  certified_data_set: define('I G U Ry Rt T', 500, 'pp:'),
  data_certificate_present: define(MESSAGES, 500, ':i'),
  data_certificate_size: define('NRQ CQ', 500, ':p'),
  data_certificate_copy: define('NRQ CQ', 500, 'ppp:'),
  time: define(MESSAGES, 500, ':l'),
  global_timer_set: define('I G U Ry Rt C T', 500, 'l:l'),
  performance_counter: define(ALL, 200, 'i:l'),
  is_controller: define(ALL, 1_000, 'pp:i'),
  in_replicated_execution: define(ALL, 500, ':i'),
  cost_call: define(ALL, 500, 'llp:'),
  cost_create_canister: define(ALL, 500, 'p:'),
  cost_http_request: define(ALL, 500, 'llp:'),
  cost_sign_with_ecdsa: define(ALL, 500, 'ppip:i'),
  cost_sign_with_schnorr: define(ALL, 500, 'ppip:i'),
  cost_vetkd_derive_key: define(ALL, 500, 'ppip:i'),
  env_var_count: define(MESSAGES, 500, ':p'),
  env_var_name_size: define(MESSAGES, 500, 'p:p'),
  env_var_name_copy: define(MESSAGES, 500, 'pppp:'),
  env_var_name_exists: define(MESSAGES, 500, 'pp:i'),
  env_var_value_size: define(MESSAGES, 500, 'pp:p'),
  env_var_value_copy: define(MESSAGES, 500, 'ppppp:'),
  debug_print: define(ALL, 100, 'pp:'),
  trap: define(ALL, 500, 'pp:'),
}
