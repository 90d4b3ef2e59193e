internal import COpenSSL

/// Signatures by Ed25519 (RFC 8032), with keys in PEM as `openssl genpkey -algorithm ed25519` writes them.
public enum Ed25519 {
    /// Bytes of a signature.
    public static let signatureBytes = 64

    /// Why a key cannot be used.
    public enum KeyError: Error, Hashable, Sendable {
        /// No key of the kind in PEM: something else, damaged, or protected by a passphrase.
        case unreadable
        /// A key of another algorithm.
        case otherAlgorithm
    }

    /// A key that signs.
    public struct PrivateKey: Sendable {
        private let key: Key
        /// The id of its public half: see `PublicKey.id`.
        public let id: String

        /// Reads the first private key of a PEM text: `PRIVATE KEY` (PKCS #8), without a passphrase.
        public init(pem: [UInt8]) throws(KeyError) {
            key = try Key(pem) { PEM_read_bio_PrivateKey($0, nil, { _, _, _, _ in 0 }, nil) }
            id = key.id
        }

        /// The signature over these bytes.
        public func signature(of bytes: [UInt8]) -> [UInt8] {
            let context = EVP_MD_CTX_new()
            defer { EVP_MD_CTX_free(context) }
            var signature = [UInt8](repeating: 0, count: signatureBytes)
            var count = signature.count
            let isSigned =
                EVP_DigestSignInit(context, nil, nil, nil, key.raw) == 1
                && EVP_DigestSign(context, &signature, &count, bytes, bytes.count) == 1
            precondition(
                isSigned && count == signatureBytes,
                "OpenSSL does not sign with a key that it has read"
            )
            return signature
        }
    }

    /// A key that tells whether a signature is genuine.
    public struct PublicKey: Sendable {
        private let key: Key
        /// SHA-256 of the key's SubjectPublicKeyInfo in DER, in lower-case hex:
        /// `openssl pkey -pubin -in F -outform der | sha256sum`.
        public let id: String

        /// Reads the first public key of a PEM text, `PUBLIC KEY`.
        public init(pem: [UInt8]) throws(KeyError) {
            key = try Key(pem) { PEM_read_bio_PUBKEY($0, nil, { _, _, _, _ in 0 }, nil) }
            id = key.id
        }

        /// Whether the private half of this key has signed exactly these bytes.
        public func verifies(_ signature: [UInt8], of bytes: [UInt8]) -> Bool {
            let context = EVP_MD_CTX_new()
            defer { EVP_MD_CTX_free(context) }
            return EVP_DigestVerifyInit(context, nil, nil, nil, key.raw) == 1
                && EVP_DigestVerify(context, signature, signature.count, bytes, bytes.count) == 1
        }
    }

    private final class Key: Sendable {
        // Never changed after it is read, and OpenSSL counts its users by itself.
        nonisolated(unsafe) let raw: OpaquePointer

        init(_ pem: [UInt8], _ read: (OpaquePointer?) -> OpaquePointer?) throws(KeyError) {
            let bytes = BIO_new_mem_buf(pem, Int32(clamping: pem.count))
            defer { BIO_free(bytes) }
            guard let found = read(bytes) else { throw .unreadable }
            guard EVP_PKEY_is_a(found, "ED25519") == 1 else {
                EVP_PKEY_free(found)
                throw .otherAlgorithm
            }
            raw = found
        }

        deinit { EVP_PKEY_free(raw) }

        var id: String {
            var der: UnsafeMutablePointer<UInt8>?
            let count = i2d_PUBKEY(raw, &der)
            defer { CRYPTO_free(der, nil, 0) }
            return SHA256.hex(of: UnsafeRawBufferPointer(start: der, count: Int(max(0, count))))
        }
    }
}
