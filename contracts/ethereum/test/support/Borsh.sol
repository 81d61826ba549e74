// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ADD_MEMBERS, CHAIN_EVM, REMOVE_MEMBERS, SET_ROLE} from "../../src/Interface.sol";

/// Writes what the contracts read: integers little-endian, lists and texts with a u32 before them.
library Borsh {
    function u32(uint256 value) internal pure returns (bytes4) {
        return bytes4(_littleEndian(value));
    }

    function u64(uint256 value) internal pure returns (bytes8) {
        return bytes8(_littleEndian(value));
    }

    /// Bytes in the other order.
    function reverse(uint256 value) internal pure returns (bytes32) {
        return _littleEndian(value);
    }

    function text(bytes memory value) internal pure returns (bytes memory) {
        return abi.encodePacked(u32(value.length), value);
    }

    /// A contract's domain.
    function domain(address contract_) internal view returns (bytes memory) {
        return abi.encodePacked(CHAIN_EVM, block.chainid, u32(20), contract_);
    }

    /// An application of so many bytes of source and metadata.
    function application(bytes32 id, uint256 source, uint256 metadata) internal pure returns (bytes memory) {
        bytes memory name = new bytes(source);
        for (uint256 i = 0; i < source; i++) name[i] = "a";
        return abi.encodePacked(id, id, u64(7), text(name), text(new bytes(metadata)));
    }

    function list(bytes32[] memory ids) internal pure returns (bytes memory) {
        return abi.encodePacked(u32(ids.length), ids);
    }

    /// Fields of operations on a list of people: with a role, with bits for each, or with whether they may return.
    function people(uint8 operation, bytes32[] memory ids, uint8 value) internal pure returns (bytes memory fields) {
        if (operation == REMOVE_MEMBERS) return abi.encodePacked(list(ids), value & 1);
        if (operation == ADD_MEMBERS || operation == SET_ROLE) return abi.encodePacked(list(ids), value);
        fields = abi.encodePacked(u32(ids.length));
        for (uint256 i = 0; i < ids.length; i++) fields = abi.encodePacked(fields, ids[i], value);
    }

    function one(bytes32 id) internal pure returns (bytes32[] memory ids) {
        ids = new bytes32[](1);
        ids[0] = id;
    }

    function _littleEndian(uint256 value) private pure returns (bytes32 result) {
        uint256 reversed = 0;
        for (uint256 i = 0; i < 32; i++) {
            reversed = (reversed << 8) | (value & 0xff);
            value >>= 8;
        }
        return bytes32(reversed);
    }
}
