/** Files for their owner alone. */
import { open, rename, rm } from 'node:fs/promises'

/** Writes all of a text or nothing, mode 600, and waits for the disk: whoever reads meanwhile has what was there before. @throws what the file system does */
export async function writePrivate(path: string, text: string): Promise<void> {
  const temporary = `${path}.${process.pid}.new`
  try {
    const file = await open(temporary, 'w', 0o600)
    try {
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}
