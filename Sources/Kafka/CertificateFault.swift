import Synchronization

internal import CLibrdkafka

/// Why a broker's certificate was refused: librdkafka's error only says that it was.
final class CertificateFaults: Sendable {
    private let reasons = Mutex<[String: String]>([:])

    /// Takes over OpenSSL's judgement of a broker's certificate.
    ///
    /// Runs on librdkafka's threads. Zero is no fault.
    func note(_ code: Int32, of broker: String) -> String {
        let reason = Self.reason(code)
        reasons.withLock { $0[broker] = reason }
        return reason
    }

    /// The error that names the broker, with the reason in place of librdkafka's guess.
    func explain(_ text: String) -> String {
        guard text.contains("certificate verify failed"), let start = text.firstRange(of: ": SSL handshake")
        else {
            return text
        }
        let broker = text[..<start.lowerBound]
        let reason = reasons.withLock { $0.first { broker.contains($0.key) }?.value }
        return reason.map { "\(broker): the broker's certificate is refused: \($0)" } ?? text
    }

    /// OpenSSL's codes: https://docs.openssl.org/3.0/man3/X509_STORE_CTX_get_error/.
    private static func reason(_ code: Int32) -> String {
        switch code {
        case 9: "it is not valid yet; check the clocks"
        case 10: "it has expired; renew it"
        case 18...21:
            "nobody who is trusted here has signed it; name the certificate of its authority in ssl.ca.location"
        case 62, 64:
            "it is for other host names; use one of them in bootstrap.servers and in the broker's "
                + "advertised.listeners"
        default: "X509 error \(code)"
        }
    }
}

/// Lets OpenSSL's judgement stand.
///
/// Runs on librdkafka's threads, inside the handshake.
func certificateCallback(
    _ client: OpaquePointer?,
    _ broker: UnsafePointer<CChar>?,
    _ brokerID: Int32,
    _ code: UnsafeMutablePointer<Int32>?,
    _ depth: Int32,
    _ certificate: UnsafePointer<CChar>?,
    _ size: Int,
    _ text: UnsafeMutablePointer<CChar>?,
    _ textSize: Int,
    _ opaque: UnsafeMutableRawPointer?
) -> Int32 {
    guard let code = code?.pointee else { return 0 }
    if code == 0 { return 1 }
    let name = broker.map { String(cString: $0) } ?? ""
    let reason = ClientContext.from(opaque)?.certificates.note(code, of: name) ?? ""
    if let text, textSize > 0 {
        // For librdkafka's own log.
        let bytes = reason.utf8.prefix(textSize - 1)
        for (index, byte) in bytes.enumerated() { text[index] = CChar(bitPattern: byte) }
        text[bytes.count] = 0
    }
    return 0
}
