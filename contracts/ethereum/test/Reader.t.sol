// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Malformed} from "../src/Interface.sol";
import {Reader} from "../src/lib/Reader.sol";
import {Borsh} from "./support/Borsh.sol";
import {vm} from "./Vm.sol";

/// The library across a call: it reads calldata.
contract ReaderCaller {
    /// Reads a text that begins with the message, which has `length` bytes; there may be more behind it.
    function text(bytes calldata message, uint256 length) external pure returns (uint256, uint256) {
        uint256 pos = _start(message);
        (uint256 count, uint256 next) = Reader.text(pos, pos + length);
        return (count, next - pos);
    }

    function list(bytes calldata message, uint256 size) external pure returns (uint256, uint256) {
        uint256 pos = _start(message);
        (uint256 count, uint256 next) = Reader.list(pos, size, pos + message.length);
        return (count, next - pos);
    }

    function numbers(bytes calldata message) external pure returns (uint8, uint32, uint64, uint64, uint64) {
        uint256 pos = _start(message);
        (uint64 first, uint64 second) = Reader.u64Pair(pos);
        return (Reader.u8(pos), Reader.u32(pos), Reader.u64(pos), first, second);
    }

    function ordinal(bytes calldata message, uint256 count) external pure returns (uint8) {
        return Reader.ordinal(_start(message), count);
    }

    function _start(bytes calldata message) private pure returns (uint256 pos) {
        assembly {
            pos := message.offset
        }
    }
}

