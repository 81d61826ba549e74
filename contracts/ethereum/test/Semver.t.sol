// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Semver} from "../src/lib/Semver.sol";

contract SemverTest {
    /// The examples of items 2, 9 and 11 of the specification (https://semver.org/spec/v2.0.0.html), each list rising.
    function test_ordersAsTheSpecificationShows() external pure {
        string[8] memory chain = [
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-alpha.beta",
            "1.0.0-beta",
            "1.0.0-beta.2",
            "1.0.0-beta.11",
            "1.0.0-rc.1",
            "1.0.0"
        ];
        for (uint256 i = 0; i < chain.length; i++) {
            for (uint256 j = 0; j < chain.length; j++) _expect(chain[i], chain[j], int256(i) - int256(j));
        }
        string[8] memory cores = ["0.0.0", "1.0.0", "1.9.0", "1.10.0", "1.11.0", "2.0.0", "2.1.0", "2.1.1"];
        for (uint256 i = 0; i < cores.length; i++) {
            for (uint256 j = 0; j < cores.length; j++) _expect(cores[i], cores[j], int256(i) - int256(j));
        }
        string[8] memory identifiers = ["1.0.0-0", "1.0.0-9", "1.0.0-10", "1.0.0--", "1.0.0-A", "1.0.0-a", "1.0.0-a.0", "1.0.0-a-"];
        for (uint256 i = 0; i < identifiers.length; i++) {
            for (uint256 j = 0; j < identifiers.length; j++) {
                _expect(identifiers[i], identifiers[j], int256(i) - int256(j));
            }
        }
    }

    function test_parsesStrictly() external pure {
        string[11] memory valid = [
            "0.0.0",
            "4294967295.4294967295.4294967295",
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-0.3.7",
            "1.0.0-x.7.z.92",
            "1.0.0-x-y-z.--",
            "1.0.0-0A.00a",
            "1.0.0-99999999999999999999999999999999999999999999999999999999",
            "1.0.0--",
            "1.0.0-Z.z"
        ];
        for (uint256 i = 0; i < valid.length; i++) require(_isVersion(valid[i]), valid[i]);
        string[35] memory invalid = [
            "",
            "1",
            "1.",
            "1.0",
            "1.0.",
            "1.0.0.",
            "1.0.0.0",
            "v1.0.0",
            "01.0.0",
            "1.00.0",
            "1.0.00",
            "1.0.0-",
            "-1.0.0",
            "1.0.0-a..b",
            "1.0.0-a.",
            "1.0.0-.a",
            "1.0.0-01",
            "1.0.0-a.00",
            "1.0.0+build",
            "1.0.0-a+b",
            " 1.0.0",
            "1.0.0 ",
            "1.0.0-a b",
            "1.0.0-a_b",
            "1.0.0-@",
            "1.0.0-[",
            "1.0.0-`",
            "1.0.0-{",
            "1.0.0-:",
            "1.0.0-/",
            "4294967296.0.0",
            "0.4294967296.0",
            "0.0.4294967296",
            "0.0.115792089237316195423570985008687907853269984665640564039457",
            "1..0"
        ];
        for (uint256 i = 0; i < invalid.length; i++) require(!_isVersion(invalid[i]), invalid[i]);
    }

    /// Numbers come back from their text, and order versions.
    function test_fuzz_ordersByNumbers(uint32[3] memory a, uint32[3] memory b) external pure {
        uint256 x = (uint256(a[0]) << 64) | (uint256(a[1]) << 32) | a[2];
        uint256 y = (uint256(b[0]) << 64) | (uint256(b[1]) << 32) | b[2];
        _expect(_text(a), _text(b), x == y ? int256(0) : x < y ? -1 : int256(1));
        (bool isVersion, Semver.Version memory version) = Semver.parse(bytes(_text(a)));
        require(isVersion && version.core == x && version.preRelease == 0, "another version");
        require(Semver.major(version) == a[0], "another major");
    }

    /// A total order: antisymmetric, transitive, and equal only to itself.
    function test_fuzz_isATotalOrder(bytes12 a, bytes12 b, bytes12 c) external pure {
        bytes memory x = _preRelease(a);
        bytes memory y = _preRelease(b);
        bytes memory z = _preRelease(c);
        int256 xy = _compare(x, y);
        require(xy == -_compare(y, x), "not antisymmetric");
        require((xy == 0) == (keccak256(x) == keccak256(y)), "equal to another");
        if (xy <= 0 && _compare(y, z) <= 0) require(_compare(x, z) <= 0, "not transitive");
    }

    /// Numbers as identifiers are ordered by value, below words.
    function test_fuzz_ordersNumbersByValue(uint128 a, uint128 b) external pure {
        string memory x = string.concat("1.0.0-", _decimal(a));
        string memory y = string.concat("1.0.0-", _decimal(b));
        _expect(x, y, a == b ? int256(0) : a < b ? -1 : int256(1));
        _expect(x, string.concat("1.0.0-", _decimal(b), "a"), -1);
        _expect(x, string.concat(x, ".", _decimal(b)), -1);
        _expect(x, "1.0.0", -1);
    }

    /// Whatever the bytes, parsing ends without a failure.
    function test_fuzz_parsesAnyBytes(bytes memory text) external pure {
        Semver.parse(text);
    }

    function _expect(string memory a, string memory b, int256 order) private pure {
        int256 found = _compare(bytes(a), bytes(b));
        bool isAsExpected = order == 0 ? found == 0 : order < 0 ? found < 0 : found > 0;
        require(isAsExpected, string.concat(a, " ", b));
    }

    function _compare(bytes memory a, bytes memory b) private pure returns (int256) {
        (bool isVersion, Semver.Version memory x) = Semver.parse(a);
        require(isVersion, string(a));
        Semver.Version memory y;
        (isVersion, y) = Semver.parse(b);
        require(isVersion, string(b));
        return Semver.compare(a, x, b, y);
    }

    function _isVersion(string memory text) private pure returns (bool isVersion) {
        (isVersion,) = Semver.parse(bytes(text));
    }

    function _text(uint32[3] memory numbers) private pure returns (string memory) {
        return string.concat(_decimal(numbers[0]), ".", _decimal(numbers[1]), ".", _decimal(numbers[2]));
    }

    /// A version whose pre-release is drawn from few letters, so that versions often agree in their first identifiers.
    function _preRelease(bytes12 seed) private pure returns (bytes memory text) {
        bytes6 letters = "12aB-.";
        uint256 length = 1 + uint8(seed[0]) % 6;
        text = "1.0.0-";
        bool isStart = true;
        for (uint256 i = 0; i < length; i++) {
            // no dot where an identifier would be empty
            bytes1 letter = letters[uint8(seed[i + 1]) % (isStart || i == length - 1 ? 5 : 6)];
            isStart = letter == ".";
            text = bytes.concat(text, letter);
        }
    }

    function _decimal(uint256 value) private pure returns (string memory text) {
        if (value == 0) return "0";
        for (; value > 0; value /= 10) text = string.concat(string(abi.encodePacked(uint8(48 + value % 10))), text);
    }
}
