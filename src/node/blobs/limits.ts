/** Bounds of the blob room. */

/** Bytes of a chunk; only the last one of a blob is shorter. Part of every blob id: never to be changed. */
export const CHUNK_BYTES: number = 1 << 20

/** Bytes of one blob, unless the store was built with another bound: 500 MiB, as nodes of the original network have it. */
export const MAX_BLOB_BYTES: number = 500 * CHUNK_BYTES

/** Chunks of one blob whatever the configuration says, so that its row stays at 2 MiB: 64 GiB. */
export const MAX_BLOB_CHUNKS = 65_536
