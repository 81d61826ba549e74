// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IIdentityRegistry} from "../src/IIdentityRegistry.sol";
import {
    BadSignature,
    CHAIN_EVM,
    CREATE_PACKAGE,
    LimitExceeded,
    MAX_PACKAGE_REVISION,
    MAX_RELEASES,
    NotBound,
    PUBLISH_RELEASE,
    TAG_PACKAGE,
    YANK_RELEASE
} from "../src/Interface.sol";
import {PackageRegistry} from "../src/PackageRegistry.sol";
import {vm} from "./Vm.sol";

/// Binds one identity to the account it is made with.
contract Bindings is IIdentityRegistry {
    bytes32 private immutable IDENTITY;
    address private immutable ACCOUNT;

    constructor(bytes32 identity, address account) {
        IDENTITY = identity;
        ACCOUNT = account;
    }

    function accountOf(bytes32 identity) external view returns (address) {
        return identity == IDENTITY ? ACCOUNT : address(0);
    }

    function verifyEd25519(bytes32, bytes32, bytes32, bytes32) external pure returns (bool) {
        return false;
    }
}

/// What the rows in `test/compliance` leave out, since they know no accounts and no costs.
contract PackageRegistryTest {
    /// Public key of RFC 8032, 7.1, test 1.
    bytes32 private constant OWNER = 0xd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a;
    string private constant NAME = "org.example.chat";

    /// What a release with three sources may cost, call included: a twentieth above what it did on 2026-11-30 (194,600).
    uint256 private constant PUBLISH_GAS = 206_000;

    PackageRegistry private _registry;
    bytes32 private _id;
    uint64 private _nonce;

    function setUp() external {
        _registry = new PackageRegistry(new Bindings(OWNER, address(this)));
        _id = sha256(abi.encodePacked(TAG_PACKAGE, uint8(0), OWNER, NAME));
        _submit(CREATE_PACKAGE, abi.encodePacked(_text(NAME), _text("talks"), _text("")));
    }

    function test_takesTheWordOfTheBoundAccount() external {
        bytes memory envelope = _envelope(OWNER, PUBLISH_RELEASE, _release("1.0.0"));
        vm.prank(address(1));
        vm.expectRevert(BadSignature.selector);
        _registry.submit(envelope, "");
        _registry.submit(envelope, "");
        PackageRegistry.Package memory found = _registry.package(_id);
        require(found.revision == 2 && found.releases == 1, "not published");
        require(found.owners.length == 1 && found.owners[0] == OWNER, "another owner");
        require(keccak256(bytes(found.latestStable)) == keccak256("1.0.0"), "another latest");
        bytes32 stranger = 0x3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c;
        vm.expectRevert(NotBound.selector);
        _registry.submit(_envelope(stranger, PUBLISH_RELEASE, _release("2.0.0")), "");
    }

    /// W32: a contract that the owner calls for something else speaks in its name.
    function test_W32_listensToNoContractThatTheOwnerCalls() external {
        bytes memory envelope = _envelope(OWNER, PUBLISH_RELEASE, _release("1.0.0"));
        vm.prank(address(1), address(this));
        vm.expectRevert(BadSignature.selector);
        _registry.submit(envelope, "");
    }

    /// EIP-712, over the domain that wallets show.
    function test_takesTheSignatureOfTheBoundAccount() external {
        PackageRegistry registry = new PackageRegistry(new Bindings(OWNER, vm.addr(7)));
        _registry = registry;
        _nonce = 0;
        bytes memory fields = abi.encodePacked(_text(NAME), _text(""), _text(""));
        bytes memory envelope = _envelope(OWNER, CREATE_PACKAGE, fields);
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("merogate packages"),
                keccak256("2"),
                block.chainid,
                registry
            )
        );
        bytes32 request = keccak256(
            abi.encode(
                keccak256(
                    "Request(string operation,bytes32 subject,bytes32 signer,uint64 nonce,uint64 validUntil,bytes envelope)"
                ),
                keccak256("create this package"),
                _id,
                OWNER,
                0,
                block.timestamp + 60,
                keccak256(envelope)
            )
        );
        bytes32 digest = keccak256(abi.encodePacked(hex"1901", domain, request));
        vm.expectRevert(BadSignature.selector);
        registry.submit(envelope, _sign(8, digest));
        registry.submit(envelope, _sign(7, digest));
        require(registry.package(_id).revision == 1 && registry.nonceOf(OWNER) == 1, "not created");
    }

    /// The cost of a release and of yanking one does not depend on how many there are.
    function test_costsTheSameHoweverManyReleases() external {
        uint256[2] memory published;
        uint256[2] memory yanked;
        _submit(PUBLISH_RELEASE, _release("1.0.0"));
        _submit(PUBLISH_RELEASE, _release("1.0.1"));
        for (uint256 i = 0; i < 2; i++) {
            published[i] = _submit(PUBLISH_RELEASE, _release(string.concat("1.0.", _two(10 + 40 * i))));
            yanked[i] = _submit(YANK_RELEASE, abi.encodePacked(_text(string.concat("1.0.", i == 0 ? "1" : "20")), _text("old")));
            for (uint256 j = 0; j < 39; j++) {
                _submit(PUBLISH_RELEASE, _release(string.concat("1.0.", _two(11 + 40 * i + j))));
            }
        }
        require(published[0] < PUBLISH_GAS, "a release became dearer");
        require(_difference(published[0], published[1]) < 3000, "a release costs more with many");
        require(_difference(yanked[0], yanked[1]) < 3000, "yanking costs more with many");
    }

    /// The header's slot: record 160 bits, revision 32, releases 32, available 16, owners 8, offers 8.
    function test_offersSoManyReleasesAndNotOneMore() external {
        bytes32 slot = _headerSlot();
        uint256 header = uint256(vm.load(address(_registry), slot));
        // more than 16 bits hold, as after many were yanked
        header |= ((MAX_RELEASES - 1) << 224) | (100_000 << 192);
        vm.store(address(_registry), slot, bytes32(header));
        _submit(PUBLISH_RELEASE, _release("1.0.0"));
        bytes memory envelope = _envelope(OWNER, PUBLISH_RELEASE, _release("1.0.1"));
        vm.expectRevert(LimitExceeded.selector);
        _registry.submit(envelope, "");
        // what is yanked makes room
        _submit(YANK_RELEASE, abi.encodePacked(_text("1.0.0"), _text("")));
        _submit(PUBLISH_RELEASE, _release("1.0.1"));
        _submit(YANK_RELEASE, abi.encodePacked(_text("1.0.1"), _text("")));
        _submit(PUBLISH_RELEASE, _release("1.0.0-a"));
        require(_registry.package(_id).releases == 100_003, "not as many as there were");
        require(_registry.release(_id, "1.0.0-a").slot == 100_002, "not the last");
    }

    function test_takesTheLastChangeAndRefusesOneMore() external {
        bytes32 slot = _headerSlot();
        uint256 header = uint256(vm.load(address(_registry), slot));
        vm.store(address(_registry), slot, bytes32(header + ((MAX_PACKAGE_REVISION - 2) << 160)));
        _submit(PUBLISH_RELEASE, _release("1.0.0"));
        require(_registry.package(_id).revision == MAX_PACKAGE_REVISION, "not the last");
        bytes memory envelope = _envelope(OWNER, PUBLISH_RELEASE, _release("1.0.1"));
        vm.expectRevert(LimitExceeded.selector);
        _registry.submit(envelope, "");
    }

    /// The slot that holds the package's header: the one of a mapping by its id whose revision is 1 and that has one owner.
    function _headerSlot() private view returns (bytes32 slot) {
        for (uint256 position = 0; position < 16; position++) {
            slot = keccak256(abi.encode(_id, position));
            uint256 word = uint256(vm.load(address(_registry), slot));
            if (word >> 160 == (uint256(1) << 80) | 1) return slot;
        }
        revert("no header");
    }

    /// Gas of the call.
    function _submit(uint8 operation, bytes memory fields) private returns (uint256 gas) {
        bytes memory envelope = _envelope(OWNER, operation, fields);
        gas = gasleft();
        _registry.submit(envelope, "");
        gas -= gasleft();
        _nonce++;
    }

    function _envelope(bytes32 signer, uint8 operation, bytes memory fields) private view returns (bytes memory) {
        bytes memory domain =
            abi.encodePacked(CHAIN_EVM, bytes32(block.chainid), _little(20, 4), address(_registry));
        return abi.encodePacked(
            uint8(1),
            domain,
            _id,
            signer,
            _little(signer == OWNER ? _nonce : 0, 8),
            _little(block.timestamp + 60, 8),
            uint16(0),
            operation,
            fields
        );
    }

    function _release(string memory version) private pure returns (bytes memory) {
        bytes memory source = _text("https://registry.example.org/packages/org.example.chat/chat-1.0.0.mpk");
        return abi.encodePacked(
            _text(version),
            keccak256("bundle"),
            _little(1_000_000, 8),
            keccak256("blob"),
            _little(3, 4),
            source,
            source,
            source,
            keccak256("signer"),
            keccak256("abi"),
            _text("0.1.0"),
            keccak256("notes")
        );
    }

    /// A borsh text.
    function _text(string memory text) private pure returns (bytes memory) {
        return abi.encodePacked(_little(bytes(text).length, 4), text);
    }

    /// An integer's bytes, little-endian.
    function _little(uint256 value, uint256 size) private pure returns (bytes memory out) {
        out = new bytes(size);
        for (uint256 i = 0; i < size; i++) out[i] = bytes1(uint8(value >> (8 * i)));
    }

    function _sign(uint256 key, bytes32 digest) private pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    function _two(uint256 value) private pure returns (string memory) {
        return string(abi.encodePacked(uint8(48 + value / 10), uint8(48 + value % 10)));
    }

    function _difference(uint256 a, uint256 b) private pure returns (uint256) {
        return a > b ? a - b : b - a;
    }
}
