// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @notice What other contracts ask of the identity registry.
interface IIdentityRegistry {
    /// @notice The account that speaks for an identity; zero when it is bound to none.
    function accountOf(bytes32 identity) external view returns (address);

    /// @notice Whether (r, s) is a strict RFC 8032 ed25519 signature of the 32-byte message by the identity.
    function verifyEd25519(bytes32 identity, bytes32 message, bytes32 r, bytes32 s) external view returns (bool);
}
