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
    /// Person whose account is the claim key.
    uint256 private constant CLAIM_KEY = 50;

    /// What was, before the last request.
    ContextAnchor.Group private _before;
    mapping(bytes32 use => bool) private _isUsed;
    uint256 private _random;
    /// Digests of the invitations that were tried, and what was known of each.
    bytes32[] private _tickets;
    mapping(bytes32 digest => uint32) private _maxUses;
    mapping(bytes32 digest => ContextAnchor.Invitation) private _seen;
    /// When all of them expire.
    uint64 private _end;

    function testFuzz_keepsItsPromises(uint256 seed) external {
        _random = seed;
        _end = uint64(block.timestamp + 60);
        _before = anchor.group(groupId);
        uint256 accepted = 0;
        for (uint256 step = 0; step < STEPS; step++) {
            // the author knows best what is possible
            uint256 person = _pick(3) == 0 ? _pick(5) : 0;
            bytes memory operation = _operation(person);
            uint64 nonce = nonceOf(person);
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
            _check(person, nonce);
            _checkInvitations();
            vm.warp(block.timestamp + _pick(4));
        }
        require(accepted > 0, "nothing was accepted");
    }

    function _check(uint256 person, uint64 nonce) private {
        ContextAnchor.Group memory group = anchor.group(groupId);
        // nobody ever uses a nonce again, in any of its memberships or to join
        bytes32 use = keccak256(abi.encode(person, nonce));
        require(!_isUsed[use], "a nonce came back");
        _isUsed[use] = true;
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
        if (kind < 10) return _people(Api.REMOVE_MEMBERS, uint8(_pick(2)));
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
        if (_pick(9) == 0) return abi.encodePacked(Api.SEAL);
        if (_pick(4) == 0) return abi.encodePacked(Api.VOID_INVITATIONS);
        if (_pick(4) == 0) return abi.encodePacked(Api.MIGRATE_TO, Borsh.text(_pick(2) == 0 ? bytes("") : abi.encodePacked(address(registry))));
        (bytes memory terms, bytes memory word,) = _ticket();
        return abi.encodePacked(Api.REVOKE_INVITATION, terms, word);
    }

    /// An invitation is never used more often than it may be, and what was revoked stays so.
    function _checkInvitations() private {
        for (uint256 i = 0; i < _tickets.length; i++) {
            bytes32 digest = _tickets[i];
            ContextAnchor.Invitation memory known = anchor.invitation(digest);
            require(known.uses <= _maxUses[digest], "used too often");
            if (block.timestamp > _end) continue;
            require(known.uses >= _seen[digest].uses, "a use was forgotten");
            require(known.isRevoked || !_seen[digest].isRevoked, "a revocation was forgotten");
            require(!_seen[digest].isRevoked || known.uses == _seen[digest].uses, "a revoked one was used");
            _seen[digest] = known;
        }
    }

    /// One to three people, each once.
    function _people(uint8 operation, uint8 value) private returns (bytes memory) {
        uint256 count = 1 + _pick(3);
        uint256 first = _pick(People.COUNT);
        bytes32[] memory ids = new bytes32[](count);
        for (uint256 i = 0; i < count; i++) ids[i] = People.key((first + i) % People.COUNT);
        return abi.encodePacked(operation, Borsh.people(operation, ids, value));
    }

    /// A claim of an invitation by person 0 or 1.
    function _claim(uint256 claimant) private returns (bytes memory) {
        (bytes memory terms, bytes memory word, bytes32 digest) = _ticket();
        bytes32 claim = keccak256(abi.encode(anchor.CLAIM_TYPEHASH(), digest, People.key(claimant)));
        bytes memory own = People.signCompactly(CLAIM_KEY, typedDigest("merogate contexts", address(anchor), claim));
        return abi.encodePacked(Api.CLAIM_INVITATION, terms, word, own);
    }

    /// One of a few invitations, signed by its inviter's key or account. The same number is the same invitation while its inviter's
    /// membership and series are.
    function _ticket() private returns (bytes memory terms, bytes memory word, bytes32 digest) {
        bytes32 inviter = People.key(_pick(4) == 0 ? 1 : 0);
        bytes32 asKey = bytes32(uint256(uint160(People.account(CLAIM_KEY))));
        uint64 number = uint64(_pick(6));
        (uint8 role, uint8 bits) = (uint8(number % 3), number == 3 ? 3 : 0);
        ContextAnchor.Member memory record = anchor.member(groupId, inviter);
        terms = abi.encodePacked(Borsh.domain(address(anchor)), groupId, inviter, asKey, role, bits, Borsh.u64(_end));
        terms = abi.encodePacked(terms, Borsh.u32(number), Borsh.u64(number), Borsh.u64(record.joinedRevision));
        terms = abi.encodePacked(terms, bytes2(Borsh.u32(record.series)));
        digest = sha256(abi.encodePacked(Api.TAG_INVITATION, uint8(0), terms));
        if (_maxUses[digest] == 0) _tickets.push(digest);
        _maxUses[digest] = uint32(number);
        uint256 signWith = inviter == People.key(0) ? 0 : 1;
        if (_pick(2) == 0) return (terms, People.sign(signWith, digest), digest);
        bytes memory fields = abi.encode(anchor.INVITATION_TYPEHASH(), groupId, inviter, asKey, role, bits, _end);
        fields = abi.encodePacked(
            fields, abi.encode(uint32(number), number, record.joinedRevision, record.series)
        );
        bytes32 typed = typedDigest("merogate contexts", address(anchor), keccak256(fields));
        return (terms, People.signCompactly(signWith, typed), digest);
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
