internal import COpenSSL

/// SHA-256 (FIPS 180-4) by OpenSSL's libcrypto.
public enum SHA256 {
    // Fetched once, for fetching takes longer than hashing a line. Unsafe, because OpenSSL's pointers are untyped; an
    // algorithm does not change, and this one is never freed.
    nonisolated(unsafe) private static let algorithm = EVP_MD_fetch(nil, "SHA256", nil) ?? EVP_sha256()

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
        var digest = [UInt8](repeating: 0, count: 32)
        EVP_Digest(bytes.baseAddress, bytes.count, &digest, nil, algorithm, nil)
        return hex(digest)
    }

    private static func hex(_ bytes: [UInt8]) -> String {
        String(unsafeUninitializedCapacity: bytes.count * 2) { buffer in
            for (index, byte) in bytes.enumerated() {
                buffer[2 * index] = hexDigit(byte >> 4)
                buffer[2 * index + 1] = hexDigit(byte & 0xF)
            }
            return bytes.count * 2
        }
    }

    private static func hexDigit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x61 + value - 10 }
}
