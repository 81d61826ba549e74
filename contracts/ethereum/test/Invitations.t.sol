// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {LimitExceeded} from "../src/Interface.sol";
import {Invitations} from "../src/Invitations.sol";
import {vm} from "./Vm.sol";

contract InvitationBook is Invitations {
    function remember(bytes32 book, bytes32 digest, Invitation memory value) external {
        _remember(book, digest, value);
    }
}

contract InvitationsTest {
    bytes32 private constant BOOK = "book";
    uint64 private constant START = 2_000_000_000;

    InvitationBook private _book;
    /// What a list that is never pruned has.
    mapping(uint64 number => Invitations.Invitation) private _all;
    /// Those of them that took a place in the book.
    mapping(uint64 number => bool) private _isPlaced;
    uint64 private _now = START;

    function setUp() external {
        _book = new InvitationBook();
        vm.warp(START);
    }

    function test_remembersUntilItExpires() external {
        _remember(7, _of(START + 10, 2, true));
        _expect(7, START + 10, 2, true);
        vm.warp(START + 10);
        _expect(7, START + 10, 2, true);
        vm.warp(START + 11);
        _expect(7, 0, 0, false);
        // of another it knows nothing
        vm.warp(START);
        _expect(8, 0, 0, false);
    }

    function test_givesEveryBookSixtyFourPlaces() external {
        for (uint64 i = 0; i < 64; i++) _remember(i, _of(START + i, 1, false));
        _expectFull(64);
        // those that are there may change, whoever changes them
        _remember(9, _of(START + 9, 5, true));
        _book.remember("other", bytes32(uint256(10)), _of(START + 10, 6, true));
        _expect(9, START + 9, 5, true);
        _expect(10, START + 10, 6, true);
        // others have places of their own: what takes one takes none of ours
        for (uint64 i = 100; i < 164; i++) _book.remember("other", bytes32(uint256(i)), _of(START + 900, 1, true));
        // one expires, and makes room for one
        vm.warp(START + 1);
        _remember(64, _of(START + 200, 1, false));
        _expectFull(65);
        _expect(64, START + 200, 1, false);
        // all but two: 64 and the one of the last second
        vm.warp(START + 63);
        for (uint64 i = 0; i < 62; i++) _remember(200 + i, _of(START + 300, 1, false));
        _expectFull(65);
        _expect(63, START + 63, 1, false);
        vm.warp(START + 64);
        _remember(65, _of(START + 300, 1, false));
        _expectFull(66);
        // what is remembered at the expense of another stays
        _expect(100, START + 900, 1, true);
    }

    /// Making room is bounded, whatever came before.
    function test_makesRoomAtABoundedPrice() external {
        for (uint64 i = 0; i < 64; i++) _remember(i, _of(START, 1, true));
        vm.warp(START + 1);
        uint256 before = gasleft();
        _remember(64, _of(START + 9, 1, false));
        require(before - gasleft() < 1_500_000, "too dear");
    }

    /// Against a list of everything that was ever remembered. When an invitation expires is in its terms, and so in its digest.
    function testFuzz_knowsWhatAPlainListKnows(uint256 seed) external {
        for (uint256 step = 0; step < 150; step++) {
            seed = uint256(keccak256(abi.encode(seed)));
            _now += uint64(seed % 3 == 0 ? seed >> 8 & 7 : 0);
            vm.warp(_now);
            uint64 number = uint64((seed >> 16) % 180);
            uint64 notAfter = START + number * 2;
            if (notAfter < _now) continue;
            Invitations.Invitation memory value = _of(notAfter, uint32(seed >> 64), seed >> 96 & 1 == 1);
            bool isOurs = seed >> 97 & 7 != 0;
            uint256 live = 0;
            for (uint64 i = 0; i < 180; i++) if (i != number && _isPlaced[i] && _all[i].notAfter >= _now) live++;
            bool isNew = _all[number].notAfter == 0;
            try _book.remember(isOurs ? BOOK : bytes32("other"), bytes32(uint256(number)), value) {
                require(live < 64 || !isNew || !isOurs, "one too many");
                if (isNew) _isPlaced[number] = isOurs;
                _all[number] = value;
            } catch (bytes memory reason) {
                require(live >= 64 && isNew && isOurs && bytes4(reason) == LimitExceeded.selector, "refused");
            }
            for (uint64 i = uint64(step % 9); i < 180; i += 9) {
                Invitations.Invitation memory known = _all[i];
                if (known.notAfter < _now) delete known;
                _expect(i, known.notAfter, known.uses, known.isRevoked);
            }
        }
    }

    function _remember(uint64 number, Invitations.Invitation memory value) private {
        _book.remember(BOOK, bytes32(uint256(number)), value);
    }

    function _of(uint64 notAfter, uint32 uses, bool isRevoked) private pure returns (Invitations.Invitation memory) {
        return Invitations.Invitation(notAfter, uses, isRevoked);
    }

    function _expect(uint64 number, uint64 notAfter, uint32 uses, bool isRevoked) private view {
        Invitations.Invitation memory known = _book.invitation(bytes32(uint256(number)));
        require(known.notAfter == notAfter && known.uses == uses && known.isRevoked == isRevoked, "another memory");
    }

    function _expectFull(uint64 number) private {
        vm.expectRevert(LimitExceeded.selector);
        _remember(number, _of(START + 500, 1, false));
    }
}
