import { expect } from 'chai'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { blobIdOfBytes } from '../../../src/node/blobs/chunks.ts'
import type { BlobStore } from '../../../src/node/blobs/blobs.ts'
import { fileBlobStore } from '../../../src/node/blobs/file-blob-store.ts'
import { CHUNK_BYTES } from '../../../src/node/blobs/limits.ts'
import { concat, toBase58, toHex, utf8 } from '../../../src/node/primitives/bytes.ts'
import { systemClock } from '../../../src/node/primitives/clock.ts'
import { sha256 } from '../../../src/node/primitives/hash.ts'
import { BlobId } from '../../../src/node/primitives/ids.ts'
import { silentLogger } from '../../../src/node/primitives/logger.ts'
import { COLUMN, rowKey } from '../../../src/node/store/keys.ts'
import type { Store } from '../../../src/node/store/store.ts'
import { failure, rejectionCode } from '../../support/error-code.ts'
import { memoryStore } from '../../support/memory-store.ts'
import { tempFolder } from '../../support/temp-folder.ts'

interface Setup extends AsyncDisposable {
  blobs: BlobStore
  store: Store
  folder: string
  /** Another store over the same folder and rows, as after a restart. */
  reopen(): Promise<BlobStore>
  /** Names of chunk files. */
  chunks(): Promise<string[]>
}

async function setup(maxBytes?: number): Promise<Setup> {
  const temp = await tempFolder()
  const store = memoryStore()
  const folder = join(temp.path, 'blobs')
  let open: BlobStore | undefined
  const make = async (): Promise<BlobStore> => {
    await open?.stop()
    const blobs = fileBlobStore({ folder, ...(maxBytes === undefined ? {} : { maxBytes }) })({
      store,
      clock: systemClock,
      logger: silentLogger,
    })
    open = blobs
    await blobs.start()
    return blobs
  }
  const blobs = await make()
  return {
    blobs,
    store,
    folder,
    reopen: make,
    chunks: async () =>
      (await readdir(folder)).filter((name) => !['incoming', 'owner.lock'].includes(name)).sort(),
    [Symbol.asyncDispose]: async () => {
      await open?.stop()
      await temp[Symbol.asyncDispose]()
    },
  }
}

async function* pieces(bytes: Uint8Array, size: number): AsyncIterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function collect(source: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  for await (const part of source) parts.push(part)
  return concat(...parts)
}

/** Bytes that differ from chunk to chunk. */
function pattern(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length)
  for (let i = 0; i < length; i += 997) bytes[i] = (i / 997 + seed) & 0xff
  return bytes
}

