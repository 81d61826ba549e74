/** Wallets of real chains through the whole room: challenge, the signature of the chain's own library, tokens; and that no answer is taken twice. */
import { expect } from 'chai'
import type { SignInRequest } from '../../../src/auth/index.ts'
import { authKit, LOOPBACK } from '../../support/auth-kit.ts'
import { CLIENT_WALLETS, offlineVerifiers } from '../../support/client-wallets.ts'
import { rejectionCode } from '../../support/error-code.ts'
import { handClock } from '../../support/hand-clock.ts'

describe('wallets that sign in', () => {
  for (const wallet of CLIENT_WALLETS) {
    it(`${wallet.method}: gets tokens once for an answer, and again for a new one`, async () => {
      const clock = handClock(Date.now())
      const verifiers = offlineVerifiers(clock)
      const { auth } = await authKit({ verifiers }, { clock })
      const { method, account } = wallet
      const answer = async (): Promise<SignInRequest> => {
        const issued = await auth.challenge({ method, subject: account }, LOOPBACK)
        return { method, clientName: 'test', ...(await wallet.answer(issued)) }
      }
      const request = await answer()
      const pair = await auth.signIn(request, LOOPBACK)
      expect((await auth.verify(pair.accessToken)).permissions.texts).to.deep.equal(['admin'])
      expect((await auth.keys.list())[0]?.subject).to.equal(wallet.subject)
      expect(await rejectionCode(auth.signIn(request, LOOPBACK))).to.equal('AUTH_REFUSED')
      expect((await auth.signIn(await answer(), LOOPBACK)).keyId).to.equal(pair.keyId)
      await auth.close()
    }).timeout(20_000)
  }
})
