// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Envelopes} from "../src/Envelopes.sol";
import {IIdentityRegistry} from "../src/IIdentityRegistry.sol";
import {Expired, LimitExceeded, Malformed, WrongDomain} from "../src/Interface.sol";
import {Borsh} from "./support/Borsh.sol";
import {vm} from "./Vm.sol";

/// What is common to the contracts, alone.
contract EnvelopeReader is Envelopes {
    constructor() Envelopes(IIdentityRegistry(address(0))) EIP712("test", "1") {}

    /// The head, with the place of the fields counted from the beginning of the envelope.
    function read(bytes calldata envelope) external view returns (Request memory q) {
        q = _readHead(envelope);
        uint256 start;
        assembly {
            start := envelope.offset
        }
        q.pos -= start;
        q.end -= start;
    }

    function check(bytes calldata envelope) external view {
        _checkDomainAndTime(_readHead(envelope));
    }
}

contract EnvelopesTest {
    EnvelopeReader private _reader = new EnvelopeReader();

    function setUp() external {
        vm.warp(2_000_000_000);
    }

    function testFuzz_readsWhatIsWritten(
        bytes32 subject,
        bytes32 signer,
        uint64[4] calldata numbers,
        uint8 options,
        uint8 operation,
        bytes calldata fields
    ) external view {
        bytes memory members = options & 1 == 0 ? bytes(hex"00") : abi.encodePacked(uint8(1), Borsh.u64(numbers[2]));
        bytes memory application =
            options & 2 == 0 ? bytes(hex"00") : abi.encodePacked(uint8(1), Borsh.u64(numbers[3]));
        bytes memory tail = abi.encodePacked(members, application, operation, fields);
        bytes memory head = abi.encodePacked(subject, signer, Borsh.u64(numbers[0]), Borsh.u64(numbers[1]));
        bytes memory domain = Borsh.domain(address(_reader));
        bytes memory envelope = abi.encodePacked(uint8(1), domain, head, tail);
        EnvelopeReader.Request memory q = _reader.read(envelope);
        require(q.subject == subject && q.signer == signer, "another id");
        require(q.nonce == numbers[0] && q.validUntil == numbers[1], "another number");
        require(q.ifMembersRevision == (options & 1 == 0 ? type(uint256).max : numbers[2]), "another member list");
        require(q.ifApplicationRevision == (options & 2 == 0 ? type(uint256).max : numbers[3]), "another application");
        require(q.operation == operation && q.isForUs, "another operation");
        require(q.end == envelope.length && q.pos == q.end - fields.length, "another place");
    }

    /// Cut off anywhere, it is no envelope.
    function test_refusesWhatIsCutOff() external view {
        bytes memory envelope = _envelope(Borsh.domain(address(_reader)), hex"0101000000000000000100000000000000000c");
        _expect(envelope, EnvelopeReader.read.selector, 0);
        for (uint256 length = 0; length < envelope.length; length++) {
            bytes memory part = abi.encodePacked(envelope);
            assembly {
                mstore(part, length)
            }
            _expect(part, EnvelopeReader.read.selector, Malformed.selector);
        }
    }

    function test_takesVersionOneOnly() external view {
        bytes memory envelope = _envelope(Borsh.domain(address(_reader)), hex"00000c");
        for (uint256 version = 0; version < 256; version++) {
            envelope[0] = bytes1(uint8(version));
            _expect(envelope, EnvelopeReader.read.selector, version == 1 ? bytes4(0) : Malformed.selector);
        }
    }

    function test_takesNoOptionButNoneAndSome() external view {
        for (uint256 tag = 2; tag < 256; tag++) {
            bytes memory domain = Borsh.domain(address(_reader));
            bytes memory first = _envelope(domain, abi.encodePacked(uint8(tag), bytes8(0), uint16(0), uint8(12)));
            bytes memory second = _envelope(domain, abi.encodePacked(uint8(0), uint8(tag), bytes8(0), uint8(12)));
            _expect(first, EnvelopeReader.read.selector, Malformed.selector);
            _expect(second, EnvelopeReader.read.selector, Malformed.selector);
        }
    }

    function test_boundsTheWhole() external view {
        bytes memory envelope = _envelope(Borsh.domain(address(_reader)), hex"00000c");
        _expect(abi.encodePacked(envelope, new bytes(8192 - envelope.length)), EnvelopeReader.read.selector, 0);
        bytes memory long = abi.encodePacked(envelope, new bytes(8193 - envelope.length));
        _expect(long, EnvelopeReader.read.selector, LimitExceeded.selector);
    }

    /// A bit of the domain is enough, and a contract with more or fewer bytes.
    function test_isForOneContractOnly() external {
        bytes memory domain = Borsh.domain(address(_reader));
        _expect(_envelope(domain, hex"00000c"), EnvelopeReader.check.selector, 0);
        for (uint256 bit = 0; bit < domain.length * 8; bit++) {
            // what says how long the contract's bytes are comes below
            if (bit >= 33 * 8 && bit < 37 * 8) continue;
            bytes memory other = abi.encodePacked(domain);
            other[bit / 8] ^= bytes1(uint8(1 << bit % 8));
            _expect(_envelope(other, hex"00000c"), EnvelopeReader.check.selector, WrongDomain.selector);
        }
        for (uint256 length = 0; length < 65; length++) {
            if (length == 20) continue;
            bytes memory contract_ = abi.encodePacked(address(_reader), new bytes(length < 20 ? 0 : length - 20));
            assembly {
                mstore(contract_, length)
            }
            bytes memory other = abi.encodePacked(uint8(3), block.chainid, Borsh.text(contract_));
            _expect(_envelope(other, hex"00000c"), EnvelopeReader.check.selector, WrongDomain.selector);
        }
        // the same bytes on a chain that got another number
        vm.chainId(block.chainid + 1);
        _expect(_envelope(domain, hex"00000c"), EnvelopeReader.check.selector, WrongDomain.selector);
    }

    function testFuzz_holdsForADay(uint64 validUntil, uint64 now_) external {
        vm.warp(now_);
        bytes memory envelope = abi.encodePacked(
            abi.encodePacked(uint8(1), Borsh.domain(address(_reader)), new bytes(72)),
            abi.encodePacked(Borsh.u64(validUntil), hex"00000c")
        );
        bool isInTime = validUntil >= now_ && validUntil - now_ <= 86_400;
        _expect(envelope, EnvelopeReader.check.selector, isInTime ? bytes4(0) : Expired.selector);
    }

    function test_holdsToTheSecond() external {
        uint64[6] memory seconds_ = [uint64(0), 1, 86_399, 86_400, 86_401, type(uint64).max];
        for (uint256 i = 0; i < 6; i++) {
            this.testFuzz_holdsForADay(2_000_000_000 + (i == 5 ? 0 : seconds_[i]), 2_000_000_000);
            this.testFuzz_holdsForADay(2_000_000_000, 2_000_000_000 + uint64(i));
            this.testFuzz_holdsForADay(seconds_[i], 2_000_000_000);
        }
    }

    /// Whatever the bytes are: a head or a refusal.
    function testFuzz_survivesGarbage(bytes calldata envelope) external view {
        (bool succeeded, bytes memory answer) =
            address(_reader).staticcall(abi.encodeCall(EnvelopeReader.read, (envelope)));
        require(succeeded || (bytes4(answer) == Malformed.selector && answer.length == 4), "another refusal");
    }

    /// An envelope up to the options; `tail` is the rest.
    function _envelope(bytes memory domain, bytes memory tail) private view returns (bytes memory) {
        return abi.encodePacked(uint8(1), domain, new bytes(72), Borsh.u64(block.timestamp + 60), tail);
    }

    function _expect(bytes memory envelope, bytes4 selector, bytes4 expected) private view {
        (bool succeeded, bytes memory answer) = address(_reader).staticcall(abi.encodeWithSelector(selector, envelope));
        require(succeeded == (expected == 0), succeeded ? "taken" : "refused");
        require(succeeded || (bytes4(answer) == expected && answer.length == 4), "another refusal");
    }
}
