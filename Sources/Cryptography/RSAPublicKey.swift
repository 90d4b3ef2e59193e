internal import COpenSSL

/// An RSA key that verifies RSASSA-PKCS1-v1_5 signatures over SHA-256 (RFC 8017, section 8.2), by OpenSSL's libcrypto.
///
/// `@unchecked Sendable`: after the beginning the key is only read, which OpenSSL allows on several threads.
public final class RSAPublicKey: @unchecked Sendable {
    private let key: OpaquePointer
    /// MD5 of the bytes that the key was made from, and of its PKCS #1 form where that differs; lower-case hexadecimal.
    public let fingerprints: [String]

    /// A key from DER, all of it: a PKCS #1 `RSAPublicKey`, or a `SubjectPublicKeyInfo` (RFC 5280) with one.
    ///
    /// Nil for anything else.
    public init?(der: [UInt8]) {
        guard
            let key = Self.parse(der, { d2i_PublicKey(EVP_PKEY_RSA, nil, $0, $1) })
                ?? Self.parse(der, { d2i_PUBKEY(nil, $0, $1) })
        else { return nil }
        guard EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA else {
            EVP_PKEY_free(key)
            return nil
        }
        self.key = key
        var names = [Self.md5(der)].compactMap(\.self)
        var pkcs1: UnsafeMutablePointer<UInt8>?
        let count = i2d_PublicKey(key, &pkcs1)
        if count > 0, let pkcs1 {
            let name = Self.md5(Array(UnsafeBufferPointer(start: pkcs1, count: Int(count))))
            if let name, !names.contains(name) { names.append(name) }
        }
        CRYPTO_free(pkcs1, nil, 0)
        fingerprints = names
    }

    deinit { EVP_PKEY_free(key) }

    private static func parse(
        _ der: [UInt8],
        _ read: (UnsafeMutablePointer<UnsafePointer<UInt8>?>, Int) -> OpaquePointer?
    ) -> OpaquePointer? {
        der.withUnsafeBufferPointer { bytes in
            var at = bytes.baseAddress
            guard let key = read(&at, bytes.count) else {
                ERR_clear_error()
                return nil
            }
            guard let at, let start = bytes.baseAddress, at == start + bytes.count else {
                EVP_PKEY_free(key)
                return nil
            }
            return key
        }
    }

    /// Nil where the machine's policy has no MD5.
    private static func md5(_ bytes: [UInt8]) -> String? {
        var digest = [UInt8](repeating: 0, count: 16)
        guard EVP_Digest(bytes, bytes.count, &digest, nil, EVP_md5(), nil) == 1 else { return nil }
        return Hexadecimal.text(digest)
    }

    /// Whether a signature of these bytes was made with the private key.
    public func verifies(_ signature: [UInt8], of bytes: [UInt8]) -> Bool {
        guard let context = EVP_MD_CTX_new() else { return false }
        defer {
            EVP_MD_CTX_free(context)
            ERR_clear_error()
        }
        return EVP_DigestVerifyInit(context, nil, EVP_sha256(), nil, key) == 1
            && EVP_DigestVerify(context, signature, signature.count, bytes, bytes.count) == 1
    }
}
