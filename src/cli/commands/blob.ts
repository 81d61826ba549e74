/** `merogate blob`: bytes kept by a node. */
import { createReadStream, createWriteStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Command } from 'commander'
import { cliError } from '../errors.ts'
import { table } from '../output.ts'
import { action } from '../session.ts'

const CONTEXT = ['-c, --context <id>', 'context whose members share the blob'] as const
const BLOB = ['-b, --blob-id <id>', 'the blob'] as const

export function blobCommand(program: Command): void {
  const blob = program.command('blob').description('blobs: upload, download, list, delete')

  blob
    .command('list')
    .alias('ls')
    .description('list all blobs')
    .action(
      action(async ({ output, client }) => {
        const blobs = await (await client()).admin.blobs()
        const columns = {
          ID: (row: (typeof blobs)[number]) => row.blobId,
          SIZE: (row: (typeof blobs)[number]) => row.size,
        }
        output.result(blobs, table(blobs, columns, 'no blobs'))
      }),
    )
  blob
    .command('upload')
    .description('store a file')
    .requiredOption('-f, --file <file>', 'file to send')
    .option(...CONTEXT)
    .action(
      action<{ file: string; context?: string }>(async ({ options, output, client }) => {
        const { file, context } = options
        await checkReadable(file)
        const bytes = Readable.toWeb(createReadStream(file)) as ReadableStream<Uint8Array> // a file gives bytes
        const target = context === undefined ? {} : { contextId: context }
        const stored = await (await client()).admin.putBlob(bytes, target)
        output.result(stored, stored.blobId)
      }),
    )
  blob
    .command('download')
    .description('write a blob to a file')
    .requiredOption(...BLOB)
    .requiredOption('-o, --output <file>', 'file to write')
    .option(...CONTEXT)
    .action(
      action<{ blobId: string; output: string; context?: string }>(async (session) => {
        const { options, output, client } = session
        const from = options.context === undefined ? {} : { contextId: options.context }
        const bytes = await (await client()).admin.getBlob(options.blobId, from)
        try {
          await pipeline(Readable.fromWeb(bytes), createWriteStream(options.output))
        } catch (cause) {
          const message = `cannot write ${options.output}`
          throw cliError('CLI_FILE', message, { file: options.output }, { cause })
        }
        output.result({ blobId: options.blobId, file: options.output }, options.output)
      }),
    )
  blob
    .command('info')
    .description('show size, type and hash of a blob')
    .requiredOption(...BLOB)
    .action(
      action<{ blobId: string }>(async ({ options, output, client }) => {
        output.result(await (await client()).admin.blobInfo(options.blobId))
      }),
    )
  blob
    .command('delete')
    .alias('rm')
    .description('remove a blob that nothing needs')
    .requiredOption(...BLOB)
    .action(
      action<{ blobId: string }>(async ({ options, output, client }) => {
        const result = await (await client()).admin.deleteBlob(options.blobId)
        output.result(result, `removed ${result.blobId}`)
      }),
    )
}

async function checkReadable(file: string): Promise<void> {
  try {
    if ((await stat(file)).isFile()) return
  } catch (cause) {
    throw cliError('CLI_FILE', `cannot read ${file}`, { file }, { cause })
  }
  throw cliError('CLI_FILE', `expected a file, got something else: ${file}`, { file })
}
