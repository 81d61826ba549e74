// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// A wallet contract (ERC-1271) of two owners, who both have to sign: 130 bytes, in the order of the owners. For tests of sign-in.
contract SignInWallet {
    address[2] public owners;

    constructor(address first, address second) {
        owners = [first, second];
    }

    /// Anybody may: a test does.
    function replace(uint256 place, address by) external {
        owners[place] = by;
    }

    function isValidSignature(bytes32 digest, bytes calldata signatures) external view returns (bytes4) {
        require(signatures.length == 130, "two signatures");
        for (uint256 i = 0; i < 2; i++) {
            bytes calldata one = signatures[i * 65:(i + 1) * 65];
            address by = ecrecover(digest, uint8(one[64]), bytes32(one[:32]), bytes32(one[32:64]));
            if (by == address(0) || by != owners[i]) return 0xffffffff;
        }
        return this.isValidSignature.selector;
    }
}

/// Answers whatever it was made to answer.
contract SignInAnswer {
    bytes private _answer;

    constructor(bytes memory answer) {
        _answer = answer;
    }

    fallback() external {
        bytes memory answer = _answer;
        assembly {
            return(add(answer, 32), mload(answer))
        }
    }
}
