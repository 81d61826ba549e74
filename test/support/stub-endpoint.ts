/** An Ethereum endpoint that answers what a test says. */
import type { Endpoint } from '../../src/chains/shared/endpoints.ts'
import { rpcError } from '../../src/chains/shared/json-rpc.ts'

/** What it answers to a method: a value, or a function of the parameters that may throw. */
export type Answers = Readonly<Record<string, unknown>>

export function stubEndpoint(answers: Answers): Endpoint {
  return {
    id: 0,
    name: 'http://stub',
    async send(method, params) {
      if (!(method in answers)) throw noMethod(method)
      const answer = answers[method]
      return typeof answer === 'function' ? (answer as (p: object) => unknown)(params) : answer
    },
  }
}

/** What an endpoint says of a method that it does not have. */
export function noMethod(method: string): Error {
  return rpcError('ethereum', 'http://stub', method, { code: -32601, reason: 'method not found' })
}
