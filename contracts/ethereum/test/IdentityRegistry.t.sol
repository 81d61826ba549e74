// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IdentityRegistry} from "../src/IdentityRegistry.sol";
import {BadSignature, BindStale, Expired, WeakKey} from "../src/Interface.sol";
import {People} from "./support/People.sol";
import {CallingWallet, OddWallet, Wallet} from "./support/Wallets.sol";
import {vm} from "./Vm.sol";

contract IdentityRegistryTest {
    bytes4 private constant BAD_SIGNATURE = BadSignature.selector;

    IdentityRegistry private _registry;
    uint64 private _until;
    /// Who sends; zero for this contract.
    address private _sender;
    /// In storage, because the compiler takes the number of the chain for something that never changes.
    uint256 private _chain;

    function setUp() external {
        vm.warp(2_000_000_000);
        _registry = new IdentityRegistry();
        _until = uint64(block.timestamp + 60);
        _chain = block.chainid;
    }

    function test_bindsByProofOfBothKeys() external {
        address account = People.account(0);
        require(_bind(0, account, 1, _consent(0, account, 1)) == 0, "refused");
        require(_registry.accountOf(People.key(0)) == account, "another account");
        require(_registry.bindingNonce(People.key(0)) == 1, "another number");
        // nobody else is bound by it
        require(_registry.accountOf(People.key(1)) == address(0), "somebody else too");
    }

    function test_takesTheAccountsOwnTransactionForConsent() external {
        address account = People.account(0);
        require(_bind(0, account, 1, "") == BAD_SIGNATURE, "taken from a stranger");
        _sender = account;
        require(_bind(0, account, 1, "") == 0, "refused");
        // of one account for itself, not for another
        require(_bind(0, People.account(1), 2, "") == BAD_SIGNATURE, "taken for another");
    }

    function test_bindsAgainToAnotherAccount() external {
        require(_bind(0, People.account(0), 1, _consent(0, People.account(0), 1)) == 0, "refused");
        bytes memory consent = _signBinding(1, 0, People.account(1), 2, _registry);
        require(_bind(0, People.account(1), 2, consent) == 0, "refused again");
        require(_registry.accountOf(People.key(0)) == People.account(1), "another account");
        // back to the first, with a new word of both
        require(_bind(0, People.account(0), 3, _consent(0, People.account(0), 3)) == 0, "refused the third time");
        require(_registry.accountOf(People.key(0)) == People.account(0), "not the first account");
    }

    function test_unbindsWithoutTheAccount() external {
        require(_bind(0, People.account(0), 1, _consent(0, People.account(0), 1)) == 0, "refused");
        require(_bind(0, address(0), 2, "") == 0, "still bound");
        require(_registry.accountOf(People.key(0)) == address(0), "another account");
        // the old words do not come back
        require(_bind(0, People.account(0), 1, _consent(0, People.account(0), 1)) == BindStale.selector, "replayed");
        require(_registry.bindingNonce(People.key(0)) == 2, "another number");
    }

    function testFuzz_numbersRiseByOne(uint64 number, uint8 near) external {
        for (uint64 next = 1; next < 4; next++) {
            uint64 wrong = near & 1 == 0 ? number : near & 3;
            if (wrong != next) {
                bytes4 refusal = _bind(0, People.account(0), wrong, _consent(0, People.account(0), wrong));
                require(refusal == BindStale.selector, "out of turn");
            }
            require(_bind(0, People.account(0), next, _consent(0, People.account(0), next)) == 0, "in turn");
        }
        // the last number there is closes nothing, because nobody gets to it
        require(_bind(0, People.account(0), type(uint64).max, "") == BindStale.selector, "the last number");
        require(_bind(0, address(0), 4, "") == 0, "unbound");
    }

    function testFuzz_endsInTime(uint64 validUntil, uint64 now_) external {
        vm.warp(now_);
        _until = validUntil;
        bool isInTime = validUntil >= now_ && validUntil - now_ <= 86_400;
        bytes4 refusal = _bind(0, People.account(0), 1, _consent(0, People.account(0), 1));
        require(refusal == (isInTime ? bytes4(0) : Expired.selector), "another moment");
    }

    function test_takesNoOtherWord() external {
        address account = People.account(0);
        bytes memory consent = _consent(0, account, 1);
        // of another account, or for another identity, account, number, time, registry or chain
        require(_bind(0, account, 1, _signBinding(1, 0, account, 1, _registry)) == BAD_SIGNATURE, "account");
        require(_bind(0, account, 1, _signBinding(0, 1, account, 1, _registry)) == BAD_SIGNATURE, "identity");
        require(_bind(0, People.account(1), 1, consent) == BAD_SIGNATURE, "to another");
        require(_bind(0, account, 2, consent) == BindStale.selector, "number");
        bytes memory foreign = _signBinding(0, 0, account, 1, new IdentityRegistry());
        require(_bind(0, account, 1, foreign) == BAD_SIGNATURE, "registry");
        _until++;
        require(_bind(0, account, 1, consent) == BAD_SIGNATURE, "time");
        _until--;
        // of another identity
        require(_bindAs(1, 0, account, 1, consent) == BAD_SIGNATURE, "another's word");
        vm.chainId(_chain + 1);
        require(_bind(0, account, 1, consent) == BAD_SIGNATURE, "chain");
        vm.chainId(_chain);
        require(_bind(0, account, 1, consent) == 0, "refused");
    }

    /// What an identity signed for one registry or chain says nothing to another.
    function test_takesNoWordForAnotherRegistry() external {
        IdentityRegistry other = new IdentityRegistry();
        address account = People.account(0);
        bytes memory consent = _signBinding(0, 0, account, 1, other);
        bytes memory word = People.sign(0, _registry.bindingDigest(People.key(0), account, 1, _until));
        (bool succeeded, bytes memory answer) = address(other)
            .call(abi.encodeCall(IdentityRegistry.bind, (People.key(0), account, 1, _until, word, consent)));
        require(!succeeded && bytes4(answer) == BAD_SIGNATURE, "taken");
        bytes32 here = _registry.bindingDigest(People.key(0), account, 1, _until);
        vm.chainId(_chain + 1);
        require(here != _registry.bindingDigest(People.key(0), account, 1, _until), "the same on every chain");
    }

    function testFuzz_takesNoOtherBytes(bytes calldata word, bytes calldata consent) external {
        address account = People.account(0);
        if (consent.length > 0) {
            require(_bind(0, account, 1, consent) == BAD_SIGNATURE, "any consent");
        }
        bytes memory good = _consent(0, account, 1);
        (bool succeeded, bytes memory answer) = address(_registry)
            .call(abi.encodeCall(IdentityRegistry.bind, (People.key(0), account, 1, _until, word, good)));
        require(!succeeded && bytes4(answer) == BAD_SIGNATURE, "any word");
    }

    function test_bindsToWalletContracts() external {
        Wallet wallet = new Wallet();
        bytes32 digest = _consentDigest(0, address(wallet), 1, _registry);
        require(_bind(0, address(wallet), 1, hex"01") == BAD_SIGNATURE, "without its word");
        require(_bind(0, address(wallet), 1, "") == BAD_SIGNATURE, "without asking");
        wallet.approve(keccak256("something else"));
        require(_bind(0, address(wallet), 1, hex"01") == BAD_SIGNATURE, "by another word");
        wallet.approve(digest);
        require(_bind(0, address(wallet), 1, hex"01") == 0, "refused");
        require(_registry.accountOf(People.key(0)) == address(wallet), "another account");
    }

    /// An account whose code answers no such questions signs by its key all the same, as EIP-7702 lets accounts have code.
    function test_bindsToAccountsThatHaveCode() external {
        address account = People.account(0);
        vm.etch(account, address(new OddWallet(32, bytes4(0))).code);
        require(_bind(0, account, 1, _signBinding(1, 0, account, 1, _registry)) == BAD_SIGNATURE, "by another's key");
        require(_bind(0, account, 1, _consent(0, account, 1)) == 0, "refused");
        require(_registry.accountOf(People.key(0)) == account, "another account");
        // and code alone, where there is no such key
        Wallet wallet = new Wallet();
        wallet.approve(_consentDigest(0, address(wallet), 2, _registry));
        require(_bind(0, address(wallet), 2, hex"01") == 0, "refused its code");
    }

    function test_takesNoOtherAnswerOfWallets() external {
        bytes4 magic = Wallet.isValidSignature.selector;
        address[6] memory wallets = [
            address(new OddWallet(0, magic)),
            address(new OddWallet(4, magic)),
            address(new OddWallet(31, magic)),
            address(new OddWallet(32, bytes4(0))),
            address(new OddWallet(32, 0xffffffff)),
            address(_registry)
        ];
        for (uint256 i = 0; i < 6; i++) {
            require(_bind(0, wallets[i], 1, hex"01") == BAD_SIGNATURE, "taken");
        }
        require(_bind(0, address(new OddWallet(32, magic)), 1, hex"01") == 0, "refused");
        // contracts that the chain itself has: one of them gives back what it is given
        for (uint160 i = 1; i < 20; i++) {
            require(_bind(1, address(i), 1, hex"01") == BAD_SIGNATURE, "a precompile agreed");
        }
    }

    /// A wallet that is asked cannot bind anything meanwhile.
    function test_changesNothingWhileItAsks() external {
        CallingWallet wallet = new CallingWallet();
        bytes memory word = People.sign(1, _registry.bindingDigest(People.key(1), address(wallet), 1, _until));
        wallet.prepare(
            address(_registry),
            abi.encodeCall(IdentityRegistry.bind, (People.key(1), address(wallet), 1, _until, word, ""))
        );
        // it may not even write down that it called: that is a change too
        require(_bind(0, address(wallet), 1, hex"01") == 0, "refused");
        require(_registry.accountOf(People.key(1)) == address(0) && !wallet.wasCalled(), "changed meanwhile");
    }

    function test_bindsNoWeakKey() external {
        bytes32[5] memory weak = [
            bytes32(0),
            bytes32(uint256(1) << 248),
            0xecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f,
            0x26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85,
            0xeeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff
        ];
        for (uint256 i = 0; i < 5; i++) {
            vm.expectRevert(WeakKey.selector);
            _registry.bind(weak[i], address(0), 1, _until, new bytes(64), "");
        }
    }

    function _bind(uint256 person, address account, uint64 nonce, bytes memory consent) private returns (bytes4) {
        return _bindAs(person, person, account, nonce, consent);
    }

    /// Zero when it was done, otherwise the refusal.
    function _bindAs(uint256 signWith, uint256 person, address account, uint64 nonce, bytes memory consent)
        private
        returns (bytes4)
    {
        bytes32 key = People.key(person);
        bytes memory word = People.sign(signWith, _digest(key, account, nonce));
        if (_sender != address(0)) vm.prank(_sender);
        (bool succeeded, bytes memory answer) = address(_registry)
            .call(abi.encodeCall(IdentityRegistry.bind, (key, account, nonce, _until, word, consent)));
        if (succeeded) return 0;
        require(answer.length == 4, "expected a refusal");
        return bytes4(answer);
    }

    function _digest(bytes32 key, address account, uint64 nonce) private view returns (bytes32) {
        return sha256(
            abi.encodePacked(
                "identity-bind/1", uint8(0), block.chainid, address(_registry), key, account, nonce, _until
            )
        );
    }

    /// The account's consent to speak for its own person.
    function _consent(uint256 person, address account, uint64 nonce) private view returns (bytes memory) {
        return _signBinding(person, person, account, nonce, _registry);
    }

    function _signBinding(uint256 signWith, uint256 person, address account, uint64 nonce, IdentityRegistry registry)
        private
        view
        returns (bytes memory)
    {
        return People.signAsAccount(signWith, _consentDigest(person, account, nonce, registry));
    }

    function _consentDigest(uint256 person, address account, uint64 nonce, IdentityRegistry registry)
        private
        view
        returns (bytes32)
    {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("merogate identities"),
                keccak256("2"),
                block.chainid,
                registry
            )
        );
        bytes32 binding = keccak256(
            abi.encode(
                keccak256("Binding(bytes32 identity,address account,uint64 nonce,uint64 validUntil)"),
                People.key(person),
                account,
                nonce,
                _until
            )
        );
        return keccak256(abi.encodePacked(hex"1901", domain, binding));
    }
}
