// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {LimitExceeded} from "../src/Interface.sol";
import {Invitations} from "../src/Invitations.sol";
import {vm} from "./Vm.sol";

contract InvitationBook is Invitations {
    function remember(bytes32 group, bytes32 inviter, uint64 nonce, Invitation memory value) external {
        _remember(group, inviter, nonce, value);
    }
}

contract InvitationsTest {
    bytes32 private constant GROUP = "group";
    bytes32 private constant INVITER = "inviter";
    uint64 private constant START = 2_000_000_000;

    InvitationBook private _book;
    /// What a list that is never pruned has.
    mapping(uint64 nonce => Invitations.Invitation) private _all;
    uint64 private _now = START;

    function setUp() external {
        _book = new InvitationBook();
        vm.warp(START);
    }

    function test_remembersUntilItExpires() external {
        _book.remember(GROUP, INVITER, 7, _of(START + 10, 2, true));
        _expect(7, START + 10, 2, true);
        vm.warp(START + 10);
        _expect(7, START + 10, 2, true);
        vm.warp(START + 11);
        _expect(7, 0, 0, false);
        // of another inviter, group or number it knows nothing
        vm.warp(START);
        require(_book.invitation(GROUP, "other", 7).notAfter == 0, "of another inviter");
        require(_book.invitation("other", INVITER, 7).notAfter == 0, "of another group");
        _expect(8, 0, 0, false);
    }

    function test_remembersSixtyFourThatLive() external {
        for (uint64 i = 0; i < 64; i++) _book.remember(GROUP, INVITER, i, _of(START + i, 1, false));
        _expectFull(64);
        // those that are there may change
        _book.remember(GROUP, INVITER, 9, _of(START + 100, 5, true));
        _expect(9, START + 100, 5, true);
        // others have room of their own
        _book.remember(GROUP, "other", 64, _of(START + 9, 1, false));
        _book.remember("other", INVITER, 64, _of(START + 9, 1, false));
        // one expires, and makes room for one
        vm.warp(START + 1);
        _book.remember(GROUP, INVITER, 64, _of(START + 200, 1, false));
        _expectFull(65);
        _expect(64, START + 200, 1, false);
        _expect(9, START + 100, 5, true);
        // all but three: 9, 64 and the one of the last second
        vm.warp(START + 63);
        for (uint64 i = 0; i < 61; i++) _book.remember(GROUP, INVITER, 100 + i, _of(START + 300, 1, false));
        _expectFull(65);
        _expect(63, START + 63, 1, false);
        vm.warp(START + 64);
        _book.remember(GROUP, INVITER, 65, _of(START + 300, 1, false));
        _expectFull(66);
    }

    function test_takesBackAnExpiredNumber() external {
        for (uint64 i = 0; i < 64; i++) _book.remember(GROUP, INVITER, i, _of(START + 5, 1, false));
        vm.warp(START + 6);
        _book.remember(GROUP, INVITER, 3, _of(START + 50, 1, true));
        for (uint64 i = 100; i < 163; i++) _book.remember(GROUP, INVITER, i, _of(START + 50, 1, false));
        _expectFull(200);
        _expect(3, START + 50, 1, true);
    }

    /// Making room is bounded, whatever came before.
    function test_makesRoomAtABoundedPrice() external {
        for (uint64 i = 0; i < 64; i++) _book.remember(GROUP, INVITER, i, _of(START, 1, true));
        vm.warp(START + 1);
        uint256 before = gasleft();
        _book.remember(GROUP, INVITER, 64, _of(START + 9, 1, false));
        require(before - gasleft() < 1_500_000, "too dear");
    }

    /// Against a list of everything that was ever remembered.
    function testFuzz_knowsWhatAPlainListKnows(uint256 seed) external {
        for (uint256 step = 0; step < 150; step++) {
            seed = uint256(keccak256(abi.encode(seed)));
            _now += uint64(seed % 3 == 0 ? seed >> 8 & 7 : 0);
            vm.warp(_now);
            uint64 nonce = uint64((seed >> 16) % 90);
            Invitations.Invitation memory value =
                _of(_now + uint64((seed >> 32) % 60), uint32(seed >> 64), seed >> 96 & 1 == 1);
            uint256 live = 0;
            for (uint64 i = 0; i < 90; i++) if (i != nonce && _all[i].notAfter >= _now) live++;
            try _book.remember(GROUP, INVITER, nonce, value) {
                require(live < 64, "one too many");
                _all[nonce] = value;
            } catch (bytes memory reason) {
                require(live >= 64 && bytes4(reason) == LimitExceeded.selector, "refused");
            }
            for (uint64 i = uint64(step % 9); i < 90; i += 9) {
                Invitations.Invitation memory known = _all[i];
                if (known.notAfter < _now) delete known;
                _expect(i, known.notAfter, known.uses, known.isRevoked);
            }
        }
    }

    function _of(uint64 notAfter, uint32 uses, bool isRevoked) private pure returns (Invitations.Invitation memory) {
        return Invitations.Invitation(notAfter, uses, isRevoked);
    }

    function _expect(uint64 nonce, uint64 notAfter, uint32 uses, bool isRevoked) private view {
        Invitations.Invitation memory known = _book.invitation(GROUP, INVITER, nonce);
        require(known.notAfter == notAfter && known.uses == uses && known.isRevoked == isRevoked, "another memory");
    }

    function _expectFull(uint64 nonce) private {
        vm.expectRevert(LimitExceeded.selector);
        _book.remember(GROUP, INVITER, nonce, _of(START + 500, 1, false));
    }
}
