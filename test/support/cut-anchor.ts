/** An anchor whose answers get lost, before or after it did what it was asked, while the test says so. */
import { MerogateError } from '../../src/node/errors.ts'
import type { Anchor, AnchorFactory } from '../../src/node/index.ts'

/** What is lost: the way there, or the way back. Undefined: nothing. */
export interface Cut {
  /** Operations that are sent. */
  submit?: 'before' | 'after' | undefined
  /** Everything that is read. */
  read?: 'before' | undefined
  /** Operations that reached the anchor. */
  sent: number
}

const READS = ['readContext', 'readGroup', 'readMember', 'readMembers'] as const

/** The anchor with its answers cut off as `cut` says at the time. */
export function cutAnchor(make: AnchorFactory, cut: Cut): AnchorFactory {
  return (components): Anchor => {
    const anchor = make(components)
    const send = anchor.submit.bind(anchor)
    // a claim is submitted too
    anchor.submit = async (...args) => {
      const when = cut.submit
      if (when === 'before') throw lost()
      cut.sent++
      const receipt = await send(...args)
      if (when === 'after') throw lost()
      return receipt
    }
    for (const name of READS) {
      const read = anchor[name].bind(anchor) as (...args: unknown[]) => Promise<never>
      anchor[name] = async (...args: unknown[]) => {
        if (cut.read !== undefined) throw lost()
        return read(...args)
      }
    }
    return anchor
  }
}

function lost(): MerogateError {
  return new MerogateError('ANCHOR_UNREACHABLE', 'transport', 'the answer was lost')
}
