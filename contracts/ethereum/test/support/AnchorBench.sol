// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ContextAnchor} from "../../src/ContextAnchor.sol";
import {Migration} from "../../src/Migration.sol";
import {IdentityRegistry} from "../../src/IdentityRegistry.sol";
import "../../src/Interface.sol" as Api;
import {vm} from "../Vm.sol";
import {Borsh} from "./Borsh.sol";
import {People} from "./People.sol";

/// The contracts with a group of person 0, and short words for what people try with it.
abstract contract AnchorBench {
    /// How a request is proved.
    enum Door {
        Sender,
        Account,
        Ed25519
    }

    IdentityRegistry internal registry;
    ContextAnchor internal anchor;
    /// Group of the context that person 0 makes with the salt 1.
    bytes32 internal groupId;

    function setUp() public virtual {
        vm.warp(2_000_000_000);
        registry = new IdentityRegistry();
        anchor = new ContextAnchor(registry, Migration(address(0)));
        groupId = contextOf(0, 1);
        for (uint256 i = 0; i < 5; i++) bind(i);
        mustAccept(0, create(1, 0), groupId, 0);
    }

    function bind(uint256 person) internal {
        address account = People.account(person);
        uint64 nonce = registry.bindingNonce(People.key(person)) + 1;
        uint64 validUntil = uint64(block.timestamp + 60);
        bytes32 digest = registry.bindingDigest(People.key(person), account, nonce, validUntil);
        vm.prank(account);
        registry.bind(People.key(person), account, nonce, validUntil, People.sign(person, digest), "");
    }

    function contextOf(uint256 author, uint256 salt) internal pure returns (bytes32) {
        return sha256(abi.encodePacked(Api.TAG_CONTEXT_ID, uint8(0), People.key(author), salt));
    }

    /// The operation that creates it, in a group of its own or, when that is not zero, in another.
    function create(uint256 salt, bytes32 group) internal pure returns (bytes memory) {
        bytes memory application = Borsh.application(bytes32(uint256(1)), 20, 3);
        if (group == 0) return abi.encodePacked(Api.CREATE_CONTEXT, salt, application, uint8(0), uint8(0));
        return abi.encodePacked(Api.CREATE_CONTEXT, salt, application, uint8(0), uint8(1), group);
    }

    function people(uint8 operation, uint256 person, uint8 value) internal pure returns (bytes memory) {
        return abi.encodePacked(operation, Borsh.people(operation, Borsh.one(People.key(person)), value));
    }

    /// The bytes of a request.
    function envelope(uint256 person, bytes memory operation, bytes32 subject, uint64 nonce)
        internal
        view
        returns (bytes memory)
    {
        return abi.encodePacked(
            abi.encodePacked(uint8(1), Borsh.domain(address(anchor)), subject, People.key(person)),
            abi.encodePacked(Borsh.u64(nonce), Borsh.u64(block.timestamp + 60), uint8(0), uint8(0), operation)
        );
    }

    function nonceOf(uint256 person) internal view returns (uint64) {
        return anchor.member(groupId, People.key(person)).nonce;
    }

    /// What an account signs for an envelope of ours.
    function requestDigest(bytes memory request) internal view returns (bytes32) {
        bytes32 subject;
        bytes32 signer;
        uint8 operation = uint8(request[140]);
        assembly {
            subject := mload(add(request, 90))
            signer := mload(add(request, 122))
        }
        bytes32 typed = keccak256(
            abi.encode(
                anchor.REQUEST_TYPEHASH(),
                // bytes that are no request are signed by nobody
                _isOperation(operation) ? Api.wordsOf(operation) : bytes32(0),
                subject,
                signer,
                _u64At(request, 122),
                _u64At(request, 130),
                keccak256(request)
            )
        );
        return typedDigest("merogate contexts", address(anchor), typed);
    }

    function typedDigest(string memory name, address verifier, bytes32 value) internal view returns (bytes32) {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256(bytes(name)),
                keccak256("2"),
                block.chainid,
                verifier
            )
        );
        return keccak256(abi.encodePacked(hex"1901", domain, value));
    }

    function ed25519Digest(bytes memory request) internal pure returns (bytes32) {
        return sha256(abi.encodePacked(Api.TAG_OPERATION, uint8(0), request));
    }

    /// Sends a request with the proof that it needs, or that of another person.
    function send(Door door, uint256 signWith, bytes memory request) internal returns (bytes4) {
        if (door == Door.Sender) {
            vm.prank(People.account(signWith));
            return deliver(Door.Sender, request, "");
        }
        if (door == Door.Account) {
            return deliver(door, request, People.signAsAccount(signWith, requestDigest(request)));
        }
        return deliver(door, request, People.sign(signWith, ed25519Digest(request)));
    }

    /// Sends bytes as they are. Zero when they were accepted, otherwise the refusal, which must be one of ours.
    function deliver(Door door, bytes memory request, bytes memory signature) internal returns (bytes4 refusal) {
        bytes4 selector =
            door == Door.Ed25519 ? ContextAnchor.submitEd25519.selector : ContextAnchor.submit.selector;
        (bool succeeded, bytes memory data) =
            address(anchor).call{gas: 8_000_000}(abi.encodeWithSelector(selector, request, signature));
        if (succeeded) return 0;
        require(data.length == 4 || data.length == 36, "expected a refusal without more");
        refusal = bytes4(data);
        require(isRefusal(refusal), "expected a refusal of ours");
        require((refusal == Api.BadNonce.selector) == (data.length == 36), "expected a nonce with BadNonce alone");
    }

    function tryOut(uint256 person, bytes memory operation) internal returns (bytes4) {
        return send(Door.Ed25519, person, envelope(person, operation, groupId, nonceOf(person)));
    }

    function mustAccept(uint256 person, bytes memory operation) internal {
        mustAccept(person, operation, groupId, nonceOf(person));
    }

    function mustAccept(uint256 person, bytes memory operation, bytes32 subject, uint64 nonce) internal {
        mustBe(send(Door.Ed25519, person, envelope(person, operation, subject, nonce)), 0);
    }

    function mustBe(bytes4 refusal, bytes4 expected) internal pure {
        if (refusal == expected) return;
        require(refusal != 0, "expected a refusal, was accepted");
        assembly {
            mstore(0, refusal)
            revert(0, 4)
        }
    }

    /// Refusals of the context contract: those of the interface file.
    function isRefusal(bytes4 selector) internal pure returns (bool) {
        bytes4[26] memory known = [
            Api.Malformed.selector,
            Api.LimitExceeded.selector,
            Api.WrongDomain.selector,
            Api.Expired.selector,
            Api.ContextNotFound.selector,
            Api.ContextExists.selector,
            Api.ContextIdMismatch.selector,
            Api.Sealed.selector,
            Api.BadSignature.selector,
            Api.WeakKey.selector,
            Api.NotAMember.selector,
            Api.BadNonce.selector,
            Api.Unauthorized.selector,
            Api.RevisionMismatch.selector,
            Api.LastManager.selector,
            Api.TargetNotMember.selector,
            Api.InvitationInvalid.selector,
            Api.InvitationUsed.selector,
            Api.InvitationRevoked.selector,
            Api.NotBound.selector,
            Api.BindStale.selector,
            Api.AlreadyMember.selector,
            Api.RoleForbids.selector,
            Api.Barred.selector,
            Api.Moved.selector,
            bytes4(0)
        ];
        for (uint256 i = 0; i < known.length - 1; i++) if (known[i] == selector) return true;
        return false;
    }

    function _isOperation(uint8 operation) private pure returns (bool) {
        return operation <= Api.VOID_INVITATIONS && operation != 7 && operation != 8 || operation == Api.MIGRATE_TO;
    }

    function _u64At(bytes memory data, uint256 position) private pure returns (uint64 value) {
        for (uint256 i = 8; i > 0; i--) value = (value << 8) | uint8(data[position + i - 1]);
    }
}
