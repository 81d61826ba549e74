// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SSTORE2} from "solady/src/utils/SSTORE2.sol";
import {Envelopes} from "./Envelopes.sol";
import {IIdentityRegistry} from "./IIdentityRegistry.sol";
import {
    ACCEPT_OWNERSHIP,
    ADD_OWNER,
    BadNonce,
    CREATE_PACKAGE,
    LastOwner,
    LimitExceeded,
    MAX_PACKAGE_OWNERS,
    MAX_PACKAGE_REVISION,
    MAX_RELEASE_PAGE,
    MAX_RELEASES,
    PackageExists,
    PackageIdMismatch,
    PackageNotFound,
    PUBLISH_RELEASE,
    ReleaseNotFound,
    REMOVE_OWNER,
    RevisionMismatch,
    TAG_PACKAGE,
    Unauthorized,
    WeakKey
} from "./Interface.sol";
import {Ed25519} from "./lib/Ed25519.sol";
import {Reader} from "./lib/Reader.sol";
import {Semver} from "./lib/Semver.sol";
import {PackageFields} from "./PackageFields.sol";
import {Releases} from "./Releases.sol";

/// @title The registry of packages and their releases
/// @notice Named packages, each with one to eight owners, and releases that never change. A package belongs to ed25519 identities: its id is
/// SHA-256("package-id/1", zero byte, creator, name), so nobody can take another's. Requests are signed by owners and may be carried by
/// anybody; each signer has one nonce for all of the registry, which starts at 0 and is never forgotten. Every refusal is a custom error of
/// `Interface.sol` and changes nothing. No owner, no upgrade, no funds.
contract PackageRegistry is Envelopes, Releases {
    /// @notice A package as the view answers it.
    struct Package {
        /// Starts at 1, +1 with every change of the package.
        uint64 revision;
        uint32 releases;
        /// The creator first until it leaves.
        bytes32[] owners;
        /// Who may become an owner by accepting, and owns nothing before.
        bytes32[] offered;
        /// Borsh bytes: name, description, repository, each a text.
        bytes record;
        /// Version of the highest stable release that is not yanked; empty when there is none.
        string latestStable;
        /// The same of pre-releases.
        string latestPreRelease;
    }

    /// @dev A package in one storage slot. It exists when `record` is not zero.
    struct Header {
        /// Contract whose code holds the borsh bytes.
        address record;
        uint32 revision;
        /// All there ever were, and those of them that are not yanked.
        uint32 releases;
        uint16 available;
        /// The first slots are the owners', those behind them have who was offered to be one.
        uint8 owners;
        uint8 offers;
    }

    mapping(bytes32 package => Header) private _packages;
    mapping(bytes32 package => mapping(uint256 slot => bytes32 identity)) private _owners;
    mapping(bytes32 signer => uint64) private _nonces;

    // Each event has the subject of the request, its signer, the nonce it used, and the package's revision afterwards.

    /// @notice The signer is the first owner.
    event PackagePublished(
        bytes32 indexed subject,
        bytes32 indexed signer,
        uint64 nonce,
        uint64 revision,
        string name,
        string description,
        string repository
    );
    /// @notice `release` are the borsh bytes of all that was published, the version included; its publisher is the signer.
    event ReleasePublished(
        bytes32 indexed subject, bytes32 indexed signer, uint64 nonce, uint64 revision, string version, bytes release
    );
    event ReleaseYanked(
        bytes32 indexed subject, bytes32 indexed signer, uint64 nonce, uint64 revision, string version, string reason
    );
    /// @notice The owner accepts, or is none until then.
    event OwnershipOffered(
        bytes32 indexed subject, bytes32 indexed signer, uint64 nonce, uint64 revision, bytes32 owner
    );
    /// @notice Who accepted is an owner. Who is none any more, or was offered to be one, is neither; with an owner all open offers go.
    event OwnerChanged(
        bytes32 indexed subject, bytes32 indexed signer, uint64 nonce, uint64 revision, bytes32 owner, bool isOwner
    );

    constructor(IIdentityRegistry registry) Envelopes(registry) EIP712("merogate packages", "2") {}

    /// @notice Applies a request that the account bound to its signer stands behind.
    /// @param envelope at most 8192 bytes, see `Envelopes`
    /// @param signature EIP-712 (65 bytes) or ERC-1271 signature of `Request` by the account; empty when the account sends the call
    function submit(bytes calldata envelope, bytes calldata signature) external {
        (Request memory q, Header memory header, Semver.Version memory version) = _open(envelope);
        _checkAccount(q, envelope, signature);
        _apply(q, header, version);
    }

    /// @notice Applies a request that its signer's own ed25519 key signed. Needs no binding, and costs some hundred thousand gas more.
    /// @param signature 64 bytes over SHA-256("context-operation/1", zero byte, envelope)
    function submitEd25519(bytes calldata envelope, bytes calldata signature) external {
        (Request memory q, Header memory header, Semver.Version memory version) = _open(envelope);
        _checkEd25519(q, envelope, signature);
        _apply(q, header, version);
    }

    /// @notice A package. Reverts with PackageNotFound for an unknown one, as all of these do.
    function package(bytes32 id) external view returns (Package memory) {
        Header memory header = _require(id);
        return Package(
            header.revision,
            header.releases,
            _list(id, 0, header.owners),
            _list(id, header.owners, header.offers),
            SSTORE2.read(header.record),
            string(_versionOf(id, _latest(id, true))),
            string(_versionOf(id, _latest(id, false)))
        );
    }

    /// @notice A page of releases, newest first by slot, at most 32 whatever is asked for; `offset` newer ones are left out. Start over when
    /// another page shows another revision.
    function releases(bytes32 id, uint256 offset, uint256 length)
        external
        view
        returns (uint64 revision, uint32 total, Release[] memory items)
    {
        Header memory header = _require(id);
        revision = header.revision;
        total = header.releases;
        uint256 rest = offset < total ? total - offset : 0;
        if (length > MAX_RELEASE_PAGE) length = MAX_RELEASE_PAGE;
        if (length > rest) length = rest;
        items = new Release[](length);
        for (uint256 i = 0; i < length; i++) items[i] = _release(id, rest - i);
    }

    /// @notice A release by its version. Reverts with ReleaseNotFound when the package has none such.
    function release(bytes32 id, string calldata version) external view returns (Release memory) {
        _require(id);
        uint256 number = _numberOf(id, bytes(version));
        if (number == 0) revert ReleaseNotFound();
        return _release(id, number);
    }

    /// @notice The highest releases that are not yanked, one stable and one pre-release; the record of one that does not exist is empty.
    function latest(bytes32 id) external view returns (Release memory stable, Release memory preRelease) {
        _require(id);
        uint256 number = _latest(id, true);
        if (number != 0) stable = _release(id, number);
        number = _latest(id, false);
        if (number != 0) preRelease = _release(id, number);
    }

    /// @notice The nonce that a signer must use next.
    function nonceOf(bytes32 signer) external view returns (uint64) {
        return _nonces[signer];
    }

    function _require(bytes32 id) private view returns (Header memory header) {
        header = _packages[id];
        if (header.record == address(0)) revert PackageNotFound();
    }

    /// @dev Reads a request and finds the package it is about; that of a creation must not exist.
    function _open(bytes calldata envelope)
        private
        view
        returns (Request memory q, Header memory header, Semver.Version memory version)
    {
        q = _readHead(envelope);
        version = PackageFields.check(q.operation, q.pos, q.end);
        _checkDomainAndTime(q);
        if (q.operation != CREATE_PACKAGE) header = _require(q.subject);
        else if (_packages[q.subject].record != address(0)) revert PackageExists();
    }

    function _apply(Request memory q, Header memory header, Semver.Version memory version) private {
        uint8 operation = q.operation;
        uint64 nonce = _nonces[q.signer];
        if (q.nonce != nonce) revert BadNonce(nonce);
        if (!_isEntitled(q, header)) revert Unauthorized();
        // a package has neither a list of members nor an application, so there is no revision of them that could be right
        if (q.ifMembersRevision != ANY_REVISION || q.ifApplicationRevision != ANY_REVISION) revert RevisionMismatch();
        _nonces[q.signer] = nonce + 1;
        if (operation == CREATE_PACKAGE) _create(q);
        else if (operation == PUBLISH_RELEASE) _publish(q, header, version);
        else if (operation == ADD_OWNER) _addOwner(q, header);
        else if (operation == REMOVE_OWNER) _removeOwner(q, header);
        else if (operation == ACCEPT_OWNERSHIP) _acceptOwnership(q, header);
        else _yank(q, header);
    }

    /// @dev Whether the signer may ask for it: an owner, or whoever makes a package, or was offered one.
    function _isEntitled(Request memory q, Header memory header) private view returns (bool) {
        if (q.operation == CREATE_PACKAGE) return true;
        uint256 slot = _slotOf(q.subject, header, q.signer);
        if (q.operation == ACCEPT_OWNERSHIP) return slot >= header.owners && slot < _people(header);
        return slot < header.owners;
    }

    /// @dev Owners and offers.
    function _people(Header memory header) private pure returns (uint256) {
        return uint256(header.owners) + header.offers;
    }

    /// @dev Slot of an owner, or of an offer; the number of both when the identity is neither.
    function _slotOf(bytes32 id, Header memory header, bytes32 identity) private view returns (uint256 slot) {
        mapping(uint256 => bytes32) storage owners = _owners[id];
        uint256 end = _people(header);
        while (slot < end && owners[slot] != identity) slot++;
    }

    function _list(bytes32 id, uint256 first, uint256 count) private view returns (bytes32[] memory list) {
        list = new bytes32[](count);
        for (uint256 i = 0; i < count; i++) list[i] = _owners[id][first + i];
    }

    /// @dev A package that its creator owns.
    function _create(Request memory q) private {
        bytes memory name = PackageFields.textAt(q.pos);
        bytes32 id = sha256(abi.encodePacked(TAG_PACKAGE, uint8(0), q.signer, name));
        if (id != q.subject) revert PackageIdMismatch();
        _packages[id] = Header(SSTORE2.write(Reader.slice(q.pos, q.end - q.pos)), 1, 0, 0, 1, 0);
        _owners[id][0] = q.signer;
        uint256 pos = PackageFields.afterText(q.pos);
        bytes memory description = PackageFields.textAt(pos);
        bytes memory repository = PackageFields.textAt(PackageFields.afterText(pos));
        emit PackagePublished(
            q.subject, q.signer, q.nonce, 1, string(name), string(description), string(repository)
        );
    }

    /// @dev A release above all others of its line that are on offer.
    function _publish(Request memory q, Header memory header, Semver.Version memory version) private {
        if (header.available >= MAX_RELEASES) revert LimitExceeded();
        header.available++;
        header.releases++;
        bytes memory text = PackageFields.textAt(q.pos);
        bytes calldata record = Reader.slice(q.pos, q.end - q.pos);
        _insert(q.subject, header.releases, text, version, abi.encodePacked(q.signer, record));
        uint64 revision = _store(q, header);
        emit ReleasePublished(q.subject, q.signer, q.nonce, revision, string(text), record);
    }

    /// @dev A release is offered no more; it was yanked once and for all.
    function _yank(Request memory q, Header memory header) private {
        bytes memory text = PackageFields.textAt(q.pos);
        uint256 number = _numberOf(q.subject, text);
        if (number == 0) revert ReleaseNotFound();
        string memory reason = string(PackageFields.textAt(PackageFields.afterText(q.pos)));
        if (!_yank(q.subject, number, text, reason)) return;
        header.available--;
        uint64 revision = _store(q, header);
        emit ReleaseYanked(q.subject, q.signer, q.nonce, revision, string(text), reason);
    }

    /// @dev An offer to become an owner; who is one, or has one, keeps what it has.
    function _addOwner(Request memory q, Header memory header) private {
        bytes32 owner = Reader.word(q.pos);
        if (!Ed25519.isStrong(owner)) revert WeakKey();
        uint256 end = _people(header);
        if (_slotOf(q.subject, header, owner) != end) return;
        if (end >= MAX_PACKAGE_OWNERS) revert LimitExceeded();
        _owners[q.subject][end] = owner;
        header.offers++;
        emit OwnershipOffered(q.subject, q.signer, q.nonce, _store(q, header), owner);
    }

    /// @dev The signer is an owner; the first offer takes the place of its own.
    function _acceptOwnership(Request memory q, Header memory header) private {
        uint256 slot = _slotOf(q.subject, header, q.signer);
        mapping(uint256 => bytes32) storage owners = _owners[q.subject];
        if (slot != header.owners) {
            owners[slot] = owners[header.owners];
            owners[header.owners] = q.signer;
        }
        header.owners++;
        header.offers--;
        emit OwnerChanged(q.subject, q.signer, q.nonce, _store(q, header), q.signer, true);
    }

    /// @dev One owner less, and with it all open offers, so that who is put out leaves no door open; or one offer less. Somebody must
    /// remain, and offers do not count.
    function _removeOwner(Request memory q, Header memory header) private {
        bytes32 owner = Reader.word(q.pos);
        uint256 slot = _slotOf(q.subject, header, owner);
        uint256 end = _people(header);
        if (slot == end) return;
        if (slot < header.owners) {
            if (header.owners == 1) revert LastOwner();
            end = header.owners--;
            // what lies behind the owners is not read any more
            header.offers = 0;
        } else {
            header.offers--;
        }
        mapping(uint256 => bytes32) storage owners = _owners[q.subject];
        if (slot != end - 1) owners[slot] = owners[end - 1];
        delete owners[end - 1];
        emit OwnerChanged(q.subject, q.signer, q.nonce, _store(q, header), owner, false);
    }

    /// @dev Counts a change and stores the header.
    function _store(Request memory q, Header memory header) private returns (uint64) {
        if (header.revision >= MAX_PACKAGE_REVISION) revert LimitExceeded();
        header.revision++;
        _packages[q.subject] = header;
        return header.revision;
    }
}
