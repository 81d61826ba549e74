// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// A wallet contract (ERC-1271) that stands behind one digest.
contract Wallet {
    bytes32 private _approved;

    function approve(bytes32 digest) external {
        _approved = digest;
    }

    function isValidSignature(bytes32 digest, bytes calldata) external view returns (bytes4) {
        return digest == _approved ? this.isValidSignature.selector : bytes4(0);
    }

    /// Sends whatever somebody wants.
    function send(address to, bytes calldata data) external returns (bool succeeded, bytes memory answer) {
        return to.call(data);
    }
}

/// A wallet that answers with so many bytes, all zero but the first four.
contract OddWallet {
    uint256 private immutable LENGTH;
    bytes4 private immutable ANSWER;

    constructor(uint256 length, bytes4 answer) {
        LENGTH = length;
        ANSWER = answer;
    }

    fallback() external {
        bytes32 answer = ANSWER;
        uint256 length = LENGTH;
        assembly {
            mstore(0, answer)
            return(0, length)
        }
    }
}

/// A wallet that calls back while it is asked, and agrees with everything.
contract CallingWallet {
    address private _to;
    bytes private _data;
    bool public wasCalled;

    function prepare(address to, bytes calldata data) external {
        (_to, _data) = (to, data);
    }

    /// Not a view, on purpose: the asking contract must see to it that nothing changes.
    function isValidSignature(bytes32, bytes calldata) external returns (bytes4) {
        (bool succeeded,) = _to.call(_data);
        if (succeeded) wasCalled = true;
        return this.isValidSignature.selector;
    }

    function send(address to, bytes calldata data) external returns (bool succeeded, bytes memory answer) {
        return to.call(data);
    }
}
