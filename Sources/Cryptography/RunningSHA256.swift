internal import COpenSSL

extension SHA256 {
    /// SHA-256 of bytes that come piece by piece.
    ///
    /// One thread owns it.
    public final class Running {
        private let context = EVP_MD_CTX_new()

        /// Of no bytes yet.
        public init() { EVP_DigestInit_ex(context, SHA256.algorithm, nil) }

        deinit { EVP_MD_CTX_free(context) }

        /// Takes the next bytes.
        public func take(_ bytes: UnsafeRawBufferPointer) {
            EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
        }

        /// The digest of all bytes taken; nothing may be taken afterwards.
        public func finish() -> SHA256Digest {
            withUnsafeTemporaryAllocation(byteCount: SHA256.count, alignment: 8) { digest in
                EVP_DigestFinal_ex(context, digest.baseAddress, nil)
                return SHA256Digest(UnsafeRawBufferPointer(digest))
            }
        }
    }
}
