/** Hashes, signatures (module `c`) and randomness (`p`). Functions on curves are not here: contracts that import them are refused. */
import { keccak_256 } from '@noble/hashes/sha3'
import { COST } from '../../budget/costs.ts'
import {
  isLowSignature,
  isSecp256r1Point,
  recoverSecp256k1,
  verifyEd25519,
  verifySecp256r1,
} from '../../value/crypto.ts'
import { hostError } from '../../value/errors.ts'
import { paidSha256 } from '../lifecycle.ts'
import { Random } from '../random.ts'
import {
  BYTES,
  fn,
  GIVE_BYTES,
  GIVE_PLAIN,
  GIVE_VEC,
  type HostFunctions,
  NOTHING,
  PLAIN,
  sized,
  U32,
  VEC,
} from './define.ts'

/** The first protocol with P-256. */
const SECP256R1 = 21
/** Of four points that may have made a signature. */
const MAX_RECOVERY = 3

function refused(detail: string): Error {
  return hostError('Crypto', 'InvalidInput', detail)
}

export const CRYPTO_FUNCTIONS: HostFunctions = {
  _: fn('compute_hash_sha256', [BYTES], GIVE_BYTES, paidSha256),
  0: fn('verify_sig_ed25519', [BYTES, BYTES, BYTES], NOTHING, (host, key, message, signature) => {
    host.budget.charge(COST.ed25519Key)
    if (key.length !== 32) throw refused('invalid length of ed25519 public key')
    sized(signature, 64, 'signature')
    host.budget.charge(COST.ed25519, message.length)
    if (!verifyEd25519(key, message, signature)) throw refused('failed ED25519 verification')
  }),
  1: fn('compute_hash_keccak256', [BYTES], GIVE_BYTES, ({ budget }, bytes) => {
    budget.charge(COST.keccak256, bytes.length)
    return keccak_256(bytes)
  }),
  2: fn(
    'recover_key_ecdsa_secp256k1',
    [BYTES, BYTES, U32],
    GIVE_BYTES,
    ({ budget }, digest, signature, recovery) => {
      budget.charge(COST.ecdsaSignature)
      if (!isLowSignature('secp256k1', signature) || recovery > MAX_RECOVERY) {
        throw refused('invalid ECDSA signature')
      }
      sized(digest, 32, 'digest')
      budget.charge(COST.secp256k1)
      const key = recoverSecp256k1(digest, signature, recovery)
      if (key === undefined) throw refused('failed secp256k1 recovery')
      return key
    },
  ),
  3: fn(
    'verify_sig_ecdsa_secp256r1',
    [BYTES, BYTES, BYTES],
    NOTHING,
    ({ budget }, key, digest, signature) => {
      budget.charge(COST.sec1Point)
      if (!isSecp256r1Point(key)) throw refused('invalid ECDSA public key')
      budget.charge(COST.ecdsaSignature)
      if (!isLowSignature('secp256r1', signature)) throw refused('invalid ECDSA signature')
      sized(digest, 32, 'digest')
      budget.charge(COST.secp256r1)
      if (!verifySecp256r1(key, digest, signature)) throw refused('failed secp256r1 verification')
    },
    SECP256R1,
  ),
}

export const RANDOM_FUNCTIONS: HostFunctions = {
  _: fn('prng_reseed', [BYTES], NOTHING, (host, seed) => {
    if (seed.length !== 32) throw hostError('Value', 'UnexpectedSize', 'a seed has 32 bytes')
    host.frame.random = Random.ofSeed(seed)
  }),
  0: fn('prng_bytes_new', [U32], GIVE_BYTES, (host, length) => {
    host.budget.charge(COST.memAlloc, length)
    host.budget.charge(COST.chacha20, length)
    return host.random.bytes(length)
  }),
  1: fn('prng_u64_in_inclusive_range', [PLAIN, PLAIN], GIVE_PLAIN, (host, low, high) => {
    if (low > high) throw hostError('Value', 'InvalidInput', 'the range is empty')
    host.budget.charge(COST.chacha20, 16)
    return host.random.between(low, high)
  }),
  2: fn('prng_vec_shuffle', [VEC], GIVE_VEC, (host, vec) => {
    host.budget.charge(COST.chacha20, vec.length * 16)
    return host.random.shuffle(vec)
  }),
}
