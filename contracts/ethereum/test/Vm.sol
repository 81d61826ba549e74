// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// The cheat codes of the test runner that these tests use (Hardhat's Solidity tests speak Foundry's).
interface Vm {
    function addr(uint256 privateKey) external pure returns (address);
    function sign(uint256 privateKey, bytes32 digest) external pure returns (uint8 v, bytes32 r, bytes32 s);
    function warp(uint256 timestamp) external;
    function chainId(uint256 id) external;
    function prank(address sender) external;
    function prank(address sender, address origin) external;
    function expectRevert(bytes4 selector) external;
    function expectRevert(bytes calldata data) external;
    function etch(address account, bytes calldata code) external;
    function assume(bool condition) external pure;
    function load(address account, bytes32 slot) external view returns (bytes32);
    function store(address account, bytes32 slot, bytes32 value) external;
}

Vm constant vm = Vm(0x7109709ECfa91a80626fF3989D68f67F5b1DD12D);
