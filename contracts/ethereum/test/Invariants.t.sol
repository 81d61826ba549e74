// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ContextAnchor} from "../src/ContextAnchor.sol";
import "../src/Interface.sol" as Api;
import {AnchorBench} from "./support/AnchorBench.sol";
import {Borsh} from "./support/Borsh.sol";
import {People} from "./support/People.sol";
import {vm} from "./Vm.sol";

/// What holds after whatever was asked for: random requests of random people, good ones and bad ones, and after each the whole group is
/// looked at.
contract InvariantsTest is AnchorBench {
    uint256 private constant STEPS = 40;

    /// What was, before the last request.
    ContextAnchor.Group private _before;
    mapping(bytes32 use => bool) private _isUsed;
    uint256 private _random;

    function testFuzz_keepsItsPromises(uint256 seed) external {
        _random = seed;
        _before = anchor.group(groupId);
        uint256 accepted = 0;
        for (uint256 step = 0; step < STEPS; step++) {
            // the author knows best what is possible
            uint256 person = _pick(3) == 0 ? _pick(5) : 0;
            bytes memory operation = _operation(person);
            bool isClaim = uint8(operation[0]) == Api.CLAIM_INVITATION;
            uint64 nonce = isClaim ? 0 : nonceOf(person);
            if (_pick(12) == 0) nonce += uint64(_pick(3)) << (32 * _pick(2));
            uint256 signWith = _pick(12) == 0 ? _pick(5) : person;
            bytes32 stored = _state();
            bytes4 refusal = send(Door(_pick(3)), signWith, envelope(person, operation, groupId, nonce));
            if (refusal != 0) {
                require(_state() == stored, "a refusal changed something");
                continue;
            }
            accepted++;
            require(signWith == person, "taken from somebody else");
            _check(person, nonce, isClaim);
            vm.warp(block.timestamp + _pick(4));
        }
        require(accepted > 0, "nothing was accepted");
    }

    function _check(uint256 person, uint64 nonce, bool isClaim) private {
        ContextAnchor.Group memory group = anchor.group(groupId);
        // nobody ever uses a nonce again, in any of its memberships
        if (!isClaim) {
            bytes32 use = keccak256(abi.encode(person, nonce));
            require(!_isUsed[use], "a nonce came back");
            _isUsed[use] = true;
        }
        (uint64 revision, uint32 total, bytes32[] memory ids, ContextAnchor.Member[] memory records) =
            anchor.members(groupId, 0, 100);
        require(revision == group.membersRevision, "another revision");
        require(total == group.count && ids.length == group.count, "another count");
        uint256 managers = 0;
        for (uint256 i = 0; i < ids.length; i++) {
            ContextAnchor.Member memory record = anchor.member(groupId, ids[i]);
            // each slot has a member of its own, and each member knows its slot
            require(record.slot == i && record.joinedRevision > 0 && record.joinedRevision <= revision, "another slot");
            require(keccak256(abi.encode(record)) == keccak256(abi.encode(records[i])), "another record");
            require(record.nonce >= uint256(record.joinedRevision) << 32, "a nonce of an earlier membership");
            require(record.nonce <= (uint256(revision) + 1 << 32) + STEPS, "a nonce of a later membership");
            require(record.role < 3 && record.capabilities < 32, "what there is not");
            if (record.role == Api.ROLE_RELAY) require(record.capabilities == 0, "a relay holds something");
            if (record.capabilities & Api.CAPABILITY_MANAGE_MEMBERS != 0) managers++;
            for (uint256 j = 0; j < i; j++) require(ids[i] != ids[j], "somebody twice");
        }
        require(managers == group.managers, "managers are counted wrongly");
        require(managers > 0 || group.isSealed, "nobody manages");
        // who is in no slot is no member
        uint256 known = 0;
        for (uint256 i = 0; i < People.COUNT; i++) if (anchor.hasMember(groupId, People.key(i))) known++;
        require(known == group.count, "somebody without a slot");
        uint256 moved = group.membersRevision - _before.membersRevision;
        uint256 changed = group.capabilitiesRevision - _before.capabilitiesRevision;
        require(moved + changed <= 1, "revisions move by one at most");
        require(moved == 1 || group.count == _before.count, "a list changed without its revision");
        require(!_before.isSealed, "a sealed group changed");
        _before = group;
    }

    function _operation(uint256 person) private returns (bytes memory) {
        uint256 kind = _pick(26);
        if (kind < 7) return _people(Api.ADD_MEMBERS, uint8(_pick(3)));
        if (kind < 10) return _people(Api.REMOVE_MEMBERS, 0);
        if (kind < 14) return _people(Api.GRANT, uint8(1 + _pick(31)));
        if (kind < 16) return _people(Api.REVOKE, uint8(1 + _pick(31)));
        if (kind < 18) return _people(Api.SET_ROLE, uint8(_pick(3)));
        if (kind < 21) return _claim(person);
        if (kind == 21) return abi.encodePacked(Api.LEAVE);
        if (kind == 22) {
            uint256 far = _pick(2) == 0 ? _pick(4) : (1 << 32) + _pick(4) - 2;
            return abi.encodePacked(Api.BUMP_NONCE, Borsh.u64(nonceOf(person) + far));
        }
        if (kind == 23) return abi.encodePacked(Api.SET_OPTIONS, uint8(_pick(2)));
        if (kind == 24) return abi.encodePacked(Api.UPDATE_APPLICATION, Borsh.application(bytes32(_pick(3)), 4, 4));
        if (_pick(4) == 0) return abi.encodePacked(Api.SEAL);
        bytes memory which = abi.encodePacked(People.key(_pick(2)), Borsh.u64(_pick(4)));
        return abi.encodePacked(Api.REVOKE_INVITATION, which, Borsh.u64(block.timestamp + _pick(60)));
    }

    /// One to three people, each once.
    function _people(uint8 operation, uint8 value) private returns (bytes memory) {
        uint256 count = 1 + _pick(3);
        uint256 first = _pick(People.COUNT);
        bytes32[] memory ids = new bytes32[](count);
        for (uint256 i = 0; i < count; i++) ids[i] = People.key((first + i) % People.COUNT);
        return abi.encodePacked(operation, Borsh.people(operation, ids, value));
    }

    /// A claim of an invitation by person 0 or 1, signed by its own key or its account.
    function _claim(uint256 claimant) private returns (bytes memory) {
        uint256 inviter = _pick(4) == 0 ? 1 : 0;
        uint256 claimKey = 50;
        bytes32 asKey = bytes32(uint256(uint160(People.account(claimKey))));
        uint8 role = uint8(_pick(3));
        uint8 bits = _pick(3) == 0 ? uint8(_pick(32)) : 0;
        uint64 notAfter = uint64(block.timestamp + 20);
        uint32 maxUses = uint32(_pick(4));
        uint64 number = uint64(_pick(4));
        bytes memory terms = abi.encodePacked(
            abi.encodePacked(Borsh.domain(address(anchor)), groupId, People.key(inviter), asKey, role, bits),
            abi.encodePacked(Borsh.u64(notAfter), Borsh.u32(maxUses), Borsh.u64(number))
        );
        bytes32 digest = sha256(abi.encodePacked(Api.TAG_INVITATION, uint8(0), terms));
        bytes32 typed = keccak256(
            abi.encode(
                anchor.INVITATION_TYPEHASH(), groupId, People.key(inviter), asKey, role, bits, notAfter, maxUses, number
            )
        );
        bytes memory word = _pick(2) == 0
            ? People.sign(inviter, digest)
            : People.signCompactly(inviter, typedDigest("merogate contexts", address(anchor), typed));
        bytes32 claim = keccak256(abi.encode(anchor.CLAIM_TYPEHASH(), digest, People.key(claimant)));
        bytes memory own = People.signCompactly(claimKey, typedDigest("merogate contexts", address(anchor), claim));
        return abi.encodePacked(Api.CLAIM_INVITATION, terms, word, own);
    }

    /// Everything that can be asked of the group.
    function _state() private view returns (bytes32) {
        (uint64 revision, uint32 total, bytes32[] memory ids, ContextAnchor.Member[] memory records) =
            anchor.members(groupId, 0, 100);
        (, uint64 application,) = anchor.context(groupId);
        return keccak256(abi.encode(anchor.group(groupId), revision, total, ids, records, application));
    }

    function _pick(uint256 below) private returns (uint256) {
        _random = uint256(keccak256(abi.encode(_random)));
        return _random % below;
    }
}
