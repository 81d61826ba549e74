// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ContextAnchor} from "../src/ContextAnchor.sol";
import {IdentityRegistry} from "../src/IdentityRegistry.sol";
import "../src/Interface.sol" as Api;
import {Ed25519} from "../src/lib/Ed25519.sol";
import {AnchorBench} from "./support/AnchorBench.sol";
import {Borsh} from "./support/Borsh.sol";
import {People} from "./support/People.sol";
import {CallingWallet, Wallet} from "./support/Wallets.sol";
import {vm} from "./Vm.sol";

/// The contract through its doors. What it decides is compared with the reference model in `test/contracts/ethereum`; here is what needs
/// other contracts, bytes that no client writes, and time.
contract ContextAnchorTest is AnchorBench {
    bytes4 private constant BAD_SIGNATURE = Api.BadSignature.selector;

    function test_opensEachDoorToItsProof() external {
        for (uint256 door = 0; door < 3; door++) {
            bytes memory add = people(Api.ADD_MEMBERS, door + 1, 0);
            bytes memory request = envelope(0, add, groupId, nonceOf(0));
            mustBe(send(Door(door), 1, request), BAD_SIGNATURE);
            mustBe(send(Door(door), 0, request), 0);
            // once by one door is never again by any
            for (uint256 other = 0; other < 3; other++) mustBe(send(Door(other), 0, request), Api.BadNonce.selector);
            require(anchor.hasMember(groupId, People.key(door + 1)), "not added");
        }
    }

    function test_opensNoDoorToTheProofOfAnother() external {
        bytes memory request = envelope(0, people(Api.ADD_MEMBERS, 1, 0), groupId, nonceOf(0));
        bytes memory own = People.sign(0, ed25519Digest(request));
        bytes memory typed = People.signAsAccount(0, requestDigest(request));
        mustBe(deliver(Door.Account, request, own), BAD_SIGNATURE);
        mustBe(deliver(Door.Ed25519, request, typed), BAD_SIGNATURE);
        bytes memory compact = People.signCompactly(0, requestDigest(request));
        mustBe(deliver(Door.Account, request, compact), BAD_SIGNATURE);
        mustBe(deliver(Door.Ed25519, request, compact), BAD_SIGNATURE);
        // the digest of one kind signed as the other
        mustBe(deliver(Door.Account, request, People.signAsAccount(0, ed25519Digest(request))), BAD_SIGNATURE);
        mustBe(deliver(Door.Ed25519, request, People.sign(0, requestDigest(request))), BAD_SIGNATURE);
        mustBe(deliver(Door.Ed25519, request, ""), BAD_SIGNATURE);
        mustBe(deliver(Door.Sender, request, ""), BAD_SIGNATURE);
    }

    /// Bytes of every length, in the place of a signature.
    function testFuzz_takesNoOtherSignature(bytes calldata signature, uint8 door) external {
        bytes memory request = envelope(0, people(Api.ADD_MEMBERS, 1, 0), groupId, nonceOf(0));
        mustBe(deliver(door & 1 == 0 ? Door.Account : Door.Ed25519, request, signature), BAD_SIGNATURE);
    }

    function test_takesNoSignatureOfAnyLength() external {
        bytes memory request = envelope(0, people(Api.ADD_MEMBERS, 1, 0), groupId, nonceOf(0));
        bytes memory own = People.sign(0, ed25519Digest(request));
        bytes memory typed = People.signAsAccount(0, requestDigest(request));
        for (uint256 length = 0; length < 200; length++) {
            if (length != 64) mustBe(deliver(Door.Ed25519, request, _resized(own, length)), BAD_SIGNATURE);
            if (length != 65) mustBe(deliver(Door.Account, request, _resized(typed, length)), BAD_SIGNATURE);
        }
        mustBe(deliver(Door.Account, request, typed), 0);
    }

    /// One bit of a signature is enough.
    function testFuzz_takesNoDamagedSignature(uint16 bit, uint8 door) external {
        bytes memory request = envelope(0, people(Api.ADD_MEMBERS, 1, 0), groupId, nonceOf(0));
        bool isTyped = door & 1 == 0;
        bytes memory signature =
            isTyped ? People.signAsAccount(0, requestDigest(request)) : People.sign(0, ed25519Digest(request));
        bit %= uint16(signature.length * 8);
        signature[bit / 8] ^= bytes1(uint8(1 << bit % 8));
        mustBe(deliver(isTyped ? Door.Account : Door.Ed25519, request, signature), BAD_SIGNATURE);
    }

    /// What a wallet shows is what is in the envelope: the digest covers each field of it.
    function testFuzz_takesNoDamagedEnvelope(uint16 place, uint8 bit) external {
        bytes memory request = envelope(0, people(Api.ADD_MEMBERS, 1, 0), groupId, nonceOf(0));
        bytes memory typed = People.signAsAccount(0, requestDigest(request));
        bytes memory own = People.sign(0, ed25519Digest(request));
        request[place % request.length] ^= bytes1(uint8(1 << bit % 8));
        require(deliver(Door.Account, request, typed) != 0, "taken with the account's signature");
        require(deliver(Door.Ed25519, request, own) != 0, "taken with its own signature");
        vm.prank(People.account(1));
        require(deliver(Door.Sender, request, "") != 0, "taken from another");
    }

    /// Whatever the bytes are: a refusal with a name, and never a panic or a call that runs out of gas (`deliver` sees to it).
    function testFuzz_survivesGarbage(bytes calldata request, bytes calldata signature) external {
        for (uint256 door = 0; door < 3; door++) require(deliver(Door(door), request, signature) != 0, "taken");
    }

    /// The same with a head that is right, and signed.
    function testFuzz_survivesGarbageOfAMember(uint8 operation, bytes calldata fields) external {
        bytes memory request = envelope(0, abi.encodePacked(operation % 16, fields), groupId, nonceOf(0));
        send(Door.Ed25519, 0, request);
        send(Door.Account, 0, request);
    }

    /// Damaged requests of every kind, signed as they are.
    function testFuzz_survivesDamage(uint8 kind, uint16 place, uint8 value, uint16 length) external {
        bytes memory operation = _anyOperation(kind);
        bytes memory request = envelope(0, operation, groupId, nonceOf(0));
        request[place % request.length] = bytes1(value);
        if (value & 3 == 0) request = _resized(request, length % (request.length + 40));
        send(Door.Ed25519, 0, request);
    }

    /// A member without capabilities can do nothing to others, and a stranger nothing at all.
    function testFuzz_changesNothingWithoutProof(uint8 kind, uint8 signWith, uint8 door) external {
        mustAccept(0, people(Api.ADD_MEMBERS, 1, 0));
        bytes32 before = _state();
        bytes memory request = envelope(0, _anyOperation(kind), groupId, nonceOf(0));
        require(send(Door(door % 3), 1 + signWith % 4, request) != 0, "taken from another");
        require(_state() == before, "changed by another");
        // somebody that is no member, for itself
        uint256 stranger = 2 + signWith % 3;
        request = envelope(stranger, _anyOperation(kind), groupId, 0);
        require(send(Door(door % 3), stranger, request) != 0, "taken from a stranger");
        require(_state() == before, "changed by a stranger");
    }

    function test_listensToWalletContracts() external {
        Wallet wallet = new Wallet();
        _bindToWallet(1, address(wallet));
        mustAccept(0, people(Api.ADD_MEMBERS, 1, 0));
        bytes memory leave = envelope(1, abi.encodePacked(Api.LEAVE), groupId, nonceOf(1));
        mustBe(deliver(Door.Account, leave, hex"1234"), BAD_SIGNATURE);
        // the former account speaks no more
        mustBe(send(Door.Account, 1, leave), BAD_SIGNATURE);
        mustBe(send(Door.Sender, 1, leave), BAD_SIGNATURE);
        wallet.approve(ed25519Digest(leave));
        mustBe(deliver(Door.Account, leave, hex"1234"), BAD_SIGNATURE);
        wallet.approve(requestDigest(leave));
        mustBe(deliver(Door.Account, leave, hex"1234"), 0);
        require(!anchor.hasMember(groupId, People.key(1)), "still a member");
        // and by sending
        mustAccept(0, people(Api.ADD_MEMBERS, 1, 0));
        leave = envelope(1, abi.encodePacked(Api.LEAVE), groupId, nonceOf(1));
        (bool succeeded,) = wallet.send(address(anchor), abi.encodeCall(ContextAnchor.submit, (leave, "")));
        require(succeeded && !anchor.hasMember(groupId, People.key(1)), "not left");
    }

    /// W14: a wallet that is asked calls back with a request of its own, which is good.
    function test_W14_changesNothingWhileItAsks() external {
        CallingWallet wallet = new CallingWallet();
        mustAccept(0, people(Api.ADD_MEMBERS, 1, 0));
        _bindToWallet(1, address(wallet));
        bytes memory leave = envelope(1, abi.encodePacked(Api.LEAVE), groupId, nonceOf(1));
        bytes memory inner = abi.encodeCall(
            ContextAnchor.submitEd25519, (leave, People.sign(1, ed25519Digest(leave)))
        );
        wallet.prepare(address(anchor), inner);
        bytes memory bump = envelope(
            1, abi.encodePacked(Api.BUMP_NONCE, Borsh.u64(nonceOf(1) + 9)), groupId, nonceOf(1)
        );
        uint64 nonce = nonceOf(1);
        mustBe(deliver(Door.Account, bump, hex"01"), 0);
        require(anchor.hasMember(groupId, People.key(1)) && !wallet.wasCalled(), "changed meanwhile");
        require(nonceOf(1) == nonce + 9, "another nonce");
    }

    /// Its own request again, while it is asked about it.
    function test_takesNothingTwiceWhileItAsks() external {
        CallingWallet wallet = new CallingWallet();
        mustAccept(0, people(Api.ADD_MEMBERS, 1, 0));
        mustAccept(0, people(Api.GRANT, 1, Api.CAPABILITY_MANAGE_MEMBERS));
        _bindToWallet(1, address(wallet));
        bytes memory add = envelope(1, people(Api.ADD_MEMBERS, 2, 0), groupId, nonceOf(1));
        wallet.prepare(address(anchor), abi.encodeCall(ContextAnchor.submit, (add, "")));
        uint64 nonce = nonceOf(1);
        mustBe(deliver(Door.Account, add, hex"01"), 0);
        require(nonceOf(1) == nonce + 1 && anchor.group(groupId).membersRevision == 3, "twice");
    }

    function test_checksInItsOrder() external {
        // each of these is wrong in everything that comes later too
        bytes memory add = people(Api.ADD_MEMBERS, 1, 0);
        mustBe(deliver(Door.Ed25519, new bytes(8193), ""), Api.LimitExceeded.selector);
        bytes memory request = envelope(6, add, "unknown", 7);
        bytes memory long = abi.encodePacked(request, uint8(1));
        mustBe(deliver(Door.Ed25519, long, ""), Api.Malformed.selector);
        bytes memory foreign = abi.encodePacked(request);
        foreign[1] = 0x04;
        mustBe(deliver(Door.Ed25519, foreign, ""), Api.WrongDomain.selector);
        vm.warp(block.timestamp + 61);
        mustBe(deliver(Door.Ed25519, request, ""), Api.Expired.selector);
        vm.warp(block.timestamp - 61);
        mustBe(deliver(Door.Ed25519, request, ""), Api.ContextNotFound.selector);
        request = envelope(6, add, groupId, 7);
        mustBe(deliver(Door.Ed25519, request, ""), BAD_SIGNATURE);
        mustBe(deliver(Door.Account, request, hex"01"), Api.NotBound.selector);
        mustBe(send(Door.Ed25519, 6, request), Api.NotAMember.selector);
        mustAccept(0, people(Api.ADD_MEMBERS, 6, 0));
        mustBe(send(Door.Ed25519, 6, request), Api.BadNonce.selector);
        mustBe(tryOut(6, add), Api.Unauthorized.selector);
    }

    function test_saysWhichNonceIsNext() external {
        bytes memory request = envelope(0, people(Api.ADD_MEMBERS, 1, 0), groupId, 5);
        bytes memory signature = People.sign(0, ed25519Digest(request));
        bytes memory expected = abi.encodeWithSelector(Api.BadNonce.selector, nonceOf(0));
        vm.expectRevert(expected);
        anchor.submitEd25519(request, signature);
    }

    function test_answersForContextsThatThereAre() external {
        bytes32 second = contextOf(0, 2);
        mustAccept(0, create(2, groupId), second, nonceOf(0));
        (bytes32 group, uint64 revision, bytes memory application) = anchor.context(second);
        require(group == groupId && revision == 1, "another group");
        bytes memory given = Borsh.application(bytes32(uint256(1)), 20, 3);
        require(keccak256(application) == keccak256(given), "another application");
        // members are those of its group, under both ids; the group has one of them only
        require(anchor.hasMember(second, People.key(0)) && !anchor.hasMember(second, People.key(1)), "another list");
        bytes4 unknown = Api.ContextNotFound.selector;
        vm.expectRevert(unknown);
        anchor.group(second);
        vm.expectRevert(unknown);
        anchor.members(second, 0, 1);
        vm.expectRevert(unknown);
        anchor.member(second, People.key(0));
        vm.expectRevert(unknown);
        anchor.context("unknown");
        vm.expectRevert(unknown);
        anchor.hasMember("unknown", People.key(0));
        require(anchor.member(groupId, People.key(1)).joinedRevision == 0, "a member");
    }

    function testFuzz_answersPages(uint256 offset, uint256 length) external {
        bytes32[] memory ids = new bytes32[](16);
        for (uint256 batch = 0; batch < 7; batch++) {
            for (uint256 i = 0; i < 16; i++) ids[i] = _somebody(batch * 16 + i);
            mustAccept(0, abi.encodePacked(Api.ADD_MEMBERS, Borsh.people(Api.ADD_MEMBERS, ids, 0)));
        }
        if (offset & 1 == 0) offset = (offset >> 1) % 130;
        if (length & 1 == 0) length = (length >> 1) % 130;
        (uint64 revision, uint32 total, bytes32[] memory page,) = anchor.members(groupId, offset, length);
        uint256 expected = offset >= 113 ? 0 : 113 - offset;
        if (expected > length) expected = length;
        if (expected > 100) expected = 100;
        require(revision == 8 && total == 113 && page.length == expected, "another page");
    }

    /// A key of nobody in particular, but of somebody: there is such a point.
    function _somebody(uint256 number) private view returns (bytes32 key) {
        key = keccak256(abi.encode(number));
        while (!Ed25519.isStrong(key)) key = keccak256(abi.encode(key));
    }

    /// One of each operation, with fields that person 0 may ask for or not.
    function _anyOperation(uint8 kind) private view returns (bytes memory) {
        kind = kind % 17 == 16 ? Api.MIGRATE_TO : kind % 17;
        if (kind == Api.CREATE_CONTEXT) return create(3, groupId);
        if (kind == Api.UPDATE_APPLICATION) return abi.encodePacked(kind, Borsh.application("x", 40, 1));
        if (kind == Api.CLAIM_INVITATION || kind == Api.REVOKE_INVITATION) {
            bytes memory ids = abi.encodePacked(groupId, People.key(0), bytes32(uint256(1)));
            bytes memory rest = abi.encodePacked(uint16(0), Borsh.u64(block.timestamp + 9), Borsh.u32(1), Borsh.u64(1));
            rest = abi.encodePacked(rest, Borsh.u64(1), uint16(0), new bytes(kind == Api.CLAIM_INVITATION ? 128 : 64));
            return abi.encodePacked(kind, Borsh.domain(address(anchor)), ids, rest);
        }
        if (kind == Api.BUMP_NONCE) return abi.encodePacked(kind, Borsh.u64((1 << 32) + 5));
        if (kind == Api.MIGRATE_TO) return abi.encodePacked(kind, Borsh.text(abi.encodePacked(address(registry))));
        if (kind == Api.SET_OPTIONS) return abi.encodePacked(kind, uint8(1));
        if (kind == Api.LEAVE || kind == Api.SEAL || kind == Api.VOID_INVITATIONS || kind == 7 || kind == 8) {
            return abi.encodePacked(kind);
        }
        return people(kind, 3, 1);
    }

    /// Everything that can be asked of the group.
    function _state() private view returns (bytes32) {
        (uint64 revision, uint32 total, bytes32[] memory ids, ContextAnchor.Member[] memory records) =
            anchor.members(groupId, 0, 100);
        (, uint64 application,) = anchor.context(groupId);
        return keccak256(abi.encode(anchor.group(groupId), revision, total, ids, records, application));
    }

    function _bindToWallet(uint256 person, address wallet) private {
        uint64 nonce = registry.bindingNonce(People.key(person)) + 1;
        uint64 validUntil = uint64(block.timestamp + 60);
        bytes memory word = People.sign(person, registry.bindingDigest(People.key(person), wallet, nonce, validUntil));
        bytes memory call =
            abi.encodeCall(IdentityRegistry.bind, (People.key(person), wallet, nonce, validUntil, word, ""));
        (bool succeeded,) = Wallet(wallet).send(address(registry), call);
        require(succeeded && registry.accountOf(People.key(person)) == wallet, "not bound");
    }

    function _resized(bytes memory value, uint256 length) private pure returns (bytes memory other) {
        other = abi.encodePacked(value, new bytes(256));
        if (length > other.length) length = other.length;
        assembly {
            mstore(other, length)
        }
    }
}
