// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {
    BadSignature,
    CHAIN_EVM,
    Expired,
    LimitExceeded,
    MAX_ENVELOPE_BYTES,
    MAX_VALIDITY_SECONDS,
    Malformed,
    NotBound,
    TAG_OPERATION,
    WeakKey,
    wordsOf,
    WrongDomain
} from "./Interface.sol";
import {IIdentityRegistry} from "./IIdentityRegistry.sol";
import {AccountSignatures} from "./lib/AccountSignatures.sol";
import {Ed25519} from "./lib/Ed25519.sol";
import {Reader} from "./lib/Reader.sol";

/// @notice What signed requests have in common: how their head is read, what they are signed with, and until when they hold.
/// An envelope is the borsh bytes {version u8 = 1; domain {chain u8, network 32, contract bytes}; subject 32; signer 32; nonce u64;
/// validUntil u64; ifMembersRevision, ifApplicationRevision: option u64; operation u8 and its fields}, the same on every chain.
///
/// The signer is an ed25519 identity. Three proofs of it are taken: its own signature (`submitEd25519`), and, once it is bound to an
/// account in the identity registry, the account's EIP-712 or ERC-1271 signature (`submit`), or that the account itself sends the
/// transaction (`submit` with an empty signature).
abstract contract Envelopes is EIP712 {
    /// @notice EIP-712 type of a request. The readable fields repeat what stands in the envelope, for wallets to show; `operation` are the words
    /// that `contracts/interface.json` has for it.
    bytes32 public constant REQUEST_TYPEHASH = keccak256(
        "Request(string operation,bytes32 subject,bytes32 signer,uint64 nonce,uint64 validUntil,bytes envelope)"
    );

    /// @dev No revision is asked for. An option's own value is a u64 and cannot be this.
    uint256 internal constant ANY_REVISION = type(uint256).max;

    /// @notice Who speaks for which identity.
    IIdentityRegistry public immutable identities;

    /// @notice A request as it was read. `pos` and `end` bound the operation's fields in calldata.
    struct Request {
        bytes32 subject;
        bytes32 signer;
        uint64 nonce;
        uint64 validUntil;
        uint256 ifMembersRevision;
        uint256 ifApplicationRevision;
        uint8 operation;
        bool isForUs;
        uint256 pos;
        uint256 end;
    }

    constructor(IIdentityRegistry registry) {
        identities = registry;
    }

    /// @dev The head of an envelope; its domain is compared later, so that bytes that are no request say so first.
    function _readHead(bytes calldata envelope) internal view returns (Request memory q) {
        if (envelope.length > MAX_ENVELOPE_BYTES) revert LimitExceeded();
        unchecked {
            uint256 pos;
            assembly ("memory-safe") {
                pos := envelope.offset
            }
            uint256 end = pos + envelope.length;
            if (Reader.u8(pos) != 1) revert Malformed();
            uint256 length = Reader.u32(pos + 34);
            q.isForUs = _isOurDomain(pos + 1, length);
            pos += 38 + length;
            q.subject = Reader.word(pos);
            q.signer = Reader.word(pos + 32);
            (q.nonce, q.validUntil) = Reader.u64Pair(pos + 64);
            (q.ifMembersRevision, pos) = _readRevision(pos + 80);
            (q.ifApplicationRevision, pos) = _readRevision(pos);
            q.operation = Reader.u8(pos);
            q.pos = pos + 1;
            q.end = end;
            // positions only grow: that the last one lies within the message says it of all of them
            if (pos >= end) revert Malformed();
        }
    }

    /// @dev Whether the domain at a position, with a contract of so many bytes, is this contract's.
    function _isOurDomain(uint256 pos, uint256 length) internal view returns (bool) {
        unchecked {
            uint256 contractBytes = uint256(Reader.word(pos + 37)) >> 96;
            // the bits in which they differ: one comparison for all of them
            uint256 differences = (length ^ 20) | (Reader.u8(pos) ^ CHAIN_EVM)
                | (uint256(Reader.word(pos + 1)) ^ block.chainid) | (contractBytes ^ uint160(address(this)));
            return differences == 0;
        }
    }

    function _readRevision(uint256 pos) private pure returns (uint256 revision, uint256 next) {
        unchecked {
            if (Reader.ordinal(pos, 2) == 0) return (ANY_REVISION, pos + 1);
            return (Reader.u64(pos + 1), pos + 9);
        }
    }

    /// @dev Whether the request is meant for this contract, now.
    function _checkDomainAndTime(Request memory q) internal view {
        if (!q.isForUs) revert WrongDomain();
        unchecked {
            // a second that is over counts as one far ahead
            if (q.validUntil - block.timestamp > MAX_VALIDITY_SECONDS) revert Expired();
        }
    }

    /// @dev Whether the account bound to the signer stands behind the request.
    function _checkAccount(Request memory q, bytes calldata envelope, bytes calldata signature) internal view {
        address account = _accountOf(q.signer);
        if (account == address(0)) {
            // the registry binds no weak key, so that only here may there be one
            if (!Ed25519.isStrong(q.signer)) revert WeakKey();
            revert NotBound();
        }
        if (signature.length == 0) {
            if (msg.sender != account) revert BadSignature();
            return;
        }
        bytes32 digest = _hashTypedDataV4(
            keccak256(
                abi.encode(
                    REQUEST_TYPEHASH,
                    wordsOf(q.operation),
                    q.subject,
                    q.signer,
                    q.nonce,
                    q.validUntil,
                    keccak256(envelope)
                )
            )
        );
        if (!AccountSignatures.isBy(account, digest, signature)) revert BadSignature();
    }

    /// @dev The account of an identity; zero when it is bound to none. By hand, because every request pays for this call: the compiler's
    /// costs some 250 gas more.
    function _accountOf(bytes32 identity) internal view returns (address account) {
        address registry = address(identities);
        bytes4 selector = IIdentityRegistry.accountOf.selector;
        assembly ("memory-safe") {
            mstore(0, selector)
            mstore(4, identity)
            let succeeded := staticcall(gas(), registry, 0, 36, 0, 32)
            if iszero(and(succeeded, gt(returndatasize(), 31))) { revert(0, 0) }
            account := mload(0)
        }
    }

    /// @dev Whether the signer itself signed the bytes as they came: ed25519 over SHA-256(tag, zero byte, envelope).
    function _checkEd25519(Request memory q, bytes calldata envelope, bytes calldata signature) internal view {
        if (!Ed25519.isStrong(q.signer)) revert WeakKey();
        if (signature.length != 64) revert BadSignature();
        bytes32 digest = sha256(abi.encodePacked(TAG_OPERATION, uint8(0), envelope));
        if (!identities.verifyEd25519(q.signer, digest, bytes32(signature), bytes32(signature[32:]))) {
            revert BadSignature();
        }
    }
}
