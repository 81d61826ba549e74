/** The body of an answer, and no more of it than was agreed: whoever answers must not choose how much memory that takes. */
import { concat } from '../../node/primitives/bytes.ts'

/** @throws what `tooLong` makes, when there are more than `max` bytes */
export async function readBounded(
  response: Response,
  max: number,
  tooLong: () => Error,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let length = 0
  const body: AsyncIterable<Uint8Array> | readonly Uint8Array[] = response.body ?? []
  for await (const part of body) {
    length += part.length
    if (length > max) throw tooLong()
    parts.push(part)
  }
  return concat(...parts)
}
