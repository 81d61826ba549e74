/** `execute`, and the older names `mutate` (the same) and `query` (writes are thrown away). See docs/api.md. */
import { z } from 'zod'
import { isMerogateError, MerogateError } from '../../../node/errors.ts'
import type { ExecuteResult, Node } from '../../../node/interface.ts'
import { fromUtf8, toBase58, utf8 } from '../../../node/primitives/bytes.ts'
import { PublicKey } from '../../../node/primitives/ids.ts'
import type { JsonReader } from '../../bodies/reader.ts'
import { defined } from '../../defined.ts'
import { JsonText } from '../../json.ts'
import { MAX_ARGS_BYTES, MAX_METHOD_CHARS, MAX_SUBSTITUTIONS } from '../../limits.ts'
import { bodyInvalid, contextIdSchema, parseBody, publicKeySchema } from '../../schemas.ts'
import type { RpcMethod } from './method.ts'

const paramsSchema = z.object({
  contextId: contextIdSchema,
  method: z.string().min(1).max(MAX_METHOD_CHARS),
  argsJson: z.unknown(),
  executorPublicKey: publicKeySchema.nullish(),
  substitute: z.array(z.string().max(50)).max(MAX_SUBSTITUTIONS).default([]),
})

/** The method over a node. `readOnly`: nothing is stored or sent. The reader says whether what a guest returned is JSON. */
export function executeMethod(
  node: Node,
  reader: Pick<JsonReader, 'isJson'>,
  options: { readOnly: boolean },
): RpcMethod {
  return (params) => {
    const call = parseBody(paramsSchema, params)
    if (call.argsJson === undefined) {
      throw bodyInvalid([{ path: '/argsJson', message: 'missing field `argsJson`' }])
    }
    const executor = call.executorPublicKey ?? undefined
    return {
      subject: {
        contextId: toBase58(call.contextId),
        executor: executor === undefined ? undefined : toBase58(executor),
      },
      async run({ keyId, signal }) {
        const input = argumentsOf(call.argsJson, call.substitute)
        const result = await node.contexts.execute(
          defined({
            context: call.contextId,
            method: call.method,
            input,
            executor,
            readOnly: options.readOnly,
            caller: keyId,
            signal,
          }),
        )
        const { clockSkewMs: skew } = result
        const output = await outputText(result, (bytes) => reader.isJson(bytes, { keyId }))
        return `{"output":${output}${skew === undefined ? '' : `,"clockSkewMs":${skew}`}}`
      },
    }
  }
}

/** The guest's input: the arguments as compact JSON, each `{alias}` in it replaced by the key it stands for. */
function argumentsOf(args: unknown, substitute: readonly string[]): Uint8Array {
  const keys = new Map(substitute.map((alias) => [alias, resolveAlias(alias)]))
  const input = substituted(
    args instanceof JsonText ? args.bytes : utf8(JSON.stringify(args)),
    keys,
  )
  if (input.length > MAX_ARGS_BYTES) {
    const message = `expected at most ${MAX_ARGS_BYTES} bytes of arguments, got ${input.length}`
    throw bodyInvalid([{ path: '/argsJson', message }])
  }
  return input
}

/** One pass, however many aliases there are: none of them holds a brace, nor do keys. */
function substituted(input: Uint8Array, keys: ReadonlyMap<string, string>): Uint8Array {
  if (keys.size === 0) return input
  return utf8(
    fromUtf8(input).replaceAll(
      /\{([^{}]{1,50})\}/g,
      (all, alias: string) => keys.get(alias) ?? all,
    ),
  )
}

/** An entry of `substitute` that is no alias stands for itself when it is a public key. */
function resolveAlias(alias: string): string {
  try {
    return toBase58(PublicKey.parse(alias))
  } catch (cause) {
    if (!isMerogateError(cause, 'ID_INVALID')) throw cause
    throw new MerogateError(
      'ALIAS_NOT_FOUND',
      'missing',
      `expected a known alias or a public key in base58, got ${JSON.stringify(alias)}`,
      { alias },
      { cause },
    )
  }
}

/** What the guest returned, as it returned it, once it is known to be JSON. */
async function outputText(
  { output }: ExecuteResult,
  isJson: (bytes: Uint8Array) => Promise<boolean>,
): Promise<string> {
  if (output === undefined || output.length === 0) return 'null'
  if (await isJson(output)) return fromUtf8(output)
  const message = `the application returned ${output.length} bytes that are not JSON`
  throw new MerogateError('RPC_OUTPUT_NOT_JSON', 'guest', message)
}
