// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Fields} from "../src/Fields.sol";
import "../src/Interface.sol" as Api;
import {Borsh} from "./support/Borsh.sol";
import {People} from "./support/People.sol";

/// The library across a call: it reads calldata.
contract FieldsCaller {
    function check(uint8 operation, bytes calldata fields) external pure {
        uint256 pos;
        assembly {
            pos := fields.offset
        }
        Fields.check(operation, pos, pos + fields.length);
    }
}

contract FieldsTest {
    FieldsCaller private _fields = new FieldsCaller();

    /// Of each operation one that is right: then no byte more or less is.
    function test_endsWhereTheMessageEnds() external view {
        for (uint8 operation = 0; operation <= 24; operation++) {
            bytes memory fields = _example(operation);
            bool isKnown = operation != 7 && operation != 8 && operation < 16 || operation == Api.MIGRATE_TO;
            _expect(operation, fields, isKnown ? bytes4(0) : Api.Malformed.selector);
            _expect(operation, abi.encodePacked(fields, uint8(0)), Api.Malformed.selector);
            for (uint256 length = 0; length < fields.length; length++) {
                _expect(operation, _cut(fields, length), Api.Malformed.selector);
            }
        }
    }

    function test_takesOneToSixteenPeople() external view {
        uint8[5] memory operations = [Api.ADD_MEMBERS, Api.REMOVE_MEMBERS, Api.SET_ROLE, Api.GRANT, Api.REVOKE];
        for (uint256 i = 0; i < operations.length; i++) {
            for (uint256 count = 0; count <= 18; count++) {
                bytes4 expected = count == 0
                    ? Api.Malformed.selector
                    : count > 16 ? Api.LimitExceeded.selector : bytes4(0);
                _expect(operations[i], Borsh.people(operations[i], _crowd(count), 1), expected);
            }
        }
    }

    function testFuzz_takesNobodyTwice(uint8 count, uint8 one, uint8 other, uint8 kind) external view {
        uint8[5] memory operations = [Api.ADD_MEMBERS, Api.REMOVE_MEMBERS, Api.SET_ROLE, Api.GRANT, Api.REVOKE];
        uint8 operation = operations[kind % 5];
        bytes32[] memory ids = _crowd(uint256(count) % 15 + 2);
        (uint256 a, uint256 b) = (one % ids.length, other % ids.length);
        ids[a] = ids[b];
        _expect(operation, Borsh.people(operation, ids, 1), a == b ? bytes4(0) : Api.Malformed.selector);
    }

    function test_takesRolesPoliciesAndBitsThatThereAre() external view {
        for (uint256 value = 0; value < 256; value++) {
            uint8 byte_ = uint8(value);
            bytes32[] memory ids = _crowd(2);
            bytes4 asRole = value < 3 ? bytes4(0) : Api.Malformed.selector;
            _expect(Api.ADD_MEMBERS, Borsh.people(Api.ADD_MEMBERS, ids, byte_), asRole);
            _expect(Api.SET_ROLE, Borsh.people(Api.SET_ROLE, ids, byte_), asRole);
            bytes4 asBits = value > 0 && value < 32 ? bytes4(0) : Api.Malformed.selector;
            _expect(Api.GRANT, Borsh.people(Api.GRANT, ids, byte_), asBits);
            _expect(Api.REVOKE, Borsh.people(Api.REVOKE, ids, byte_), asBits);
            bytes4 asPolicy = value < 2 ? bytes4(0) : Api.Malformed.selector;
            _expect(Api.SET_OPTIONS, abi.encodePacked(byte_), asPolicy);
            bytes memory application = Borsh.application("a", 5, 5);
            _expect(Api.CREATE_CONTEXT, abi.encodePacked(bytes32(0), application, byte_, uint8(0)), asPolicy);
            bytes4 asOption = value == 0 ? bytes4(0) : Api.Malformed.selector;
            _expect(Api.CREATE_CONTEXT, abi.encodePacked(bytes32(0), application, uint8(0), byte_), asOption);
            bytes4 asGroup = value == 1 ? bytes4(0) : Api.Malformed.selector;
            bytes memory created = abi.encodePacked(bytes32(0), application, uint8(0), byte_, bytes32(0));
            _expect(Api.CREATE_CONTEXT, created, asGroup);
            _expect(Api.CLAIM_INVITATION, _claim(20, byte_, 0), asRole);
            bytes4 asGiven = value < 32 ? bytes4(0) : Api.Malformed.selector;
            _expect(Api.CLAIM_INVITATION, _claim(20, 0, byte_), asGiven);
            _expect(Api.REVOKE_INVITATION, _revocation(byte_, 0), asRole);
            _expect(Api.REVOKE_INVITATION, _revocation(0, byte_), asGiven);
        }
    }

    function test_boundsApplications() external view {
        uint256[4] memory sources = [uint256(0), 512, 513, 4000];
        uint256[4] memory metadata = [uint256(0), 1024, 1025, 3000];
        for (uint256 i = 0; i < 16; i++) {
            bytes memory application = Borsh.application("a", sources[i / 4], metadata[i % 4]);
            bytes4 expected = i / 4 > 1 || i % 4 > 1 ? Api.LimitExceeded.selector : bytes4(0);
            _expect(Api.UPDATE_APPLICATION, application, expected);
            _expect(Api.CREATE_CONTEXT, abi.encodePacked(bytes32(0), application, uint8(0), uint8(0)), expected);
            // what is no message at all is not too large a message
            _expect(Api.UPDATE_APPLICATION, abi.encodePacked(application, uint8(0)), Api.Malformed.selector);
        }
    }

    function test_boundsSuccessors() external view {
        for (uint256 length = 0; length <= 70; length++) {
            bytes4 expected = length > 64 ? Api.LimitExceeded.selector : bytes4(0);
            _expect(Api.MIGRATE_TO, Borsh.text(new bytes(length)), expected);
        }
    }

    /// A domain names a contract by as many bytes as it likes; whether it is ours is asked later.
    function testFuzz_takesDomainsOfAnyLength(uint16 length) external view {
        _expect(Api.CLAIM_INVITATION, _claim(length % 5000, 1, 3), 0);
    }

    /// Whatever the bytes are, nothing but a refusal comes of them, at a bounded price.
    function testFuzz_survivesGarbage(uint8 operation, bytes calldata fields) external view {
        uint256 before = gasleft();
        (bool succeeded, bytes memory answer) =
            address(_fields).staticcall(abi.encodeCall(FieldsCaller.check, (operation % 24, fields)));
        require(before - gasleft() < 2_000_000, "too dear");
        if (succeeded) return;
        bytes4 refusal = bytes4(answer);
        bool isKnown = refusal == Api.Malformed.selector || refusal == Api.LimitExceeded.selector;
        require(answer.length == 4 && isKnown, "another refusal");
    }

    /// What one byte does to a message that is right.
    function testFuzz_survivesDamage(uint8 operation, uint16 place, uint8 value) external view {
        operation %= 24;
        bytes memory fields = _example(operation);
        if (fields.length > 0) fields[place % fields.length] = bytes1(value);
        (bool succeeded, bytes memory answer) =
            address(_fields).staticcall(abi.encodeCall(FieldsCaller.check, (operation, fields)));
        if (succeeded) return;
        bytes4 refusal = bytes4(answer);
        require(refusal == Api.Malformed.selector || refusal == Api.LimitExceeded.selector, "another refusal");
    }

    function _example(uint8 operation) private pure returns (bytes memory) {
        if (operation == Api.CREATE_CONTEXT) {
            return abi.encodePacked(bytes32(0), Borsh.application("a", 3, 2), uint8(1), uint8(1), bytes32(0));
        }
        if (operation == Api.UPDATE_APPLICATION) return Borsh.application("a", 33, 2);
        if (operation >= Api.ADD_MEMBERS && operation <= Api.REVOKE || operation == Api.SET_ROLE) {
            return Borsh.people(operation, _crowd(3), 2);
        }
        if (operation == Api.CLAIM_INVITATION) return _claim(20, 1, 1);
        if (operation == Api.REVOKE_INVITATION) return _revocation(1, 1);
        if (operation == Api.BUMP_NONCE) return new bytes(8);
        if (operation == Api.SET_OPTIONS) return new bytes(1);
        if (operation == Api.MIGRATE_TO) return Borsh.text(new bytes(20));
        return "";
    }

    /// A claim whose domain has a contract of so many bytes.
    function _claim(uint256 length, uint8 role, uint8 bits) private pure returns (bytes memory) {
        bytes memory domain = abi.encodePacked(uint8(3), bytes32(0), Borsh.text(new bytes(length)));
        return abi.encodePacked(domain, new bytes(96), role, bits, new bytes(30), new bytes(128));
    }

    /// The same without the signature of a claim key.
    function _revocation(uint8 role, uint8 bits) private pure returns (bytes memory) {
        bytes memory claim = _claim(20, role, bits);
        return _cut(claim, claim.length - 64);
    }

    function _crowd(uint256 count) private pure returns (bytes32[] memory ids) {
        ids = new bytes32[](count);
        for (uint256 i = 0; i < count; i++) ids[i] = keccak256(abi.encode(i, People.key(0)));
    }

    function _cut(bytes memory fields, uint256 length) private pure returns (bytes memory part) {
        part = abi.encodePacked(fields);
        assembly {
            mstore(part, length)
        }
    }

    function _expect(uint8 operation, bytes memory fields, bytes4 expected) private view {
        (bool succeeded, bytes memory answer) =
            address(_fields).staticcall(abi.encodeCall(FieldsCaller.check, (operation, fields)));
        require(succeeded == (expected == 0), succeeded ? "taken" : "refused");
        require(succeeded || (bytes4(answer) == expected && answer.length == 4), "another refusal");
    }
}