describe('fileBlobStore', () => {
  it('derives the id from chunk ids, also for one chunk and for none', async () => {
    await using s = await setup()
    const hello = await s.blobs.put(utf8('hello'))
    // SHA-256 of SHA-256 of the bytes
    expect(toHex(hello.id)).to.equal(
      '9595c9df90075148eb06860365df33584b75bff782a510c6cd4883a419833d50',
    )
    expect(toHex(hello.hash)).to.equal(
      '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824',
    )
    const empty = await s.blobs.put(new Uint8Array())
    expect(toHex(empty.id)).to.equal(
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    )
    expect(empty.size).to.equal(0)
    expect(await s.blobs.bytes(empty.id)).to.have.length(0)
  })

  it('cuts streams into chunks of 1 MiB whatever the size of their pieces', async () => {
    await using s = await setup()
    const bytes = pattern(2 * CHUNK_BYTES + 5)
    const expected = sha256(
      concat(
        sha256(bytes.subarray(0, CHUNK_BYTES)),
        sha256(bytes.subarray(CHUNK_BYTES, 2 * CHUNK_BYTES)),
        sha256(bytes.subarray(2 * CHUNK_BYTES)),
      ),
    )
    expect(blobIdOfBytes(bytes)).to.deep.equal(expected)
    for (const size of [70_001, CHUNK_BYTES, bytes.length]) {
      const info = await s.blobs.put(pieces(bytes, size))
      expect(toHex(info.id)).to.equal(toHex(expected))
      expect(info.size).to.equal(bytes.length)
    }
    expect(await s.chunks()).to.have.length(3)
    expect(await s.blobs.list()).to.have.length(1)
    expect(sha256(await s.blobs.bytes(BlobId.from(expected)))).to.deep.equal(sha256(bytes))
  })

  it('takes a stream of single bytes whose buffer is reused', async () => {
    await using s = await setup()
    const buffer = new Uint8Array(1)
    async function* source(): AsyncIterable<Uint8Array> {
      for (let i = 0; i < 5000; i++) {
        buffer[0] = i & 0xff
        yield buffer
      }
    }
    const info = await s.blobs.put(source())
    expect(await s.blobs.bytes(info.id)).to.deep.equal(
      Uint8Array.from({ length: 5000 }, (_, i) => i & 0xff),
    )
  })

  it('reads from an offset up to a length', async () => {
    await using s = await setup()
    const bytes = pattern(2 * CHUNK_BYTES + 10)
    const { id } = await s.blobs.put(bytes)
    const cases = [
      [0, 3],
      [CHUNK_BYTES - 2, 5],
      [CHUNK_BYTES, CHUNK_BYTES],
      [2 * CHUNK_BYTES + 4, 100],
      [bytes.length, 1],
      [bytes.length + 7, 1],
      [5, 0],
    ] as const
    for (const [offset, length] of cases) {
      expect(await collect(s.blobs.read(id, { offset, length }))).to.deep.equal(
        bytes.slice(offset, offset + length),
      )
    }
    expect((await collect(s.blobs.read(id, { offset: 1 }))).length).to.equal(bytes.length - 1)
  })

  it('knows nothing of a blob that is not here', async () => {
    await using s = await setup()
    const id = BlobId.from(new Uint8Array(32))
    expect(await s.blobs.info(id)).to.equal(undefined)
    expect(await s.blobs.has(id)).to.equal(false)
    expect(await s.blobs.delete(id)).to.equal(false)
    expect(await rejectionCode(collect(s.blobs.read(id)))).to.equal('BLOB_NOT_FOUND')
    expect(await rejectionCode(s.blobs.bytes(id))).to.equal('BLOB_NOT_FOUND')
  })

  it('takes as many bytes as the limit says and not one more', async () => {
    await using s = await setup(CHUNK_BYTES + 2)
    await s.blobs.put(pattern(CHUNK_BYTES + 2))
    const before = await s.chunks()
    for (const source of [pattern(CHUNK_BYTES + 3, 9), pieces(pattern(CHUNK_BYTES + 3, 9), 4096)]) {
      expect(await rejectionCode(s.blobs.put(source))).to.equal('BLOB_TOO_LARGE')
    }
    expect(await s.chunks()).to.deep.equal(before)
    expect(await readdir(join(s.folder, 'incoming'))).to.deep.equal([])
  })

  it('stops reading an endless source at the limit', async () => {
    await using s = await setup(CHUNK_BYTES)
    let given = 0
    let closed = false
    async function* endless(): AsyncIterable<Uint8Array> {
      try {
        for (;;) {
          given += 65_536
          yield new Uint8Array(65_536)
        }
      } finally {
        closed = true
      }
    }
    expect(await rejectionCode(s.blobs.put(endless()))).to.equal('BLOB_TOO_LARGE')
    expect(given).to.be.at.most(3 * CHUNK_BYTES)
    expect(closed).to.equal(true)
  })

  it('refuses bytes that are not the announced ones and keeps nothing of them', async () => {
    await using s = await setup()
    const hash = sha256(utf8('right'))
    expect(await rejectionCode(s.blobs.put(utf8('wrong'), { hash }))).to.equal('BLOB_HASH_MISMATCH')
    expect(await s.chunks()).to.deep.equal([])
    expect((await s.blobs.put(utf8('right'), { hash })).size).to.equal(5)
  })

  it('leaves a source that hangs when the signal fires, and when the store stops', async () => {
    await using s = await setup()
    async function* hanging(reached: () => void): AsyncIterable<Uint8Array> {
      yield utf8('x')
      reached()
      await new Promise(() => {})
    }
    const controller = new AbortController()
    const aborted = s.blobs.put(
      hanging(() => controller.abort()),
      { signal: controller.signal },
    )
    expect(await rejectionCode(aborted)).to.equal('ABORTED')
    const reached = Promise.withResolvers<void>()
    const stopped = rejectionCode(s.blobs.put(hanging(reached.resolve)))
    await reached.promise
    await s.blobs.stop()
    expect(await stopped).to.equal('ABORTED')
    expect(await rejectionCode(s.blobs.put(utf8('late')))).to.equal('BLOB_STORE_STOPPED')
    expect(await s.chunks()).to.deep.equal([])
  })

  it('passes on what a source throws and keeps nothing', async () => {
    await using s = await setup()
    const reason = new RangeError('broken')
    async function* broken(): AsyncIterable<Uint8Array> {
      yield new Uint8Array(CHUNK_BYTES)
      throw reason
    }
    let got: unknown
    await s.blobs.put(broken()).catch((error: unknown) => (got = error))
    expect(got).to.equal(reason)
    expect(await s.chunks()).to.deep.equal([])
  })

  it('keeps chunks that another blob shares', async () => {
    await using s = await setup()
    const shared = pattern(CHUNK_BYTES)
    const a = await s.blobs.put(concat(shared, utf8('a')))
    const b = await s.blobs.put(concat(shared, utf8('b')))
    const twice = await s.blobs.put(concat(shared, shared))
    expect(await s.chunks()).to.have.length(3)
    expect(await s.blobs.delete(a.id)).to.equal(true)
    expect(await s.blobs.delete(twice.id)).to.equal(true)
    expect(await s.chunks()).to.have.length(2)
    expect((await s.blobs.bytes(b.id)).length).to.equal(CHUNK_BYTES + 1)
    expect(await s.blobs.delete(b.id)).to.equal(true)
    expect(await s.chunks()).to.deep.equal([])
  })

  it('counts shared chunks again after a restart', async () => {
    await using s = await setup()
    const shared = pattern(CHUNK_BYTES)
    const a = await s.blobs.put(concat(shared, utf8('a')))
    const b = await s.blobs.put(concat(shared, utf8('b')))
    await s.blobs.stop()
    const again = await s.reopen()
    await again.delete(a.id)
    expect((await again.bytes(b.id)).length).to.equal(CHUNK_BYTES + 1)
    await again.delete(b.id)
    expect(await s.chunks()).to.deep.equal([])
    await again.stop()
  })

  it('keeps apart a blob and a chunk that have the same id', async () => {
    await using s = await setup()
    // the content of the second is the list of chunk ids of the first: its chunk id is the first one's blob id
    const first = await s.blobs.put(pattern(CHUNK_BYTES + 1))
    const list = concat(
      sha256(pattern(CHUNK_BYTES + 1).subarray(0, CHUNK_BYTES)),
      sha256(pattern(CHUNK_BYTES + 1).subarray(CHUNK_BYTES)),
    )
    const second = await s.blobs.put(list)
    expect(await s.blobs.bytes(second.id)).to.deep.equal(list)
    await s.blobs.delete(second.id)
    expect((await s.blobs.bytes(first.id)).length).to.equal(CHUNK_BYTES + 1)
  })

  it('finishes a read that began before the blob was deleted', async () => {
    await using s = await setup()
    const { id } = await s.blobs.put(pattern(2 * CHUNK_BYTES + 1))
    const parts: Uint8Array[] = []
    for await (const part of s.blobs.read(id)) {
      if (parts.length === 0) expect(await s.blobs.delete(id)).to.equal(true)
      parts.push(part)
    }
    expect(concat(...parts)).to.have.length(2 * CHUNK_BYTES + 1)
    expect(await s.chunks()).to.deep.equal([])
  })

  it('survives puts and deletes of the same bytes at the same time', async () => {
    await using s = await setup()
    const bytes = pattern(CHUNK_BYTES + 3)
    const id = blobIdOfBytes(bytes)
    for (let round = 0; round < 5; round++) {
      await Promise.all([
        s.blobs.put(bytes),
        s.blobs.delete(id),
        s.blobs.put(pieces(bytes, 300_000)),
        s.blobs.delete(id),
      ])
      const here = await s.blobs.has(id)
      if (here) expect(await s.blobs.bytes(id)).to.have.length(bytes.length)
      expect(await s.chunks()).to.have.length(here ? 2 : 0)
    }
  })

  it('reports a damaged or missing chunk, and heals it by the next put', async () => {
    await using s = await setup()
    const { id } = await s.blobs.put(utf8('precious'))
    const file = join(s.folder, toBase58(sha256(utf8('precious'))))
    await writeFile(file, 'precioux')
    expect(await rejectionCode(s.blobs.bytes(id))).to.equal('BLOB_CORRUPT')
    await rm(file)
    expect(await rejectionCode(s.blobs.bytes(id))).to.equal('BLOB_CORRUPT')
    await s.blobs.put(utf8('precious'))
    expect(await s.blobs.bytes(id)).to.deep.equal(utf8('precious'))
    await writeFile(file, 'precioux')
    await s.blobs.put(utf8('precious'))
    expect(await readFile(file, 'utf8')).to.equal('precious')
  })

  it('says whether a blob is whole: its row, and each of its chunks', async () => {
    await using s = await setup()
    const bytes = pattern(2 * CHUNK_BYTES + 10)
    const { id } = await s.blobs.put(bytes)
    expect(await s.blobs.isWhole(id)).to.equal(true)
    expect(await s.blobs.isWhole(BlobId.from(new Uint8Array(32)))).to.equal(false)
    const last = join(s.folder, toBase58(sha256(bytes.subarray(2 * CHUNK_BYTES))))
    const damages = [
      () => rm(last),
      () => writeFile(last, 'other'),
      () => s.store.batch([{ type: 'put', key: rowKey(COLUMN.blob, id), value: utf8('x') }]),
    ]
    for (const damage of damages) {
      await damage()
      expect(await s.blobs.isWhole(id)).to.equal(false)
      await s.blobs.put(bytes)
      expect(await s.blobs.isWhole(id)).to.equal(true)
    }
  })

  it('says that the disk refused, and takes the same bytes when it does not any more', async () => {
    await using s = await setup()
    const incoming = join(s.folder, 'incoming')
    await rm(incoming, { recursive: true })
    await writeFile(incoming, 'no folder')
    expect(await rejectionCode(s.blobs.put(utf8('precious')))).to.equal('BLOB_DISK_FAILED')
    expect(await s.chunks()).to.deep.equal([])
    await rm(incoming)
    await mkdir(incoming)
    const { id } = await s.blobs.put(utf8('precious'))
    expect(await s.blobs.bytes(id)).to.deep.equal(utf8('precious'))
    expect(await readdir(incoming)).to.deep.equal([])
  })

  it('has its folder to itself until it is stopped', async () => {
    await using s = await setup()
    const components = { store: memoryStore(), clock: systemClock, logger: silentLogger }
    const second = fileBlobStore({ folder: s.folder })(components)
    const kept = await s.blobs.put(utf8('kept'))
    const { code, details } = await failure(second.start())
    expect({ code, pid: details['pid'] }).to.deep.equal({
      code: 'STORE_LOCKED',
      pid: process.pid,
    })
    expect(await s.blobs.bytes(kept.id), 'nothing was removed').to.deep.equal(utf8('kept'))
    await s.blobs.stop()
    await second.start()
    await second.stop()
  })

  it('removes what a crash left, and nothing else', async () => {
    await using s = await setup()
    const kept = await s.blobs.put(utf8('kept'))
    await s.blobs.stop()
    const orphan = toBase58(sha256(utf8('orphan')))
    await writeFile(join(s.folder, 'incoming', '7'), 'half')
    await writeFile(join(s.folder, orphan), 'orphan')
    await writeFile(join(s.folder, 'notes.txt'), 'not ours')
    await mkdir(join(s.folder, 'lost+found'))
    const again = await s.reopen()
    expect(await readdir(join(s.folder, 'incoming'))).to.deep.equal([])
    expect(await s.chunks()).to.include.members(['notes.txt', 'lost+found'])
    expect(await s.chunks()).to.not.include(orphan)
    expect(await again.bytes(kept.id)).to.deep.equal(utf8('kept'))
    await again.stop()
  })

  it('hides a blob whose row is damaged from the list, keeps its chunks, and lets it be deleted', async () => {
    await using s = await setup()
    const bad = await s.blobs.put(utf8('bad'))
    const good = await s.blobs.put(utf8('good'))
    await s.blobs.stop()
    const key = rowKey(COLUMN.blob, bad.id)
    await s.store.batch([{ type: 'put', key, value: utf8('rubbish') }])
    const again = await s.reopen()
    expect((await again.list()).map((info) => toHex(info.id))).to.deep.equal([toHex(good.id)])
    expect(await rejectionCode(again.info(bad.id))).to.equal('BLOB_CORRUPT')
    expect(await s.chunks()).to.have.length(2)
    await again.put(utf8('bad'))
    expect(await again.bytes(bad.id)).to.deep.equal(utf8('bad'))
    await s.store.batch([{ type: 'put', key, value: utf8('rubbish') }])
    expect(await again.delete(bad.id)).to.equal(true)
    expect(await again.has(bad.id)).to.equal(false)
    await again.stop()
  })

  it('refuses a limit that no row could hold', () => {
    expect(() =>
      fileBlobStore({ folder: '/nowhere', maxBytes: 65_537 * CHUNK_BYTES })({
        store: memoryStore(),
        clock: systemClock,
        logger: silentLogger,
      }),
    ).to.throw(RangeError)
  })
})
