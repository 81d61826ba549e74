// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// The SHA-512 (FIPS 180-4) that an Ed25519 signature of 32 bytes needs: of exactly 96 bytes. Such a message fills one
/// block, padding included, so there is no loop over blocks and no copy of the message.
library Sha512 {
    /// One word of 64 bits. The sums of SHA-512 are modulo 2^64 (FIPS 180-4 2.2.1).
    uint256 private constant WORD = 0xffffffffffffffff;

    /// Times this, a word stands twice side by side: x becomes x + 2^64 x, and a rotation of x to the right by n is
    /// then the low word of a mere shift by n.
    uint256 private constant TWICE = 0x10000000000000001;

    /// Two words in lanes of 128 bits. Over each word there is room for what sums carry.
    uint256 private constant PAIR = 0xffffffffffffffff0000000000000000ffffffffffffffff;

    /// The digest of the 96 bytes `first`, `second`, `third`. About 24,000 gas.
    ///
    /// Words are kept lazily: whatever stands above the low 64 bits is noise, which sums and the bitwise functions only
    /// carry upwards. It is cut off where a word is rotated next.
    ///
    /// Rotations are nested to save shifts, for instance for FIPS 180-4 (4.11), with x standing twice:
    ///   ROTR14(x) ^ ROTR18(x) ^ ROTR41(x) = (x ^ (x ^ x >> 23) >> 4) >> 14
    /// which reaches up to bit 63 + 41 of the 128 that count.
    ///
    /// @return high The first 32 bytes of the digest.
    /// @return low Its last 32 bytes.
    function hash96(bytes32 first, bytes32 second, bytes32 third) internal pure returns (bytes32 high, bytes32 low) {
        assembly ("memory-safe") {
            // Free memory is used, not allocated: 640 bytes of constants, then 80 words of the schedule in 16 bytes each.
            let k := mload(0x40)

            // K, eight bytes each: fractional parts of the cube roots of the first eighty primes (FIPS 180-4 4.2.3)
            mstore(k, 0x428a2f98d728ae227137449123ef65cdb5c0fbcfec4d3b2fe9b5dba58189dbbc)
            mstore(add(k, 32), 0x3956c25bf348b53859f111f1b605d019923f82a4af194f9bab1c5ed5da6d8118)
            mstore(add(k, 64), 0xd807aa98a303024212835b0145706fbe243185be4ee4b28c550c7dc3d5ffb4e2)
            mstore(add(k, 96), 0x72be5d74f27b896f80deb1fe3b1696b19bdc06a725c71235c19bf174cf692694)
            mstore(add(k, 128), 0xe49b69c19ef14ad2efbe4786384f25e30fc19dc68b8cd5b5240ca1cc77ac9c65)
            mstore(add(k, 160), 0x2de92c6f592b02754a7484aa6ea6e4835cb0a9dcbd41fbd476f988da831153b5)
            mstore(add(k, 192), 0x983e5152ee66dfaba831c66d2db43210b00327c898fb213fbf597fc7beef0ee4)
            mstore(add(k, 224), 0xc6e00bf33da88fc2d5a79147930aa72506ca6351e003826f142929670a0e6e70)
            mstore(add(k, 256), 0x27b70a8546d22ffc2e1b21385c26c9264d2c6dfc5ac42aed53380d139d95b3df)
            mstore(add(k, 288), 0x650a73548baf63de766a0abb3c77b2a881c2c92e47edaee692722c851482353b)
            mstore(add(k, 320), 0xa2bfe8a14cf10364a81a664bbc423001c24b8b70d0f89791c76c51a30654be30)
            mstore(add(k, 352), 0xd192e819d6ef5218d69906245565a910f40e35855771202a106aa07032bbd1b8)
            mstore(add(k, 384), 0x19a4c116b8d2d0c81e376c085141ab532748774cdf8eeb9934b0bcb5e19b48a8)
            mstore(add(k, 416), 0x391c0cb3c5c95a634ed8aa4ae3418acb5b9cca4f7763e373682e6ff3d6b2b8a3)
            mstore(add(k, 448), 0x748f82ee5defb2fc78a5636f43172f6084c87814a1f0ab728cc702081a6439ec)
            mstore(add(k, 480), 0x90befffa23631e28a4506cebde82bde9bef9a3f7b2c67915c67178f2e372532b)
            mstore(add(k, 512), 0xca273eceea26619cd186b8c721c0c207eada7dd6cde0eb1ef57d4f7fee6ed178)
            mstore(add(k, 544), 0x06f067aa72176fba0a637dc5a2c898a6113f9804bef90dae1b710b35131c471b)
            mstore(add(k, 576), 0x28db77f523047d8432caab7b40c724933c9ebe0a15c9bebc431d67c49c100d4c)
            mstore(add(k, 608), 0x4cc5d4becb3e42b6597f299cfc657e2a5fcb6fab3ad6faec6c44198c4a475817)

            // the block: the message, one bit, zeros, and the length of 768 bits (FIPS 180-4 5.1.2, 5.2.2)
            let w := add(k, 640)
            mstore(w, or(shl(128, shr(192, first)), and(shr(128, first), WORD)))
            mstore(add(w, 32), or(and(shl(64, first), shl(128, WORD)), and(first, WORD)))
            mstore(add(w, 64), or(shl(128, shr(192, second)), and(shr(128, second), WORD)))
            mstore(add(w, 96), or(and(shl(64, second), shl(128, WORD)), and(second, WORD)))
            mstore(add(w, 128), or(shl(128, shr(192, third)), and(shr(128, third), WORD)))
            mstore(add(w, 160), or(and(shl(64, third), shl(128, WORD)), and(third, WORD)))
            mstore(add(w, 192), shl(191, 1))
            mstore(add(w, 224), 768)

            // The schedule (FIPS 180-4 6.4.2, step 1), two words at a time, since W[t] needs nothing later than W[t-2]:
            //   W[t] = s1(W[t-2]) + W[t-7] + s0(W[t-15]) + W[t-16]
            //   s0(x) = ROTR1(x) ^ ROTR8(x) ^ SHR7(x), (4.12); s1(x) = ROTR19(x) ^ ROTR61(x) ^ SHR6(x), (4.13)
            // w points at W[t-16]; a load takes a word and the next one, at even and odd places alike.
            let x
            let y
            let twice
            for { let end := add(w, 1024) } lt(w, end) { w := add(w, 128) } {
                // W[t], W[t+1]
                x := mload(add(w, 16)) // W[t-15] and the next
                twice := mul(x, TWICE)
                x := and(xor(shr(1, xor(shr(7, twice), twice)), shr(7, x)), PAIR)
                y := mload(add(w, 224)) // W[t-2] and the next
                twice := mul(y, TWICE)
                y := and(xor(shr(6, y), shr(19, xor(shr(42, twice), twice))), PAIR)
                mstore(add(w, 256), and(add(mload(add(w, 144)), add(mload(w), add(x, y))), PAIR))
                // W[t+2], W[t+3]
                x := mload(add(w, 48))
                twice := mul(x, TWICE)
                x := and(xor(shr(1, xor(shr(7, twice), twice)), shr(7, x)), PAIR)
                y := mload(add(w, 256))
                twice := mul(y, TWICE)
                y := and(xor(shr(6, y), shr(19, xor(shr(42, twice), twice))), PAIR)
                mstore(add(w, 288), and(add(mload(add(w, 176)), add(mload(add(w, 32)), add(x, y))), PAIR))
                // W[t+4], W[t+5]
                x := mload(add(w, 80))
                twice := mul(x, TWICE)
                x := and(xor(shr(1, xor(shr(7, twice), twice)), shr(7, x)), PAIR)
                y := mload(add(w, 288))
                twice := mul(y, TWICE)
                y := and(xor(shr(6, y), shr(19, xor(shr(42, twice), twice))), PAIR)
                mstore(add(w, 320), and(add(mload(add(w, 208)), add(mload(add(w, 64)), add(x, y))), PAIR))
                // W[t+6], W[t+7]
                x := mload(add(w, 112))
                twice := mul(x, TWICE)
                x := and(xor(shr(1, xor(shr(7, twice), twice)), shr(7, x)), PAIR)
                y := mload(add(w, 320))
                twice := mul(y, TWICE)
                y := and(xor(shr(6, y), shr(19, xor(shr(42, twice), twice))), PAIR)
                mstore(add(w, 352), and(add(mload(add(w, 240)), add(mload(add(w, 96)), add(x, y))), PAIR))
            }

            // Eighty rounds (FIPS 180-4 6.4.2, step 3), eight at a time: the variables change roles instead of places.
            //   T1 = h + S1(e) + Ch(e, f, g) + K[t] + W[t], into h
            //   d = d + T1
            //   h = T1 + S0(a) + Maj(a, b, c)
            //   S0(x) = ROTR28(x) ^ ROTR34(x) ^ ROTR39(x), (4.10); S1(x) = ROTR14(x) ^ ROTR18(x) ^ ROTR41(x), (4.11)
            //   Ch = g ^ (e & (f ^ g)); Maj = b ^ ((a ^ b) & (b ^ c)), where b ^ c is a ^ b of the round before
            // Loads end with the word that is wanted: what they read before it is noise.
            w := add(k, 624)
            let end := add(k, 616)
            k := sub(k, 24)
            // fractional parts of the square roots of the first eight primes (FIPS 180-4 5.3.5)
            let a := mul(0x6a09e667f3bcc908, TWICE)
            let b := mul(0xbb67ae8584caa73b, TWICE)
            let c := mul(0x3c6ef372fe94f82b, TWICE)
            let d := mul(0xa54ff53a5f1d36f1, TWICE)
            let e := mul(0x510e527fade682d1, TWICE)
            let f := mul(0x9b05688c2b3e6c1f, TWICE)
            let g := mul(0x1f83d9abfb41bd6b, TWICE)
            let h := mul(0x5be0cd19137e2179, TWICE)
            for { } lt(k, end) {
                k := add(k, 64)
                w := add(w, 128)
            } {
                h := add(
                    shr(14, xor(e, shr(4, xor(e, shr(23, e))))),
                    add(xor(g, and(e, xor(g, f))), add(mload(w), add(mload(k), h)))
                )
                d := mul(and(add(h, d), WORD), TWICE)
                h := add(shr(28, xor(a, shr(6, xor(a, shr(5, a))))), h)
                h := mul(and(add(xor(b, and(xor(a, b), xor(b, c))), h), WORD), TWICE)
                g := add(
                    shr(14, xor(d, shr(4, xor(d, shr(23, d))))),
                    add(xor(f, and(d, xor(f, e))), add(mload(add(w, 16)), add(mload(add(k, 8)), g)))
                )
                c := mul(and(add(g, c), WORD), TWICE)
                g := add(shr(28, xor(h, shr(6, xor(h, shr(5, h))))), g)
                g := mul(and(add(xor(a, and(xor(h, a), xor(a, b))), g), WORD), TWICE)
                f := add(
                    shr(14, xor(c, shr(4, xor(c, shr(23, c))))),
                    add(xor(e, and(c, xor(e, d))), add(mload(add(w, 32)), add(mload(add(k, 16)), f)))
                )
                b := mul(and(add(f, b), WORD), TWICE)
                f := add(shr(28, xor(g, shr(6, xor(g, shr(5, g))))), f)
                f := mul(and(add(xor(h, and(xor(g, h), xor(h, a))), f), WORD), TWICE)
                e := add(
                    shr(14, xor(b, shr(4, xor(b, shr(23, b))))),
                    add(xor(d, and(b, xor(d, c))), add(mload(add(w, 48)), add(mload(add(k, 24)), e)))
                )
                a := mul(and(add(e, a), WORD), TWICE)
                e := add(shr(28, xor(f, shr(6, xor(f, shr(5, f))))), e)
                e := mul(and(add(xor(g, and(xor(f, g), xor(g, h))), e), WORD), TWICE)
                d := add(
                    shr(14, xor(a, shr(4, xor(a, shr(23, a))))),
                    add(xor(c, and(a, xor(c, b))), add(mload(add(w, 64)), add(mload(add(k, 32)), d)))
                )
                h := mul(and(add(d, h), WORD), TWICE)
                d := add(shr(28, xor(e, shr(6, xor(e, shr(5, e))))), d)
                d := mul(and(add(xor(f, and(xor(e, f), xor(f, g))), d), WORD), TWICE)
                c := add(
                    shr(14, xor(h, shr(4, xor(h, shr(23, h))))),
                    add(xor(b, and(h, xor(b, a))), add(mload(add(w, 80)), add(mload(add(k, 40)), c)))
                )
                g := mul(and(add(c, g), WORD), TWICE)
                c := add(shr(28, xor(d, shr(6, xor(d, shr(5, d))))), c)
                c := mul(and(add(xor(e, and(xor(d, e), xor(e, f))), c), WORD), TWICE)
                b := add(
                    shr(14, xor(g, shr(4, xor(g, shr(23, g))))),
                    add(xor(a, and(g, xor(a, h))), add(mload(add(w, 96)), add(mload(add(k, 48)), b)))
                )
                f := mul(and(add(b, f), WORD), TWICE)
                b := add(shr(28, xor(c, shr(6, xor(c, shr(5, c))))), b)
                b := mul(and(add(xor(d, and(xor(c, d), xor(d, e))), b), WORD), TWICE)
                a := add(
                    shr(14, xor(f, shr(4, xor(f, shr(23, f))))),
                    add(xor(h, and(f, xor(h, g))), add(mload(add(w, 112)), add(mload(add(k, 56)), a)))
                )
                e := mul(and(add(a, e), WORD), TWICE)
                a := add(shr(28, xor(b, shr(6, xor(b, shr(5, b))))), a)
                a := mul(and(add(xor(c, and(xor(b, c), xor(c, d))), a), WORD), TWICE)
            }

            // the sums with the initial value (FIPS 180-4 6.4.2, step 4)
            high := or(
                or(shl(192, add(a, 0x6a09e667f3bcc908)), shl(128, and(add(b, 0xbb67ae8584caa73b), WORD))),
                or(shl(64, and(add(c, 0x3c6ef372fe94f82b), WORD)), and(add(d, 0xa54ff53a5f1d36f1), WORD))
            )
            low := or(
                or(shl(192, add(e, 0x510e527fade682d1)), shl(128, and(add(f, 0x9b05688c2b3e6c1f), WORD))),
                or(shl(64, and(add(g, 0x1f83d9abfb41bd6b), WORD)), and(add(h, 0x5be0cd19137e2179), WORD))
            )
        }
    }
}
