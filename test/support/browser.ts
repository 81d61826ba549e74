/** One Chromium for all tests of pages, out of the package registry. */
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import chromium, { inflate } from '@sparticuz/chromium'
import { chromium as playwright } from 'playwright-core'
import type { Browser } from 'playwright-core'

const ARGS = ['--no-sandbox', '--disable-gpu', '--disable-background-networking']

/** Starts it; where it never ran it is unpacked before, which takes some seconds. Whoever asks closes it. */
export async function launchBrowser(): Promise<Browser> {
  const executablePath = await chromium.executablePath()
  try {
    return await playwright.launch({ executablePath, args: ARGS })
  } catch (error) {
    if (!String(error).includes('shared libraries')) throw error
    return playwright.launch({ executablePath, args: ARGS, env: await withOwnLibraries() })
  }
}

/** Machines without NSS and its like: the package brings them along. */
async function withOwnLibraries(): Promise<Record<string, string>> {
  const packed = join(dirname(fileURLToPath(import.meta.resolve('@sparticuz/chromium'))), '../bin')
  await inflate(join(packed, 'al2023.tar.br'))
  const env = Object.entries(process.env).filter((pair): pair is [string, string] =>
    Boolean(pair[1]),
  )
  return { ...Object.fromEntries(env), LD_LIBRARY_PATH: join(tmpdir(), 'al2023/lib') }
}
