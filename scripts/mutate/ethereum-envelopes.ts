/** Mutations of who signed what, for which contract, until when: envelopes, bindings, ed25519. */
import { inFile, type Mutation } from './mutation.ts'

const SOURCES = 'contracts/ethereum/src'

export const ENVELOPE_MUTATIONS: readonly Mutation[] = [
  ...inFile(`${SOURCES}/Envelopes.sol`, {
    'envelope-one-byte-longer': [
      'envelope.length > MAX_ENVELOPE_BYTES',
      'envelope.length > MAX_ENVELOPE_BYTES + 1',
    ],
    'envelope-of-any-version': ['if (Reader.u8(pos) != 1) revert Malformed();', ''],
    'domain-of-any-length': ['(length ^ 20) |', ''],
    'domain-of-any-kind-of-chain': ['| (Reader.u8(pos) ^ CHAIN_EVM)', ''],
    'domain-of-any-network': ['(uint256(Reader.word(pos + 1)) ^ block.chainid) |', ''],
    'domain-of-any-contract': ['| (contractBytes ^ uint160(address(this)))', ''],
    'domain-not-compared': ['if (!q.isForUs) revert WrongDomain();', ''],
    'envelope-one-second-too-long': [
      'q.validUntil - block.timestamp > MAX_VALIDITY_SECONDS',
      'q.validUntil - block.timestamp > MAX_VALIDITY_SECONDS + 1',
    ],
    'envelope-one-second-too-short': [
      'q.validUntil - block.timestamp > MAX_VALIDITY_SECONDS',
      'q.validUntil - block.timestamp >= MAX_VALIDITY_SECONDS',
    ],
    'envelope-one-second-late': [
      'q.validUntil - block.timestamp > MAX_VALIDITY_SECONDS',
      'q.validUntil + 1 - block.timestamp > MAX_VALIDITY_SECONDS + 1',
    ],
    'envelope-not-in-its-last-second': [
      'q.validUntil - block.timestamp > MAX_VALIDITY_SECONDS',
      'q.validUntil - 1 - block.timestamp > MAX_VALIDITY_SECONDS - 1',
    ],
    'sender-of-any-account': ['if (msg.sender != account) revert BadSignature();', ''],
    'signature-by-any-account': [
      'if (!AccountSignatures.isBy(account, digest, signature)) revert BadSignature();',
      '',
    ],
    'words-of-another-operation': ['wordsOf(q.operation),', 'wordsOf(2),'],
    'unbound-weak-key-unnamed': [
      'if (!Ed25519.isStrong(q.signer)) revert WeakKey(); revert NotBound();',
      'revert NotBound();',
    ],
    'signer-of-weak-key': [
      'if (!Ed25519.isStrong(q.signer)) revert WeakKey(); if (signature.length',
      'if (signature.length',
    ],
    'ed25519-with-more-bytes': [
      'if (signature.length != 64) revert BadSignature();',
      'if (signature.length < 64) revert BadSignature();',
    ],
    'ed25519-not-verified': [
      'if (!identities.verifyEd25519(q.signer, digest, bytes32(signature), bytes32(signature[32:]))) {',
      'if (false) {',
    ],
  }),
  ...inFile(`${SOURCES}/IdentityRegistry.sol`, {
    'binding-after-its-time': ['validUntil < block.timestamp ||', ''],
    'binding-not-in-its-last-second': [
      'validUntil < block.timestamp ||',
      'validUntil <= block.timestamp ||',
    ],
    'binding-for-any-time': ['|| validUntil > block.timestamp + MAX_VALIDITY_SECONDS', ''],
    'binding-one-second-too-long': [
      'validUntil > block.timestamp + MAX_VALIDITY_SECONDS',
      'validUntil > block.timestamp + MAX_VALIDITY_SECONDS + 1',
    ],
    'binding-of-weak-key': ['if (!Ed25519.isStrong(identity)) revert WeakKey();', ''],
    'binding-by-any-higher-number': [
      'nonce != uint256(old.nonce) + 1',
      'nonce < uint256(old.nonce) + 1',
    ],
    'binding-by-equal-number': [
      'nonce != uint256(old.nonce) + 1',
      'nonce != uint256(old.nonce) + 1 && nonce != old.nonce',
    ],
    'binding-by-lower-number': [
      'nonce != uint256(old.nonce) + 1',
      'nonce > uint256(old.nonce) + 1',
    ],
    'binding-without-consent': [
      'if (account != address(0)) _checkConsent(identity, account, nonce, validUntil, accountSignature);',
      '',
    ],
    'binding-with-more-bytes': ['identitySignature.length != 64', 'identitySignature.length < 64'],
    'binding-without-the-identity': ['if (!isSigned) revert BadSignature();', ''],
    'binding-does-not-step': [
      '_bindings[identity] = Binding(account, nonce);',
      '_bindings[identity] = Binding(account, old.nonce);',
    ],
    'binding-digest-of-any-chain': [
      'TAG_BIND, uint8(0), block.chainid, address(this)',
      'TAG_BIND, uint8(0), uint256(0), address(this)',
    ],
    'binding-digest-of-any-registry': [
      'block.chainid, address(this), identity, account, nonce, validUntil',
      'block.chainid, address(0), identity, account, nonce, validUntil',
    ],
    'binding-digest-of-any-account': [
      'identity, account, nonce, validUntil ) ); }',
      'identity, address(0), nonce, validUntil ) ); }',
    ],
    'binding-digest-of-any-number': [
      'identity, account, nonce, validUntil ) ); }',
      'identity, account, uint64(0), validUntil ) ); }',
    ],
    'binding-digest-of-any-time': [
      'identity, account, nonce, validUntil ) ); }',
      'identity, account, nonce, uint64(0) ) ); }',
    ],
    'consent-by-any-sender': ['if (msg.sender != account) revert BadSignature();', ''],
    'consent-by-anybody': [
      'if (!AccountSignatures.isBy(account, digest, signature)) revert BadSignature();',
      '',
    ],
  }),
  ...inFile(`${SOURCES}/lib/AccountSignatures.sol`, {
    'account-signature-by-another': [
      'recovered == account) return true;',
      'recovered != address(0)) return true;',
    ],
    'account-with-code-by-code-only': [
      'if (problem == ECDSA.RecoverError.NoError',
      'if (account.code.length == 0 && problem == ECDSA.RecoverError.NoError',
    ],
    'account-with-code-by-key-only': [
      'return SignatureChecker.isValidERC1271SignatureNowCalldata(account, digest, signature);',
      'return false;',
    ],
    'account-of-the-chain-itself-is-asked': ['if (account.code.length == 0) return false;', ''],
  }),
  ...inFile(`${SOURCES}/lib/Ed25519.sol`, {
    's-not-bounded': ['if (scalar >= L ||', 'if ('],
    'key-of-small-order-verified': [
      '!_isStrongEncoding(publicKey) || !_isStrongEncoding(r)',
      '!_isStrongEncoding(r)',
    ],
    'r-of-small-order-verified': [
      '!_isStrongEncoding(publicKey) || !_isStrongEncoding(r)',
      '!_isStrongEncoding(publicKey)',
    ],
    'key-off-the-curve-is-strong': [
      'return _power(uv, (P - 1) / 2) == 1;',
      'return _power(uv, (P - 1) / 2) != 0;',
    ],
    'key-of-order-four-is-strong': ['or(iszero(y), eq(y, shl(248, 1)))', 'eq(y, shl(248, 1))'],
    'neutral-key-is-strong': ['or(iszero(y), eq(y, shl(248, 1)))', 'iszero(y)'],
    'one-key-of-order-eight-is-strong': [
      'eq(y, 0x26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05)',
      '0',
    ],
    'other-key-of-order-eight-is-strong': [
      'eq(y, 0xc7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a)',
      '0',
    ],
    'key-of-order-two-is-strong': [
      'gt(y, 0xebffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f)',
      'gt(y, 0xecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f)',
    ],
    'sign-of-weak-key-is-looked-at': ['let y := and(publicKey, not(0x80))', 'let y := publicKey'],
    'sign-of-key-ignored': ['if (x & 1 != encoded >> 255) x = P - x;', ''],
    'root-not-corrected': ['x = mulmod(x, SQRT_MINUS_ONE, P);', ''],
    'sign-of-sum-ignored': ['Y | (X << 255)', 'Y'],
    'hash-without-the-key': [
      'Sha512.hash96(r, publicKey, message)',
      'Sha512.hash96(r, message, message)',
    ],
    'hash-not-reduced': ['mulmod(_reverse(low), TWO_256_MOD_L, L)', 'mulmod(_reverse(low), 1, L)'],
  }),
]
