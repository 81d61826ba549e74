/** An anchor whose answers get lost, before or after it did what it was asked, while the test says so. */
import { refusal, type RefusalName, rejected } from '../../src/node/anchor/errors.ts'
import { MerogateError, untilAborted } from '../../src/node/errors.ts'
import type { Anchor, AnchorFactory } from '../../src/node/index.ts'
import { equalBytes } from '../../src/node/primitives/bytes.ts'
import type { PublicKey } from '../../src/node/primitives/ids.ts'

/** What is lost: the way there, the way back, or the way back and nobody says so. Undefined: nothing. */
export interface Cut {
  /** Operations that are sent. */
  submit?: 'before' | 'after' | 'endless' | undefined
  /** Operations that are sent are refused with this instead, by name. */
  refusal?: RefusalName | undefined
  /** Everything that is read. */
  read?: 'before' | undefined
  /** A member that what is read does not show yet: the endpoint lags. */
  unseen?: PublicKey | undefined
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
      if (cut.refusal !== undefined) throw rejected(refusal(cut.refusal), 'claimInvitation')
      const receipt = await send(...args)
      if (when === 'after') throw lost()
      if (when === 'endless') await untilAborted(new Promise(() => {}), args[3]?.signal)
      return receipt
    }
    const { readMember, readMembers } = anchor
    anchor.readMember = async (group, identity, options) =>
      isUnseen(cut, identity) ? undefined : readMember.call(anchor, group, identity, options)
    anchor.readMembers = async (group, options) => {
      const read = await readMembers.call(anchor, group, options)
      if (read === undefined) return undefined
      const members = read.value.members.filter(({ identity }) => !isUnseen(cut, identity))
      if (members.length === read.value.members.length) return read
      const evidence = { ...read.evidence, height: 0n }
      return { evidence, value: { ...read.value, members } }
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

function isUnseen({ unseen }: Cut, identity: PublicKey): boolean {
  return unseen !== undefined && equalBytes(unseen, identity)
}

function lost(): MerogateError {
  return new MerogateError('ANCHOR_UNREACHABLE', 'transport', 'the answer was lost')
}
