internal import COpenSSL

/// SHA-256 (FIPS 180-4) by OpenSSL's libcrypto.
public enum SHA256 {
    // Fetched once, for fetching takes longer than hashing a line. Unsafe, because OpenSSL's pointers are untyped; an
    // algorithm does not change, and this one is never freed.
    nonisolated(unsafe) static let algorithm = EVP_MD_fetch(nil, "SHA256", nil) ?? EVP_sha256()

    /// SHA-256 of a text's UTF-8, as 64 lower-case hexadecimal digits.
    public static func hex(of text: String) -> String {
        var text = text
        return text.withUTF8 { hex(of: UnsafeRawBufferPointer($0)) }
    }

    /// SHA-256 of texts with a newline between them, as 64 lower-case hexadecimal digits.
    public static func hex(ofLines lines: [String]) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(256)
        for line in lines {
            bytes.append(contentsOf: line.utf8)
            bytes.append(0x0A)
        }
        return bytes.withUnsafeBytes { hex(of: UnsafeRawBufferPointer(rebasing: $0.dropLast())) }
    }

    /// SHA-256 of bytes, as 64 lower-case hexadecimal digits.
    public static func hex(of bytes: UnsafeRawBufferPointer) -> String {
        String(unsafeUninitializedCapacity: 2 * count) { digits in
            // The digest lies in the second half, where each byte is read before digits come to stand there.
            let digest = UnsafeMutableBufferPointer(rebasing: digits[count..<2 * count])
            EVP_Digest(bytes.baseAddress, bytes.count, digest.baseAddress, nil, algorithm, nil)
            for index in 0..<count {
                let byte = digest[index]
                digits[2 * index] = hexDigit(byte >> 4)
                digits[2 * index + 1] = hexDigit(byte & 0xF)
            }
            return 2 * count
        }
    }

    /// SHA-256 of bytes.
    public static func digest(of bytes: UnsafeRawBufferPointer) -> SHA256Digest {
        withUnsafeTemporaryAllocation(byteCount: count, alignment: 8) { digest in
            EVP_Digest(bytes.baseAddress, bytes.count, digest.baseAddress, nil, algorithm, nil)
            return SHA256Digest(UnsafeRawBufferPointer(digest))
        }
    }

    /// Bytes of a digest.
    static let count = 32

    private static func hexDigit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x61 + value - 10 }
}
