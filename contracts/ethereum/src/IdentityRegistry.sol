// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {BadSignature, BindStale, Expired, MAX_VALIDITY_SECONDS, TAG_BIND, WeakKey} from "./Interface.sol";
import {IIdentityRegistry} from "./IIdentityRegistry.sol";
import {AccountSignatures} from "./lib/AccountSignatures.sol";
import {Ed25519} from "./lib/Ed25519.sol";

/// @title Which account speaks for which ed25519 identity
/// @notice An identity binds itself to an account once, by proof of both keys; afterwards the account's signatures, which the chain checks
/// cheaply, count as the identity's. Only the identity's own key can change or end a binding, so a lost or stolen account key is
/// replaced by it. One registry serves every contract of a chain. No owner, no upgrade.
contract IdentityRegistry is IIdentityRegistry, EIP712 {
    /// @notice EIP-712 type of an account's consent.
    bytes32 public constant BINDING_TYPEHASH =
        keccak256("Binding(bytes32 identity,address account,uint64 nonce,uint64 validUntil)");

    struct Binding {
        address account;
        /// Number of the newest binding; the next is one higher.
        uint64 nonce;
    }

    mapping(bytes32 identity => Binding) private _bindings;

    /// @notice The identity is bound to the account from now on.
    event KeyBound(bytes32 indexed identity, address indexed account, uint64 nonce);
    /// @notice The identity is bound to no account any more.
    event KeyUnbound(bytes32 indexed identity, address indexed account, uint64 nonce);

    constructor() EIP712("merogate identities", "2") {}

    /// @notice Binds an identity to an account, or to none with the zero address.
    /// @param identity ed25519 public key, 32 bytes as RFC 8032 writes them
    /// @param nonce one above that of the identity's newest binding, 1 for the first
    /// @param validUntil last second at which this may be called, Unix time, at most a day ahead
    /// @param identitySignature 64 bytes, ed25519 by the identity over `bindingDigest`
    /// @param accountSignature EIP-712 or ERC-1271 consent of the account to `Binding`; empty when it sends the call, or is zero
    function bind(
        bytes32 identity,
        address account,
        uint64 nonce,
        uint64 validUntil,
        bytes calldata identitySignature,
        bytes calldata accountSignature
    ) external {
        if (validUntil < block.timestamp || validUntil > block.timestamp + MAX_VALIDITY_SECONDS) revert Expired();
        if (!Ed25519.isStrong(identity)) revert WeakKey();
        Binding memory old = _bindings[identity];
        // by one: a number that somebody made up must not use up those that follow
        if (nonce != uint256(old.nonce) + 1) revert BindStale();
        if (account != address(0)) _checkConsent(identity, account, nonce, validUntil, accountSignature);
        if (identitySignature.length != 64) revert BadSignature();
        bytes32 digest = bindingDigest(identity, account, nonce, validUntil);
        bool isSigned =
            Ed25519.verify(identity, digest, bytes32(identitySignature), bytes32(identitySignature[32:]));
        if (!isSigned) revert BadSignature();
        _bindings[identity] = Binding(account, nonce);
        if (account == address(0)) emit KeyUnbound(identity, old.account, nonce);
        else emit KeyBound(identity, account, nonce);
    }

    /// @inheritdoc IIdentityRegistry
    function accountOf(bytes32 identity) external view returns (address) {
        return _bindings[identity].account;
    }

    /// @notice Number of the identity's newest binding; 0 before the first.
    function bindingNonce(bytes32 identity) external view returns (uint64) {
        return _bindings[identity].nonce;
    }

    /// @inheritdoc IIdentityRegistry
    function verifyEd25519(bytes32 identity, bytes32 message, bytes32 r, bytes32 s) external view returns (bool) {
        return Ed25519.verify(identity, message, r, s);
    }

    /// @notice What an identity signs to be bound: SHA-256 of tag, zero byte, chain id (32 bytes), this contract, identity, account, nonce
    /// and validUntil (8 bytes each, big-endian).
    function bindingDigest(bytes32 identity, address account, uint64 nonce, uint64 validUntil)
        public
        view
        returns (bytes32)
    {
        return sha256(
            abi.encodePacked(
                TAG_BIND, uint8(0), block.chainid, address(this), identity, account, nonce, validUntil
            )
        );
    }

    function _checkConsent(
        bytes32 identity,
        address account,
        uint64 nonce,
        uint64 validUntil,
        bytes calldata signature
    ) private view {
        if (signature.length == 0) {
            if (msg.sender != account) revert BadSignature();
            return;
        }
        bytes32 digest =
            _hashTypedDataV4(keccak256(abi.encode(BINDING_TYPEHASH, identity, account, nonce, validUntil)));
        if (!AccountSignatures.isBy(account, digest, signature)) revert BadSignature();
    }
}