contract ReaderTest {
    ReaderCaller private _reader = new ReaderCaller();

    /// Well-formed byte sequences (Unicode 16, table 3-7): both ends of each row.
    function test_takesEveryRowOfTheTable() external view {
        bytes[20] memory good = [
            bytes(hex"00"),
            hex"7f",
            hex"c280",
            hex"dfbf",
            hex"e0a080",
            hex"e0bfbf",
            hex"e18080",
            hex"ecbfbf",
            hex"ed8080",
            hex"ed9fbf",
            hex"ee8080",
            hex"efbfbf",
            hex"f0908080",
            hex"f0bfbfbf",
            hex"f1808080",
            hex"f3bfbfbf",
            hex"f4808080",
            hex"f48fbfbf",
            hex"efbbbf", // a byte order mark is a character like any other
            hex"f09d849ee282acc3a961"
        ];
        for (uint256 i = 0; i < good.length; i++) _everywhere(good[i], true);
    }

    /// One past each end, and what is cut off.
    function test_refusesEverythingElse() external view {
        bytes[29] memory bad = [
            bytes(hex"80"), // continues nothing
            hex"bf",
            hex"c080", // longer than need be
            hex"c1bf",
            hex"e08080",
            hex"e09fbf",
            hex"f0808080",
            hex"f08fbfbf",
            hex"eda080", // surrogates
            hex"edbfbf",
            hex"f4908080", // above U+10FFFF
            hex"f5808080",
            hex"ff",
            hex"fe",
            hex"c2", // cut off
            hex"e0a0",
            hex"e1",
            hex"f09080",
            hex"f0",
            hex"c241", // continued by something else
            hex"c2c2",
            hex"e18041",
            hex"e14180",
            hex"e180c0",
            hex"f1808041",
            hex"f1804180",
            hex"f1418080",
            hex"f18080c0",
            hex"f888808080"
        ];
        for (uint256 i = 0; i < bad.length; i++) _everywhere(bad[i], false);
    }

    function test_readsToTheEndOfTheMessageAndNoFurther() external view {
        // what would continue the character lies behind the message
        _expect(hex"03000000616263", 7, true);
        _expect(hex"04000000616263", 7, false);
        _expect(hex"02000000e282ac", 7, false);
        _expect(hex"01000000c3a9", 6, false);
        _expect(hex"02000000c3a9", 5, false);
        _expect(hex"02000000c3a9", 6, true);
        _expect(hex"00000000", 4, true);
        _expect(hex"00000000", 3, false);
        _expect(hex"ffffffff", 4, false);
        _expect("", 0, false);
    }

    /// At the very end of calldata, without the zeros that pad an argument.
    function test_readsToTheEndOfCalldata() external view {
        for (uint256 length = 0; length < 70; length++) {
            bytes memory message = Borsh.text(_ascii(length));
            bytes memory data = abi.encodeCall(ReaderCaller.text, (message, message.length));
            uint256 padding = (32 - message.length % 32) % 32;
            assembly {
                mstore(data, sub(mload(data), padding))
            }
            (bool succeeded, bytes memory answer) = address(_reader).staticcall(data);
            require(succeeded, "refused");
            (uint256 count, uint256 next) = abi.decode(answer, (uint256, uint256));
            require(count == length && next == length + 4, "another length");
        }
    }

    /// Any bytes, judged by a reader that takes them one by one.
    function testFuzz_agreesWithAPlainReader(bytes memory content, uint256 flips) external view {
        // mostly characters, so that what is wrong lies anywhere
        for (uint256 i = 0; i < content.length; i++) {
            if (flips >> (i % 256) & 3 != 0) content[i] = content[i] & 0x7f;
        }
        _expect(Borsh.text(content), content.length + 4, _isUtf8(content));
    }

    /// Characters of every size in every place.
    function testFuzz_takesWhatIsWrittenWell(uint32[20] memory points) external view {
        bytes memory content;
        for (uint256 i = 0; i < points.length; i++) {
            uint256 point = uint256(points[i]) >> (points[i] % 32);
            point %= 0x110000;
            if (point >= 0xd800 && point < 0xe000) point -= 0x800;
            content = abi.encodePacked(content, _character(point));
        }
        require(_isUtf8(content), "the test writes badly");
        _expect(Borsh.text(content), content.length + 4, true);
    }

    function testFuzz_readsNumbers(uint64 first, uint64 second) external view {
        bytes memory message = abi.encodePacked(Borsh.u64(first), Borsh.u64(second));
        (uint8 byte_, uint32 short, uint64 long, uint64 one, uint64 two) = _reader.numbers(message);
        require(byte_ == uint8(first) && short == uint32(first) && long == first, "another number");
        require(one == first && two == second, "another pair");
    }

    function testFuzz_boundsLists(uint32 count, uint8 size, uint16 length) external {
        size = uint8(bound(size, 1, 33));
        if (count % 2 == 0) count = uint32(bound(count, 0, 70));
        bytes memory message = abi.encodePacked(Borsh.u32(count), new bytes(length % 2048));
        if (uint256(count) * size + 4 > message.length) {
            vm.expectRevert(Malformed.selector);
            _reader.list(message, size);
        } else {
            (uint256 found, uint256 next) = _reader.list(message, size);
            require(found == count && next == 4 + uint256(count) * size, "another list");
        }
    }

    function testFuzz_knowsItsOrdinals(uint8 value, uint8 count) external {
        if (value >= count) vm.expectRevert(Malformed.selector);
        require(_reader.ordinal(abi.encodePacked(value), count) == (value >= count ? 0 : value), "another ordinal");
    }

    function bound(uint256 value, uint256 low, uint256 high) private pure returns (uint256) {
        return low + value % (high - low + 1);
    }

    /// A sequence alone, after up to 40 characters and before some: chunks of 32 bytes are cut in every way.
    function _everywhere(bytes memory sequence, bool isGood) private view {
        for (uint256 before = 0; before <= 40; before++) {
            bytes memory content = abi.encodePacked(_ascii(before), sequence);
            _expect(Borsh.text(content), content.length + 4, isGood);
            content = abi.encodePacked(content, _ascii(before % 35));
            _expect(Borsh.text(content), content.length + 4, isGood);
        }
    }

    function _expect(bytes memory message, uint256 length, bool isGood) private view {
        (bool succeeded, bytes memory answer) =
            address(_reader).staticcall(abi.encodeCall(ReaderCaller.text, (message, length)));
        require(succeeded == isGood, isGood ? "refused" : "taken");
        if (!succeeded) require(bytes4(answer) == Malformed.selector && answer.length == 4, "another refusal");
    }

    function _ascii(uint256 length) private pure returns (bytes memory content) {
        content = new bytes(length);
        for (uint256 i = 0; i < length; i++) content[i] = bytes1(uint8(0x20 + i % 0x5f));
    }

    function _character(uint256 p) private pure returns (bytes memory) {
        if (p < 0x80) return abi.encodePacked(uint8(p));
        if (p < 0x800) return abi.encodePacked(uint8(0xc0 | p >> 6), uint8(0x80 | p & 0x3f));
        if (p < 0x10000) {
            return abi.encodePacked(uint8(0xe0 | p >> 12), uint8(0x80 | p >> 6 & 0x3f), uint8(0x80 | p & 0x3f));
        }
        return abi.encodePacked(
            uint8(0xf0 | p >> 18), uint8(0x80 | p >> 12 & 0x3f), uint8(0x80 | p >> 6 & 0x3f), uint8(0x80 | p & 0x3f)
        );
    }

    /// RFC 3629, character by character: decode, then see whether the code point is one that is written in so many bytes.
    function _isUtf8(bytes memory content) private pure returns (bool) {
        uint256 i = 0;
        while (i < content.length) {
            uint256 lead = uint8(content[i++]);
            if (lead < 0x80) continue;
            uint256 more = lead >> 5 == 6 ? 1 : lead >> 4 == 14 ? 2 : lead >> 3 == 30 ? 3 : 0;
            if (more == 0 || i + more > content.length) return false;
            uint256 point = lead & ((1 << (6 - more)) - 1);
            for (uint256 j = 0; j < more; j++) {
                uint256 next = uint8(content[i++]);
                if (next >> 6 != 2) return false;
                point = point << 6 | next & 0x3f;
            }
            if (point < (more == 1 ? 0x80 : more == 2 ? 0x800 : 0x10000) || point > 0x10ffff) return false;
            if (point >= 0xd800 && point < 0xe000) return false;
        }
        return true;
    }
}
