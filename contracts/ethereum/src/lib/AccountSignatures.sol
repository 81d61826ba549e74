// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

/// @notice One way to ask whether an account signed something, whatever is asked and whatever the account is.
library AccountSignatures {
    /// @notice Whether the account stands behind a digest: by a signature of its key (65 bytes), or by its code (ERC-1271). The key comes first,
    /// because an account may have both: what EIP-7702 has an account run need not answer such questions.
    function isBy(address account, bytes32 digest, bytes calldata signature) internal view returns (bool) {
        (address recovered, ECDSA.RecoverError problem,) = ECDSA.tryRecoverCalldata(digest, signature);
        if (problem == ECDSA.RecoverError.NoError && recovered == account) return true;
        // what the chain itself has at low addresses has no code, and takes all the gas of questions that it does not understand
        if (account.code.length == 0) return false;
        return SignatureChecker.isValidERC1271SignatureNowCalldata(account, digest, signature);
    }
}
