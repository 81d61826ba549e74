// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Sha512} from "./Sha512.sol";

/// Says whether an Ed25519 key signed 32 bytes: the proof that whoever speaks on this chain holds a member's key.
///
/// Plain Ed25519 of RFC 8032 5.1 (no prehash, no context), and as strict as `verifySignature` of the node
/// (src/node/crypto/sign.ts). Both must give the same answer to every input, or chain and nodes would disagree about
/// who said what. `verify` tells the rules beyond the equation.
///
/// Keys, R and S are 32 bytes as they travel: little-endian in RFC 8032, so the first byte of the wire is the highest of
/// the `bytes32`.
///
/// Nothing here is secret. Time and gas may depend on the input.
library Ed25519 {
    /// The prime of the field, 2^255 - 19 (RFC 8032 5.1).
    uint256 private constant P = 0x7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed;

    /// 2P. A sum of two numbers below P stays below it, and so in 256 bits.
    uint256 private constant TWO_P = 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffda;

    /// The order of the base point, 2^252 + 27742317777372353535851937790883648493 (RFC 8032 5.1).
    uint256 private constant L = 0x1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed;

    /// d = -121665/121666 of the curve -x^2 + y^2 = 1 + d x^2 y^2 (RFC 8032 5.1).
    uint256 private constant D = 0x52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3;

    /// 2d.
    uint256 private constant TWO_D = 0x2406d9dc56dffce7198e80f2eef3d13000e0149a8283b156ebd69b9426b2f159;

    /// 2^((P - 1) / 4), a square root of -1 (RFC 8032 5.1.3).
    uint256 private constant SQRT_MINUS_ONE = 0x2b8324804fc1df0b2b4d00993dfbd7a72f431806ad2fe478c4ee1b274a0ea0b0;

    /// 2^256 modulo L, to reduce the 512 bits of a hash.
    uint256 private constant TWO_256_MOD_L = 0x0ffffffffffffffffffffffffffffffec6ef5bf4737dcf70d6ec31748d98951d;

    /// 16 in each of 51 digits of five bits. Added to a scalar, it turns digits of 0..31 into digits of -16..15, stored
    /// with 16 on top. A scalar is below 2^253, so the sum has no more than 255 bits.
    uint256 private constant SIGNED_DIGITS = 0x4210842108421084210842108421084210842108421084210842108421084210;

    /// The precompile for powers (0x05, EIP-198) failed: too little gas, or a chain without it. Not "a bad signature".
    error PowerUnavailable();

    /// Whether `(r, s)` is the signature of the 32 bytes `message` by `publicKey`.
    ///
    /// Computes SB - hA and compares its encoding with `r`, byte by byte (RFC 8032 5.1.7, without the cofactor). False,
    /// not a revert, for whatever a stranger may pass:
    /// - S not below the order L: else S + L would be a second signature of the same message (RFC 8032 5.1.7, step 1);
    /// - a key of small order: one signature by such a key fits many messages or all of them;
    /// - a key with y not below p: else one point would be two keys, and a member could be removed yet still be there;
    /// - a key that is no point of the curve: nobody can have signed;
    /// - R of small order: no honest signer makes one, and the node refuses it because Node.js 24.21 does (Node.js 20 took
    ///   it; compare nodejs/node#64026). R with y not below p, or with x = 0 and a sign, is no encoding that could come
    ///   out of the equation.
    /// A key that has a part of small order beside a large one is taken, and the equation must hold in full.
    ///
    /// Costs about 113,000 gas, of which SHA-512 is a fifth.
    ///
    /// @param publicKey A of RFC 8032: y with the lowest bit of x on top.
    /// @param message What was signed, for instance a SHA-256.
    /// @param r First half of the signature.
    /// @param s Second half of the signature, the number S in little-endian order.
    function verify(bytes32 publicKey, bytes32 message, bytes32 r, bytes32 s) internal view returns (bool) {
        uint256 scalar = _reverse(s);
        if (scalar >= L || !_isStrongEncoding(publicKey) || !_isStrongEncoding(r)) return false;
        (bool onCurve, uint256 x, uint256 y) = _decompress(publicKey);
        if (!onCurve) return false;
        (bytes32 high, bytes32 low) = Sha512.hash96(r, publicKey, message);
        // the hash is a little-endian number: its first bytes are the low half (RFC 8032 5.1.7, step 2)
        uint256 h = addmod(mulmod(_reverse(low), TWO_256_MOD_L, L), _reverse(high), L);
        return _encodedSum(scalar, h, P - x, y) == r;
    }

    /// Whether these bytes are somebody's key: a point of the curve, with y below p, whose order does not divide eight. The same rule as
    /// `isStrongKey`. x^2 = u / v has a root when u v is a square (RFC 8032 5.1.3), which Euler's criterion tells.
    ///
    /// About 4,700 gas at the prices of EIP-7883.
    function isStrong(bytes32 publicKey) internal view returns (bool) {
        if (!_isStrongEncoding(publicKey)) return false;
        uint256 y = _reverse(publicKey) & ((1 << 255) - 1);
        uint256 square = mulmod(y, y, P);
        uint256 uv = mulmod(addmod(square, P - 1, P), mulmod(D, square, P) + 1, P);
        return _power(uv, (P - 1) / 2) == 1;
    }

    /// Whether these bytes are a canonical y, and not that of a point whose order divides eight. Both signs of x are the same to this
    /// rule, so the neutral point with a sign is refused too. Whether there is such a point at all, it does not look.
    ///
    /// Compares bytes as they travel, so that nothing needs to be reversed. About 100 gas.
    function _isStrongEncoding(bytes32 publicKey) private pure returns (bool strong) {
        assembly ("memory-safe") {
            let y := and(publicKey, not(0x80)) // the sign of x is the highest bit of the last byte
            strong := iszero(
                or(
                    or(
                        or(iszero(y), eq(y, shl(248, 1))), // y = 0: order four; y = 1: the neutral point
                        or(
                            // the two y of the four points of order eight
                            eq(y, 0x26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05),
                            eq(y, 0xc7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a)
                        )
                    ),
                    // y = p - 1, of order two, up to 2^255 - 1: first byte at least 0xec, the others all ones
                    and(
                        gt(y, 0xebffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f),
                        eq(shl(8, y), 0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f00)
                    )
                )
            )
        }
    }

    /// The point that a key stands for (RFC 8032 5.1.3). The key has passed `_isStrongEncoding`: y is below P, and x is not 0.
    ///
    /// @return onCurve Whether there is such a point; without one, x means nothing.
    /// @return x Below P.
    /// @return y Below P.
    function _decompress(bytes32 publicKey) private view returns (bool onCurve, uint256 x, uint256 y) {
        uint256 encoded = _reverse(publicKey);
        y = encoded & ((1 << 255) - 1);
        // x^2 = u / v with u = y^2 - 1 and v = d y^2 + 1; v is never 0, because -1/d is no square
        uint256 square = mulmod(y, y, P);
        uint256 u = addmod(square, P - 1, P);
        uint256 v = mulmod(D, square, P) + 1; // at most P: an operand of mulmod may be that large
        // candidate: u v^3 (u v^7)^((p - 5) / 8)
        uint256 v2 = mulmod(v, v, P);
        uint256 uv3 = mulmod(u, mulmod(v2, v, P), P);
        x = mulmod(uv3, _power(mulmod(uv3, mulmod(v2, v2, P), P), (P - 5) / 8), P);
        // the candidate is right, or wrong by a square root of -1, or there is no root
        uint256 vx2 = mulmod(v, mulmod(x, x, P), P);
        if (vx2 == u) {
            onCurve = true;
        } else if (vx2 == P - u) {
            onCurve = true;
            x = mulmod(x, SQRT_MINUS_ONE, P);
        }
        if (x & 1 != encoded >> 255) x = P - x;
    }

    /// The encoding of sB + hA (RFC 8032 5.1.2), as it travels. `s` and `h` are below L, A = (x, y) is a point.
    ///
    /// Both products share their doublings (Straus): 51 rounds of five doublings, plus one multiple of A and one of B
    /// from tables. Points are (X : Y : Z : T) with x = X/Z, y = Y/Z, xy = T/Z (RFC 8032 5.1.4). The formulas are those
    /// of Hisil, Wong, Carter and Dawson for a = -1 ("Twisted Edwards Curves Revisited", 2008, 3.1 and 3.3). They are
    /// complete, as -1 is a square and d is none: no pair of points, equal, opposite, neutral or of small order, is an
    /// exception.
    ///
    /// Sizes: what mulmod and addmod return is below P; a sum of two such, or `a + (P - b)`, is below 2P and fits; and
    /// such a sum is used only as an operand of mulmod or addmod, never added again.
    ///
    /// Tables, at the free memory, 33 words each, for the multiples -16..16 of A and then of B:
    ///   offset    0  y - x of A      1056  2z of A     2112  2d xy of A
    ///   offset 3168  y - x of B                        4224  2d xy of B
    /// y + x of a multiple is y - x of its opposite: the same table, read from its other end. A's entries are
    /// projective. B's are affine and halved, which saves the product with 2z.
    ///
    /// Order of statements and operands: the one for which the compiler moves the stack least, found by measuring.
    function _encodedSum(uint256 s, uint256 h, uint256 x, uint256 y) private view returns (bytes32) {
        // the neutral point
        uint256 X = 0;
        uint256 Y = 1;
        uint256 Z = 1;
        assembly ("memory-safe") {
            let t := mload(0x40) // used from here on, not allocated: nothing of it outlives this block

            // 0 A and 0 B: y - x = 1, z = 1, xy = 0
            mstore(add(t, 512), 1)
            mstore(add(t, 1568), 2)
            mstore(add(t, 2624), 0)
            mstore(add(t, 3680), 0x3ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7)
            mstore(add(t, 4736), 0)

            // multiples of B: (y - x)/2, (y + x)/2, d xy; scripts/ed25519-vectors.ts derives them anew and compares
            // 1 B
            mstore(add(t, 3712), 0x227e97c94c7c0933d2e0c21a3447c504fe9ccf82e8a05f59ce881c82eba0489f)
            mstore(add(t, 3648), 0x43e7ce9d19ea5d329385a44c321ea16167c996e37dc6070c97de49e37ac61db9)
            mstore(add(t, 4768), 0x3788bdb44f8632d42d0dbee5eea1acc6136cf411e655624f55e48902c3bd5534)
            // 2 B
            mstore(add(t, 3744), 0x35dacad334e492aaf04f11b5d8b71bd54795c0862730567b454cd2b0215a6ad4)
            mstore(add(t, 3616), 0x6c86031fd43e97172d534d32f0eb03814fa34ecb3d07fadac91273fe499e38e2)
            mstore(add(t, 4800), 0x780d7ad89f5285b9a807d042059eb5189b60b5eeaecd67bc21fd5459d2cdbd26)
            // 3 B
            mstore(add(t, 3776), 0x555c8ac3aaaded314098f98d10a5eb5e9de9a9fef2e0dd3eab308ff4527e6929)
            mstore(add(t, 3584), 0x3d0b270dcd407c7a608da8014f80b399012d4218744325c55792d85426774b98)
            mstore(add(t, 4832), 0x6d141357895cda6368b872a2c6796da62c4a11910e1aed310a57499f86e86c3b)
            // 4 B
            mstore(add(t, 3808), 0x53c99fa63a22d24d61f471e683502839993f44b8ab307d54caff028502b40c56)
            mstore(add(t, 3552), 0x7407488190f2c393e51a469efd854932b3b2e37a3efe929c1439a8dcc77e04c6)
            mstore(add(t, 4864), 0x7fce865fb1aa9f15aeedee7c8815a24a374f1ca2bdae60b92d09fdf4e23b7f7b)
            // 5 B
            mstore(add(t, 3840), 0x0aa53f39f58daaf9f19e788e5c325043ea800a68a59394dbbfc8c161d223eb5d)
            mstore(add(t, 3520), 0x54a2e678a3710375ee8df5862d5ff62246a82461e3af768151095e220452dd90)
            mstore(add(t, 4896), 0x61d55f34b59ddb4d5a0db3858dded39693870403e85ee8fe5e5dedf8c0954139)
            // 6 B
            mstore(add(t, 3872), 0x1c5b2620d720bc425d842e739022a9dcabadf14213e9139ca4cc035b3dbec652)
            mstore(add(t, 3488), 0x68f2bddb51661c5ec032db346d2cd39b4d938ac4806457c41d067775bb8ab88f)
            mstore(add(t, 4928), 0x485c748d4f86b0f1a9f25125841de0a25f387001a0d0dd80c2d61933817525af)
            // 7 B
            mstore(add(t, 3904), 0x4eb76eae97298bf04ef53b27c90c961d365010a99ddd11d3dd37964d551910cf)
            mstore(add(t, 3456), 0x630df534941e493f38d92941142a1724ba381a9d59cee069358d2e684a2751d6)
            mstore(add(t, 4960), 0x3d4fdd8e3507c853a94e20dd2c3bd6f9d981afa3829f524d78c1b6e400dc59d1)
            // 8 B
            mstore(add(t, 3936), 0x5d481250990700e19613a0d6371e11fdcb1ebb4070daac7cf153aef6f9c91a63)
            mstore(add(t, 3424), 0x448af3b030de7297d899ce332f6ce191b65981bbf14438162cdbacb3026e9f3e)
            mstore(add(t, 4992), 0x13483e2e1766274ab1b2090c875b15195c51b8bc45e653ebf3e0faece4d1488d)
            // 9 B
            mstore(add(t, 3968), 0x24e02d28fd6e4e47cb65e30473af58224c5040db7a9020cdf9b710bf01cec032)
            mstore(add(t, 3392), 0x5a5cf699c56ebface75919e4e3437adad3284f37a8de2362cd9733c55354318e)
            mstore(add(t, 5024), 0x79e0b9010d804583557b7e14c9ea678b717fc1f4538ce917835a745fc822d784)
            // 10 B
            mstore(add(t, 4000), 0x41a9c19624a85b814239cba2faee1cac027c0c1b32d4f817baf9aac7113840e5)
            mstore(add(t, 3360), 0x21d63b145572c8f686aa81b1cdaaa32322fa9a6a0b0bf02bff8ec9e959b03a47)
            mstore(add(t, 5056), 0x0763157a385fa673ff8b4f87b398da848e860e65e9f831a0681e957201e87c6c)
            // 11 B
            mstore(add(t, 4032), 0x0c55acc014eae3bfd1d03aaab546f5ca9f6b59b4bb8441c098afad8124c321a4)
            mstore(add(t, 3328), 0x213ad5712a36c7d7889f42388bb81a0372ecff678118171397df80424540156f)
            mstore(add(t, 5088), 0x5ee32a915a9efca4221888ccda8d4311018f5a50994172526c159662feb044eb)
            // 12 B
            mstore(add(t, 4064), 0x7cab767145301176c426fdb72b6aedee91d95fc866592d9242b7c1bada9eaa53)
            mstore(add(t, 3296), 0x43c557ef469e6eac22f66e97380d37c9c46f1eebec1a68d4f11ac021538f3a93)
            mstore(add(t, 5120), 0x5be3528a8e41e8637fe5ac4d7a4bb230fb366d11d1270c05f752ca6c3fca22a0)
            // 13 B
            mstore(add(t, 4096), 0x4133c4168bb01253ce8959195556acb4577e75e4cdbbb7b5a837809d993fdfc0)
            mstore(add(t, 3264), 0x51a7ebf761a37920a9bd07097d83dd03dfc259cd5ade6f6ddfb8611151003fad)
            mstore(add(t, 5152), 0x24bdd37ed504bc31d1779bfc48d3f299921bf358efc6ea38a9b0508cb99751bc)
            // 14 B
            mstore(add(t, 4128), 0x16f875162d9e406908972b78b77623d4e734d907edbe5198efedc5226a0b8940)
            mstore(add(t, 3232), 0x3757b05923268b180d23a6021440deeac013bfe02bf7d4c3937c38761f909ef9)
            mstore(add(t, 5184), 0x125fbf1e6c5d4e49ce0fefb81f658dd57811cbf6d154dfaa4b50e2c3bd0f0dc1)
            // 15 B
            mstore(add(t, 4160), 0x61dae6a10c682f5fba84180403d928c969c14dd2154c886b0205e6c32346677c)
            mstore(add(t, 3200), 0x30f1148bf896f39596dedefd60f96a68432461468c4e12369267660189e7f550)
            mstore(add(t, 5216), 0x288eb09085726c2101972d3ec9eb2138759c57a71b9fef772ecd3b17cde85a8b)
            // 16 B
            mstore(add(t, 4192), 0x667908762d4d4441f35af20c994468f3d3894265d3243c59bf6428e52a9f16f0)
            mstore(add(t, 3168), 0x0a1d8e7c55327f30ac3d1d21a1690584dce0cf99bae35fce1916825296c810fb)
            mstore(add(t, 5248), 0x50daa3519ba09370e853e9a5f50c04baafaa12c713849394cfc33e3ecb45654c)

            // multiples of A, each the one before plus A, and what the opposites need
            {
                let minus := add(y, sub(P, x))
                let plus := add(y, x)
                let X1 := x
                let Y1 := y
                let Z1 := 1
                let T1 := mulmod(x, y, P)
                let product := mulmod(T1, TWO_D, P)
                let offset := 32
                for { } 1 { } {
                    let up := add(add(t, 512), offset)
                    let down := sub(add(t, 512), offset)
                    let c := mulmod(T1, TWO_D, P)
                    mstore(up, add(Y1, sub(P, X1)))
                    mstore(down, add(Y1, X1))
                    mstore(add(up, 1056), add(Z1, Z1))
                    mstore(add(down, 1056), add(Z1, Z1))
                    mstore(add(up, 2112), c)
                    mstore(add(down, 2112), sub(P, c))
                    mstore(add(down, 4224), sub(P, mload(add(up, 4224))))
                    if eq(offset, 512) { break }
                    offset := add(offset, 32)
                    let a := mulmod(add(Y1, sub(P, X1)), minus, P)
                    let b := mulmod(add(Y1, X1), plus, P)
                    c := mulmod(T1, product, P)
                    let d := addmod(Z1, Z1, P)
                    let e := add(b, sub(P, a))
                    let f := add(d, sub(P, c))
                    let g := add(d, c)
                    b := add(b, a)
                    X1 := mulmod(e, f, P)
                    Y1 := mulmod(g, b, P)
                    T1 := mulmod(e, b, P)
                    Z1 := mulmod(f, g, P)
                }
            }

            // Digits leave at the top, five bits a round. The 255 bits of h and s stand one bit higher, and the free
            // bit below s is 1: when it has come to the top, all 51 digits are used.
            h := shl(1, add(h, SIGNED_DIGITS))
            s := or(shl(1, add(s, SIGNED_DIGITS)), 1)
            let mirror := add(add(t, t), 1024) // mirror - address: the entry of the opposite
            let T := 0
            for { } 1 { } {
                // + digit A
                {
                    let pa := add(t, and(shr(246, h), 0x3e0))
                    h := shl(5, h)
                    let a := mulmod(add(Y, sub(P, X)), mload(pa), P)
                    let b := mulmod(add(Y, X), mload(sub(mirror, pa)), P)
                    let c := mulmod(T, mload(add(pa, 2112)), P)
                    let d := mulmod(Z, mload(add(pa, 1056)), P)
                    let e := add(b, sub(P, a))
                    let f := add(d, sub(P, c))
                    let g := add(d, c)
                    b := add(b, a)
                    X := mulmod(e, f, P)
                    Y := mulmod(g, b, P)
                    T := mulmod(e, b, P)
                    Z := mulmod(f, g, P)
                }
                // + digit B; the doublings that follow need no T
                {
                    let pb := add(t, and(shr(246, s), 0x3e0))
                    s := shl(5, s)
                    let a := mulmod(add(Y, sub(P, X)), mload(add(pb, 3168)), P)
                    let b := mulmod(add(Y, X), mload(sub(add(mirror, 3168), pb)), P)
                    let c := mulmod(T, mload(add(pb, 4224)), P)
                    let e := add(b, sub(P, a))
                    let f := add(Z, sub(P, c))
                    let g := add(Z, c)
                    X := mulmod(f, e, P)
                    Y := mulmod(g, add(b, a), P)
                    Z := mulmod(f, g, P)
                }
                if iszero(shl(1, s)) { break }

                // Four doublings, each with the sign turned: without a subtraction they give -2 times the point. Four
                // turns are none.
                {
                    let e := mulmod(add(X, X), Y, P)
                    X := mulmod(X, X, P)
                    Y := mulmod(Y, Y, P)
                    let g := add(X, sub(P, Y))
                    Y := mulmod(g, add(X, Y), P)
                    Z := addmod(g, mulmod(add(Z, Z), Z, P), P)
                    X := mulmod(Z, e, P)
                    Z := mulmod(Z, g, P)
                }
                {
                    let e := mulmod(add(X, X), Y, P)
                    X := mulmod(X, X, P)
                    Y := mulmod(Y, Y, P)
                    let g := add(X, sub(P, Y))
                    Y := mulmod(g, add(X, Y), P)
                    Z := addmod(g, mulmod(add(Z, Z), Z, P), P)
                    X := mulmod(Z, e, P)
                    Z := mulmod(Z, g, P)
                }
                {
                    let e := mulmod(add(X, X), Y, P)
                    X := mulmod(X, X, P)
                    Y := mulmod(Y, Y, P)
                    let g := add(X, sub(P, Y))
                    Y := mulmod(g, add(X, Y), P)
                    Z := addmod(g, mulmod(add(Z, Z), Z, P), P)
                    X := mulmod(Z, e, P)
                    Z := mulmod(Z, g, P)
                }
                {
                    let e := mulmod(add(X, X), Y, P)
                    X := mulmod(X, X, P)
                    Y := mulmod(Y, Y, P)
                    let g := add(X, sub(P, Y))
                    Y := mulmod(g, add(X, Y), P)
                    Z := addmod(g, mulmod(add(Z, Z), Z, P), P)
                    X := mulmod(Z, e, P)
                    Z := mulmod(Z, g, P)
                }
                // the fifth turns nothing, and gives T for the additions
                {
                    let a := mulmod(X, X, P)
                    let b := mulmod(Y, Y, P)
                    let e := mulmod(sub(TWO_P, add(X, X)), Y, P)
                    let g := add(a, sub(P, b))
                    let f := addmod(g, mulmod(add(Z, Z), Z, P), P)
                    b := add(b, a)
                    X := mulmod(e, f, P)
                    Y := mulmod(g, b, P)
                    Z := mulmod(g, f, P)
                    T := mulmod(e, b, P)
                }
            }
        }
        uint256 inverse = _power(Z, P - 2); // Z is never 0: the formulas are complete
        X = mulmod(X, inverse, P);
        Y = mulmod(Y, inverse, P);
        return bytes32(_reverse(bytes32(Y | (X << 255)))); // of X the shift keeps the lowest bit
    }

    /// base^exponent modulo P, by the precompile 0x05 (EIP-198): about 4,200 gas at the prices of EIP-7883.
    /// Reverts when there is no answer: false would call a good signature bad, and let whoever sets the gas choose.
    function _power(uint256 base, uint256 exponent) private view returns (uint256 result) {
        bool answered;
        assembly ("memory-safe") {
            let input := mload(0x40)
            mstore(input, 32)
            mstore(add(input, 32), 32)
            mstore(add(input, 64), 32)
            mstore(add(input, 96), base)
            mstore(add(input, 128), exponent)
            mstore(add(input, 160), P)
            // Yul evaluates from the right: the call comes before the size of its answer
            answered := and(eq(returndatasize(), 32), staticcall(gas(), 5, input, 192, 0, 32))
            result := mload(0)
        }
        if (!answered) revert PowerUnavailable();
    }

    /// The number that 32 little-endian bytes stand for; also the way back.
    function _reverse(bytes32 word) private pure returns (uint256 value) {
        value = uint256(word);
        uint256 mask = 0x00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff;
        value = ((value >> 8) & mask) | ((value & mask) << 8);
        mask = 0x0000ffff0000ffff0000ffff0000ffff0000ffff0000ffff0000ffff0000ffff;
        value = ((value >> 16) & mask) | ((value & mask) << 16);
        mask = 0x00000000ffffffff00000000ffffffff00000000ffffffff00000000ffffffff;
        value = ((value >> 32) & mask) | ((value & mask) << 32);
        mask = 0x0000000000000000ffffffffffffffff0000000000000000ffffffffffffffff;
        value = ((value >> 64) & mask) | ((value & mask) << 64);
        value = (value >> 128) | (value << 128);
    }
}
