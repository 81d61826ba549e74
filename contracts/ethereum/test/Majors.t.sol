// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Majors} from "../src/lib/Majors.sol";

contract MajorsTest {
    using Majors for Majors.Set;

    Majors.Set private _set;

    /// The same answers as a list that is looked through from end to end.
    function test_fuzz_findsTheGreatest(uint32[8] memory numbers, uint8[8] memory shifts) external {
        bool[8] memory isIn;
        // of every size, and some of them neighbours
        for (uint256 i = 0; i < 8; i++) numbers[i] = uint32(numbers[i % 5] >> (shifts[i] % 32)) + uint32(i / 5);
        for (uint256 i = 0; i < 8; i++) {
            _set.add(numbers[i]);
            isIn[i] = true;
            _check(numbers, isIn);
        }
        for (uint256 i = 0; i < 8; i++) {
            if (!isIn[i]) continue;
            _set.remove(numbers[i]);
            for (uint256 j = 0; j < 8; j++) if (numbers[j] == numbers[i]) isIn[j] = false;
            _check(numbers, isIn);
        }
    }

    function test_knowsTheEnds() external {
        uint32[6] memory rising = [0, 255, 256, 65_536, 16_777_216, type(uint32).max];
        for (uint256 i = 0; i < rising.length; i++) {
            _set.add(rising[i]);
            _expect(false, rising[i]);
        }
        for (uint256 i = rising.length; i > 0; i--) {
            _expect(false, rising[i - 1]);
            _set.remove(rising[i - 1]);
        }
        _expect(true, 0);
    }

    function _check(uint32[8] memory numbers, bool[8] memory isIn) private view {
        bool isEmpty = true;
        uint256 greatest = 0;
        for (uint256 i = 0; i < 8; i++) {
            if (!isIn[i]) continue;
            isEmpty = false;
            if (numbers[i] > greatest) greatest = numbers[i];
        }
        _expect(isEmpty, greatest);
    }

    function _expect(bool isEmpty, uint256 greatest) private view {
        (bool foundEmpty, uint256 found) = _set.highest();
        require(foundEmpty == isEmpty && found == greatest, "another number is the greatest");
    }
}
