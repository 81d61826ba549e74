/** Gzipped ustar archives, equal bytes for equal content. */
import { gzipSync } from 'node:zlib'

function tarEntry(name: string, content: Uint8Array): Buffer {
  const header = Buffer.alloc(512)
  const octal = (value: number, digits: number): string => value.toString(8).padStart(digits, '0')
  header.write(name, 0)
  header.write(`${octal(0o644, 7)}\0${octal(0, 7)}\0${octal(0, 7)}\0`, 100) // mode, owner, group
  header.write(`${octal(content.length, 11)}\0${octal(0, 11)}\0`, 124) // size, time
  header.write(' '.repeat(8), 148) // the checksum counts its own field as blanks
  header.write('0', 156) // a regular file
  header.write('ustar\0' + '00', 257)
  const checksum = header.reduce((sum, byte) => sum + byte, 0)
  header.write(`${octal(checksum, 6)}\0 `, 148)
  return Buffer.concat([header, content, Buffer.alloc(-content.length & 511)])
}

/** An archive of regular files. */
export function tar(files: readonly (readonly [name: string, content: Uint8Array])[]): Buffer {
  const entries = files.map(([name, content]) => tarEntry(name, content))
  return Buffer.concat([...entries, Buffer.alloc(1024)])
}

/** Compressed as on every other machine with the same zlib. */
export function gzip(bytes: Uint8Array): Buffer {
  const compressed = gzipSync(bytes, { level: 9 })
  compressed[9] = 255 // operating system: unknown; zlib would tell
  return compressed
}
