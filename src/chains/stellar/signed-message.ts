/** A message signed by SEP-53: it has neither domain nor nonce, so that both stand in its text. */
import { Keypair } from '@stellar/stellar-sdk'
import { refused } from '../../auth/errors.ts'
import { signatureOf } from '../shared/sign-in-checks.ts'

/** @param signature base64. @throws AUTH_REFUSED unless the account's master key signed the message */
export function checkSignedMessage(account: string, message: string, signature: string): void {
  const bytes = signatureOf(signature)
  if (!Keypair.fromPublicKey(account).verifyMessage(message, bytes)) {
    throw refused('the signature does not fit')
  }
}
