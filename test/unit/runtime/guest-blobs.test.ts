import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { blobIdOfBytes } from '../../../src/node/blobs/chunks.ts'
import { CHUNK_BYTES } from '../../../src/node/blobs/limits.ts'
import { encodeMeta } from '../../../src/node/blobs/meta.ts'
import { toBase58 } from '../../../src/node/primitives/bytes.ts'
import { fileGuestBlobs } from '../../../src/node/runtime/wasm/guest-blobs.ts'
import { seeded, sha256 } from '../../support/guest.ts'
import { tempFolder } from '../../support/temp-folder.ts'

describe('blobs as guests read them', () => {
  it('come from the chunk files, across their borders, and are checked', async () => {
    await using folder = await tempFolder()
    const bytes = new Uint8Array(CHUNK_BYTES + 1000)
    bytes.set(seeded('blob').bytes(4096), CHUNK_BYTES - 3096)
    const chunks = [bytes.subarray(0, CHUNK_BYTES), bytes.subarray(CHUNK_BYTES)]
    const links = chunks.map((chunk) => sha256(chunk))
    for (const [i, chunk] of chunks.entries())
      await writeFile(join(folder.path, toBase58(links[i] as Uint8Array)), chunk)
    const id = blobIdOfBytes(bytes)
    const meta = encodeMeta({ size: bytes.length, hash: sha256(bytes), links })
    const blobs = fileGuestBlobs(folder.path, (blob) =>
      Buffer.compare(blob, id) === 0 ? meta : undefined,
    )
    const read = (offset: number, length: number): Uint8Array | undefined =>
      blobs.read(id, offset, length)
    expect(read(CHUNK_BYTES - 500, 1000)).to.deep.equal(
      bytes.slice(CHUNK_BYTES - 500, CHUNK_BYTES + 500),
    )
    expect(read(bytes.length - 10, 100)).to.deep.equal(bytes.slice(-10))
    expect(read(bytes.length, 100)).to.deep.equal(new Uint8Array(0))
    expect(blobs.read(sha256('other'), 0, 10)).to.equal(undefined)
    expect([blobs.has(id), blobs.has(sha256('other'))]).to.deep.equal([true, false])
    await writeFile(join(folder.path, toBase58(links[0] as Uint8Array)), 'damaged')
    expect(read(0, 10)).to.equal(undefined)
  })
})
