/**
 * Accepted envelopes in a file, one JSON object per line: a header that names the domain, then `{time, envelope, signature}` with bytes
 * in hexadecimal and the time in Unix seconds, and `contract: 'packages'` where it was the registry that accepted it. A line counts once its newline is on disk; what follows the last newline was torn by a
 * crash and is dropped.
 */
import { type FileHandle, mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { z } from 'zod'
import type { MerogateError } from '../../../node/errors.ts'
import { own, type Owned } from '../../../node/store/owner.ts'
import { fromHex, toHex, utf8 } from '../../../node/primitives/bytes.ts'
import { anchorError } from '../../../node/anchor/errors.ts'
import type { SignedEnvelope } from '../../../node/anchor/service.ts'
import type { Domain } from '../../../node/anchor/operations.ts'

/** An accepted envelope, by which contract, and when, Unix seconds. */
export interface LoggedOperation extends SignedEnvelope {
  readonly time: bigint
  readonly contract: ContractName
}

/** Contracts of an authority: that of contexts and groups, and the package registry. */
export type ContractName = 'contexts' | 'packages'

const FORMAT = 'merogate-local-anchor'
const VERSION = 2
const NEWLINE = 10

const HEX = z.string().regex(/^(?:[0-9a-f]{2})*$/)
const HEADER = z.strictObject({
  format: z.literal(FORMAT),
  version: z.literal(VERSION),
  chain: z.int().min(0).max(255),
  network: HEX.length(64),
  contract: HEX,
})
const ENTRY = z.strictObject({
  time: z.string().regex(/^[0-9]{1,20}$/),
  envelope: HEX,
  signature: HEX,
  // files from before there was a registry have operations of one contract only
  contract: z.literal('packages').optional(),
})

function corrupt(path: string, line: number, cause: unknown): MerogateError {
  return anchorError(
    'ANCHOR_LOG_CORRUPT',
    `expected an accepted operation in line ${line} of ${path}, got something else; restore the file from a copy`,
    { path, line },
    { cause },
  )
}

/** Bytes up to and including the last newline. */
async function completeLength(file: FileHandle): Promise<number> {
  const chunk = new Uint8Array(64 * 1024)
  let end = (await file.stat()).size
  while (end > 0) {
    const start = Math.max(0, end - chunk.length)
    const { bytesRead } = await file.read(chunk, 0, end - start, start)
    const newline = chunk.subarray(0, bytesRead).lastIndexOf(NEWLINE)
    if (newline >= 0) return start + newline + 1
    end = start
  }
  return 0
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(dirname(path), 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

export class OperationLog {
  readonly path: string
  /** Of the authority that wrote the file. */
  readonly domain: Domain
  readonly #file: FileHandle
  readonly #owned: Owned
  #length: number

  private constructor(
    { path, file, owned }: { path: string; file: FileHandle; owned: Owned },
    domain: Domain,
    length: number,
  ) {
    this.path = path
    this.domain = domain
    this.#file = file
    this.#owned = owned
    this.#length = length
  }

  /**
   * Opens a log, or makes one for `fallback`, and hands over what it holds in order. `replay` throws to refuse an entry.
   * @throws ANCHOR_LOG_CORRUPT (corrupt); STORE_LOCKED (conflict): another process has it
   */
  static async open(
    path: string,
    fallback: Domain,
    replay: (entry: LoggedOperation, domain: Domain) => void,
  ): Promise<OperationLog> {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    const owned = await own(path)
    let file: FileHandle | undefined
    try {
      file = await open(path, 'a+', 0o600)
      const parts = { path, file, owned }
      const length = await completeLength(file)
      await file.truncate(length)
      if (length === 0) {
        const log = new OperationLog(parts, fallback, 0)
        await log.#write({
          format: FORMAT,
          version: VERSION,
          chain: fallback.chain,
          network: toHex(fallback.network),
          contract: toHex(fallback.contract),
        })
        await syncFolder(path)
        return log
      }
      return new OperationLog(parts, await readAll(path, replay), length)
    } catch (error) {
      await file?.close()
      await owned.release()
      throw error
    }
  }

  /** Resolves when the operation is on disk. @throws ANCHOR_LOG_FAILED (corrupt): the log must not be written any more */
  async append(entry: LoggedOperation): Promise<void> {
    await this.#write({
      time: String(entry.time),
      envelope: toHex(entry.envelope),
      signature: toHex(entry.signature),
      ...(entry.contract === 'packages' ? { contract: entry.contract } : {}),
    })
  }

  async close(): Promise<void> {
    await this.#file.close()
    await this.#owned.release()
  }

  async #write(value: object): Promise<void> {
    const line = utf8(`${JSON.stringify(value)}\n`)
    try {
      await this.#file.appendFile(line)
      await this.#file.datasync()
      this.#length += line.length
    } catch (cause) {
      throw anchorError(
        'ANCHOR_LOG_FAILED',
        `cannot write ${this.path}; is the disk full? Restart when it is mended`,
        { path: this.path, length: this.#length },
        { cause },
      )
    }
  }
}

async function readAll(
  path: string,
  replay: (entry: LoggedOperation, domain: Domain) => void,
): Promise<Domain> {
  const file = await open(path, 'r')
  let domain: Domain | undefined
  let number = 0
  for await (const line of file.readLines()) {
    number++
    try {
      const value: unknown = JSON.parse(line)
      if (domain === undefined) {
        const { chain, network, contract } = HEADER.parse(value)
        domain = { chain, network: fromHex(network), contract: fromHex(contract) }
      } else {
        const { time, envelope, signature, contract = 'contexts' } = ENTRY.parse(value)
        const bytes = { envelope: fromHex(envelope), signature: fromHex(signature) }
        replay({ time: BigInt(time), contract, ...bytes }, domain)
      }
    } catch (cause) {
      throw corrupt(path, number, cause)
    }
  }
  if (domain === undefined) throw corrupt(path, 1, 'no header')
  return domain
}
