/** Text of strangers and applications, made fit to be shown: in a log, in a terminal, in an answer. */

/**
 * What could move a cursor, hide or turn round what stands beside it: controls, line and paragraph breaks, and invisible format characters, among them those
 * that change the direction of writing; half surrogates too.
 */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu

/** On one line and without anything that is not seen; what is left out at the end shows as `…`. At most `maxChars` UTF-16 units. */
export function printable(text: string, maxChars: number): string {
  if (text.length <= maxChars) return text.replace(UNPRINTABLE, ' ')
  // what is left out is not looked at: it may be long
  const shown = text.slice(0, maxChars - 1).replace(UNPRINTABLE, ' ')
  return `${shown.trimEnd()}…`
}
