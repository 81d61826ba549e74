/** Host functions for blobs over a small synchronous port. */
import { equalBytes } from '../../../primitives/bytes.ts'
import { hostError, sizedHostError } from '../../errors.ts'
import { MAX_BLOB_CHUNK_BYTES } from '../../limits.ts'
import { host, type HostFunction } from './define.ts'

export const BLOB_FUNCTIONS: readonly HostFunction[] = [
  host('blob_create', [], 'i64', ({ call }) => call.init.blobs.create()),
  host('blob_write', ['i64', 'buffer'], 'i64', ({ call, memory }, handle, data) => {
    if (data.length > MAX_BLOB_CHUNK_BYTES) {
      throw sizedHostError('BlobWriteTooLarge', { size: data.length, max: MAX_BLOB_CHUNK_BYTES })
    }
    call.chargeBytes(data.length)
    call.init.blobs.write(handle, memory.copy(data))
    return BigInt(data.length)
  }),
  host('blob_open', ['buffer'], 'i64', ({ call, memory }, id) =>
    call.init.blobs.open(memory.fixed(id, 32)),
  ),
  host('blob_read', ['i64', 'buffer'], 'i64', ({ call, memory }, handle, to) => {
    if (to.length > MAX_BLOB_CHUNK_BYTES) {
      throw sizedHostError('BlobBufferTooLarge', { size: to.length, max: MAX_BLOB_CHUNK_BYTES })
    }
    call.chargeBytes(to.length)
    const bytes = call.init.blobs.read(handle, to.length)
    memory.write(to.at, bytes)
    return BigInt(bytes.length)
  }),
  host('blob_close', ['i64', 'buffer'], 'i32', ({ call, memory }, handle, to) => {
    if (to.length !== 32) throw hostError('InvalidMemoryAccess')
    memory.write(to.at, call.init.blobs.close(handle))
    return 1
  }),
  host('blob_announce_to_context', ['buffer', 'buffer'], 'i32', ({ call, memory }, id, context) => {
    const blob = memory.fixed(id, 32)
    // a guest may announce to its own context only
    if (!equalBytes(memory.fixed(context, 32), call.init.contextId)) return 0
    if (!call.init.blobs.has(blob)) throw hostError('BlobsNotSupported')
    call.requests.push({ kind: 'announceBlob', blob })
    return 1
  }),
]
