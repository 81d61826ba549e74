/** `merogate call`: one call of an application. */
import type { Command } from 'commander'
import { stringifyJson } from '../../client/json.ts'
import { jsonArgument } from '../arguments.ts'
import { action } from '../session.ts'

interface CallOptions {
  context: string
  args?: string
  as?: string
  readOnly?: true
  substitute?: string
}

export function callCommand(program: Command): void {
  program
    .command('call <method>')
    .description('call a method of an application')
    .requiredOption('-c, --context <id>', 'the context')
    .option('--args <json>', 'arguments', '{}')
    .option('--as <identity>', 'identity to call as')
    .option('--read-only', 'throw away what the call writes')
    .option('--substitute <aliases>', 'keys to put in place of {alias} in the arguments, by comma')
    .addHelpText(
      'after',
      '\nExamples:\n  merogate call set --context <id> --args \'{"key":"a","value":"b"}\'\n  merogate call get --context <id> --args \'{"key":"a"}\'',
    )
    .action(
      action<CallOptions>(async ({ options, output, client }, method) => {
        const { context, args = '{}', as, readOnly, substitute } = options
        let clockSkewMs: number | undefined
        const value = await (
          await client()
        ).rpc.execute({
          contextId: context,
          method,
          args: jsonArgument('--args', args),
          ...(as === undefined ? {} : { executor: as }),
          ...(readOnly === true ? { readOnly } : {}),
          ...(substitute === undefined ? {} : { substitute: substitute.split(',') }),
          onClockSkew: (ms) => (clockSkewMs = ms),
        })
        const result =
          clockSkewMs === undefined ? { output: value } : { output: value, clockSkewMs }
        output.result(result, stringifyJson(value, 2))
        if (clockSkewMs !== undefined) output.note(clockWarning(clockSkewMs))
      }),
    )
}

function clockWarning(skewMs: number): string {
  const seconds = Math.round(Math.abs(skewMs) / 1000)
  const direction = skewMs > 0 ? 'ahead' : 'behind'
  return `warning: the clock of the node’s machine is off, ${seconds} s ${direction}: set it right`
}
